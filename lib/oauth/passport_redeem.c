/* passport_redeem.c: a refresh token of Passport's is shown at the token endpoint. */
#include "passport_redeem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "conf.h"
#include "oerr.h"
#include "passport_id.h"
#include "passport_key.h"
#include "req.h"
#include "scope.h"
#include "store_client.h"
#include "store_granted.h"
#include "store_passport.h"
#include "store_token.h"
#include "store_user.h"
#include "throttle.h"
#include "words.h"

static const struct oerr *
unknown(struct req *rq)
{
	return oerr_why(rq, &oerr_invalid_grant,
	    "a refresh token of Passport that did not come along");
}

/* Who has no key of the application cannot make such a text: each failure counts. */
static const struct oerr *
open_text(struct req *rq, const struct client *cl, const char *text,
    struct passport_refresh_text *out)
{
	struct passport_key k;
	const struct oerr *e;
	const char *why;
	struct attempt at;

	if (passport_key_read(rq->conf->keys, &k) != 1)
		return oerr_why(rq, &oerr_invalid_grant,
		    "a refresh token of Passport, and no passport.key");
	e = throttle_client(rq, arena_printf(rq->a, "passport %s",
		cl->client_id), &at);
	if (e == NULL) {
		if ((why = passport_open(rq->a, &k, text, out)) != NULL)
			e = oerr_why(rq, &oerr_invalid_grant, "%s", why);
		e = throttle_end(rq, &at, e);
	}
	explicit_bzero(&k, sizeof(k));
	return e;
}

/* A token whose access token Passport had deleted, and what its text says. */
struct adoption {
	struct passport_refresh row;
	struct granted granted;
};

static int
adopt(struct store *st, void *ctx)
{
	const struct adoption *ad = ctx;

	return store_passport_adopt(st, &ad->row, &ad->granted);
}

/* 1, 0, -1. */
static int
find_user(struct req *rq, const char *id, int64_t *out)
{
	struct user u;
	int found;

	if (id == NULL)
		return 0;
	found = id[strspn(id, "0123456789")] == '\0' && strlen(id) < 18
	    ? store_user_by_id(rq->st, rq->a, strtoll(id, NULL, 10), &u)
	    : store_user_by_subject(rq->st, rq->a, id, &u);
	if (found == 1)
		*out = u.id;
	return found;
}

/* What the text calls its scopes, as carnet import passport was told to map them. */
static int
find_scope(struct req *rq, const char *words, const char **out)
{
	const char *map, *name;
	size_t n, len;
	uint64_t set = 0;

	if (store_passport_map_find(rq->st, rq->a, &map) < 0)
		return -1;
	for (; words_next(&words, &n); words += n) {
		len = n;
		name = passport_map_scope(map, words, &len);
		set |= scope_parse(rq->conf, arena_dup(rq->a, name, len), NULL);
	}
	*out = scope_format(
	    rq->conf, rq->a, set & SCOPE_STAR ? UINT64_MAX : set);
	return 0;
}

static const struct oerr *
store_now(struct req *rq, const struct client *cl, const struct digest *d,
    const struct passport_refresh_text *r)
{
	struct adoption ad = { .granted = { .client = cl->id } };
	int n;

	if ((n = store_passport_find(rq->st, d, &ad.row)) == 1)
		n = find_user(rq, r->user_id, &ad.granted.user);
	if (n == 0)
		return unknown(rq);
	if (n < 0 || find_scope(rq, r->scope, &ad.granted.scope) < 0)
		return oerr_machine(rq);
	id_make(rq->now, &ad.granted.family);
	if ((n = store_write(rq->st, adopt, &ad)) < 0)
		return oerr_machine(rq);
	return NULL; /* 0: another request was first, or it is revoked */
}

const struct oerr *
passport_redeem(struct req *rq, const struct client *cl, const char *text,
    struct digest *d, struct refresh_token *out)
{
	struct passport_refresh_text r;
	const struct oerr *e;
	int found;

	if ((e = open_text(rq, cl, text, &r)) != NULL)
		return e;
	if (strcmp(r.client_id, cl->client_id) != 0)
		return oerr_why(rq, &oerr_invalid_grant,
		    "a refresh token of Passport, of another client");
	if (r.expires_at <= rq->now)
		return oerr_why(rq, &oerr_invalid_grant,
		    "an expired refresh token of Passport");
	passport_refresh(r.id, d);
	found = store_refresh_find(rq->st, rq->a, d, out);
	if (found == 0) {
		if ((e = store_now(rq, cl, d, &r)) != NULL)
			return e;
		found = store_refresh_find(rq->st, rq->a, d, out);
	}
	if (found < 0)
		return oerr_machine(rq);
	return found == 1 ? NULL : unknown(rq);
}
