/* scope.c: sets of scopes: what is asked, and what may be had. */
#include "scope.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "oerr.h"
#include "req.h"
#include "store_client.h"
#include "store_consent.h"
#include "store_token.h"
#include "store_user.h"
#include "tmpl.h"
#include "words.h"

uint64_t
scope_parse(const struct conf *cf, const char *words, int *unknown)
{
	uint64_t set = 0;
	size_t i, n;

	for (; words_next(&words, &n); words += n) {
		if (n == 1 && *words == '*') {
			set |= SCOPE_STAR;
			continue;
		}
		for (i = 0; i < cf->n_scopes; i++)
			if (strlen(cf->scopes[i].name) == n &&
			    memcmp(cf->scopes[i].name, words, n) == 0)
				break;
		if (i < cf->n_scopes)
			set |= UINT64_C(1) << i;
		else if (unknown != NULL)
			*unknown = 1;
	}
	return set;
}

char *
scope_format(const struct conf *cf, struct arena *a, uint64_t set)
{
	struct buf b;

	buf_init(&b, a, 64);
	for (size_t i = 0; i < cf->n_scopes; i++)
		if (set & UINT64_C(1) << i) {
			if (b.len > 0)
				buf_char(&b, ' ');
			buf_str(&b, cf->scopes[i].name);
		}
	return b.data;
}

static uint64_t
every(const struct conf *cf, int privileged_too)
{
	uint64_t set = 0;

	for (size_t i = 0; i < cf->n_scopes; i++)
		if (privileged_too || !cf->scopes[i].privileged)
			set |= UINT64_C(1) << i;
	return set;
}

/* A limit as it is stored: words, among them perhaps '*'. */
static uint64_t
limit(const struct conf *cf, const char *words)
{
	uint64_t set = scope_parse(cf, words, NULL);

	return set & SCOPE_STAR ? SCOPE_STAR | every(cf, 1) : set;
}

static uint64_t
limit_of_client(const struct conf *cf, const char *words)
{
	return words == NULL ? every(cf, 0) : limit(cf, words);
}

/* A user's limit is about APIs: everybody may sign in, and be told about. */
static uint64_t
limit_of_user(const struct conf *cf, const char *words)
{
	if (words == NULL)
		words = cf->user_scopes;
	return words == NULL ? every(cf, 0)
			     : limit(cf, words) | cf->all_built_in;
}

uint64_t
scope_of_client(const struct conf *cf, const struct client *cl)
{
	return limit_of_client(cf, cl->scope);
}

uint64_t
scope_of_user(const struct conf *cf, const struct user *u)
{
	return limit_of_user(cf, u->scope);
}

const char *
scope_of_token(
    const struct conf *cf, struct arena *a, const struct access *t)
{
	uint64_t may;
	int unknown = 0;
	const uint64_t had = scope_parse(cf, t->scope, &unknown);

	if (*t->scope == '\0')
		return t->scope;
	may = limit_of_client(cf, t->client_scope);
	if (t->user != 0)
		may &= limit_of_user(cf, t->user_scope);
	return (had & ~may) == 0 && !unknown ? t->scope
					     : scope_format(cf, a, had & may);
}

/* No scope asked: what the setting says, as far as it may be had. */
static uint64_t
by_default(const struct conf *cf, uint64_t may)
{
	return scope_parse(cf, cf->default_scopes, NULL) & may & ~SCOPE_STAR;
}

const struct oerr *
scope_offer(struct req *rq, const struct client *cl, const char *asked,
    uint64_t *out)
{
	const uint64_t may = scope_of_client(rq->conf, cl);
	uint64_t set;
	int unknown = 0;

	if (asked == NULL) {
		*out = by_default(rq->conf, may);
		return NULL;
	}
	set = scope_parse(rq->conf, asked, &unknown);
	/* OpenID Connect Core section 3.1.2.1: what is not understood is ignored. */
	if (set & rq->conf->built_in[SCOPE_OPENID]) {
		unknown = 0;
		set &= ~SCOPE_STAR;
	}
	if (unknown || set & SCOPE_STAR)
		return oerr_why(rq, &oerr_invalid_scope,
		    "unknown scope in %s", oerr_shown(rq->a, asked));
	*out = set & may;
	return set == 0 || *out != 0
	    ? NULL
	    : oerr_why(rq, &oerr_invalid_scope,
		  "no scope that the client may have in %s; it may have %s",
		  oerr_shown(rq->a, asked), scope_format(rq->conf, rq->a, may));
}

const struct oerr *
scope_grant(struct req *rq, const struct client *cl, const struct user *u,
    const char *asked, uint64_t *out)
{
	uint64_t client = scope_of_client(rq->conf, cl), set;
	uint64_t user = u == NULL ? ~(SCOPE_STAR | rq->conf->all_built_in)
				  : scope_of_user(rq->conf, u);
	int unknown = 0;

	if (asked == NULL) {
		*out = by_default(rq->conf, client & user);
		return NULL;
	}
	set = scope_parse(rq->conf, asked, &unknown);
	if (unknown)
		return oerr_why(rq, &oerr_invalid_scope, "unknown scope");
	if (set & ~client)
		return oerr_why(rq, &oerr_invalid_scope,
		    "a scope that the client may not have");
	if (set & SCOPE_STAR) /* who signs in is asked for by name */
		set |= client & ~rq->conf->all_built_in;
	if (set != 0 && (set & user & ~SCOPE_STAR) == 0)
		return oerr_why(rq, &oerr_invalid_scope,
		    "no scope that the user may have");
	*out = set & user & ~SCOPE_STAR;
	return NULL;
}

int
scope_consent(struct req *rq, int64_t user, int64_t client,
    const char *resource, uint64_t scope)
{
	struct consent c = {
		.client = client, .resource = resource, .granted_at = rq->now
	};
	const char *before = NULL;
	int found;

	found = store_consent_find(
	    rq->st, rq->a, user, client, resource, &before);
	if (found < 0)
		return -1;
	if (found == 1)
		scope |= scope_parse(rq->conf, before, NULL);
	c.scope = scope_format(rq->conf, rq->a, scope);
	return store_consent_put(rq->st, user, &c);
}

int
scope_is_privileged(const struct conf *cf, uint64_t set)
{
	for (size_t i = 0; i < cf->n_scopes; i++)
		if (set & UINT64_C(1) << i && cf->scopes[i].privileged)
			return 1;
	return 0;
}

void
scope_show_as(const struct conf *cf, uint64_t set, struct tmpl_data *d,
    const char *list)
{
	struct tmpl_data *item;

	for (size_t i = 0; i < cf->n_scopes; i++) {
		if (!(set & UINT64_C(1) << i))
			continue;
		item = tmpl_push(d, list);
		tmpl_set(item, "name", cf->scopes[i].name);
		tmpl_set(item, "description", cf->scopes[i].description);
		tmpl_set(item, "privileged",
		    cf->scopes[i].privileged ? "1" : NULL);
	}
}

void
scope_show(const struct conf *cf, uint64_t set, struct tmpl_data *d)
{
	scope_show_as(cf, set, d, "scopes");
}
