/* remember.c: may a web server remember that a request was let through? */
#include "remember.h"

#include <string.h>
#include <strings.h>

#include "arena.h"
#include "conf.h"
#include "req.h"
#include "resp.h"
#include "rule.h"
#include "store_changes.h"

/*
 * Of a proof of possession each one counts once (RFC 9449 section 11.1).  A module
 * does not know the header that the setting auth_header names.
 */
static int
must_be_seen(const struct req *rq)
{
	const char *auth = req_var(rq, "HTTP_AUTHORIZATION");

	return rq->conf->auth_header != NULL ||
	    req_var(rq, "HTTP_DPOP") != NULL ||
	    (auth != NULL && strncasecmp(auth, "Bearer ", 7) != 0);
}

/* The bytes of the target that lead to the rule and to no other one; 0: none. */
static size_t
reach_of(const struct req *rq, const struct rule *ru)
{
	const char *target = req_var(rq, "REQUEST_URI");
	const size_t n = strlen(ru->prefix) == 1 ? 0 : strlen(ru->prefix);

	return rule_is_last(rq->conf->rules, ru) && strlen(target) > n &&
		target[n] == '/'
	    ? n + 1
	    : 0;
}

void
remember_give(struct req *rq)
{
	const char *has = req_var(rq, "CARNET_REMEMBERS");
	struct store_changes ch;
	int *fd;

	if (has == NULL || rq->st == NULL || !store_changes(rq->st, &ch))
		return;
	rq->has_count = strcmp(has, arena_printf(rq->a, "%llx.%llx",
	    (unsigned long long)ch.device, (unsigned long long)ch.number)) == 0;
	if (rq->has_count)
		return;
	fd = arena_alloc(rq->a, sizeof(*fd));
	*fd = ch.fd;
	rq->along = fd;
}

void
remember_offer(struct req *rq, const struct rule *ru)
{
	if (rq->has_count && !must_be_seen(rq))
		resp_header(rq, "Remember", "%zu", reach_of(rq, ru));
}
