/* registration.c: what a client may be. */
#include "registration.h"

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "grant.h"
#include "key.h"
#include "redirect.h"
#include "scope.h"
#include "store_client.h"
#include "utf8.h"
#include "words.h"

static int
is_word(const char *name, const char *w, size_t len)
{
	return name != NULL && strlen(name) == len && memcmp(name, w, len) == 0;
}

/* The grant of that name or short name, or NULL. */
static const struct grant *
find_grant(const char *w, size_t len)
{
	size_t n;
	const struct grant *const *g = grant_table(&n);

	for (size_t i = 0; i < n; i++)
		if (is_word(g[i]->name, w, len) ||
		    is_word(g[i]->short_name, w, len))
			return g[i];
	return NULL;
}

/* A client that gets a user's tokens may refresh them: without that a sign-in
 * would end with the first access token. */
const char *
registration_grants(struct arena *a, const char *text, const char **out)
{
	char *list = arena_str(a, text);
	const struct grant *g;
	const char *w;
	int for_user = 0;
	struct buf b;
	size_t n;

	for (char *p = list; *p != '\0'; p++)
		if (*p == ',')
			*p = ' ';
	buf_init(&b, a, 256);
	for (w = list; words_next(&w, &n); w += n) {
		if (b.len > 0)
			buf_char(&b, ' ');
		if ((g = find_grant(w, n)) != NULL)
			buf_str(&b, g->name);
		else if (is_word(RIGHT_INTROSPECT, w, n))
			buf_str(&b, RIGHT_INTROSPECT);
		else
			return arena_printf(a, "%.*s is no grant: there are"
			    " password, client_credentials, authorization_code,"
			    " device_code and refresh_token (and the right"
			    " introspect)", (int)n, w);
		for_user |= g != NULL && g->for_user;
	}
	if (b.len == 0)
		return "no grant given";
	if (for_user && !words_have(b.data, GRANT_REFRESH))
		buf_str(&b, " " GRANT_REFRESH);
	*out = b.data;
	return NULL;
}

static const char *
check_name(
    const struct conf *cf, struct arena *a, const struct client *cl, int pub)
{
	(void)cf;
	(void)a;
	(void)pub;
	return utf8_is_line(cl->name) && *cl->name != '\0'
	    ? NULL
	    : "a client's name is a line of UTF-8 without control characters";
}

static const char *
check_scope(
    const struct conf *cf, struct arena *a, const struct client *cl, int pub)
{
	int unknown = 0;

	(void)pub;
	if (cl->scope != NULL)
		scope_parse(cf, cl->scope, &unknown);
	return unknown ? arena_printf(a, "\"%s\" names a scope that [scopes] in"
			     " the configuration does not", cl->scope)
		       : NULL;
}

static const char *
check_alg(
    const struct conf *cf, struct arena *a, const struct client *cl, int pub)
{
	(void)cf;
	(void)pub;
	return cl->alg == NULL || alg_find(cl->alg) >= 0
	    ? NULL
	    : arena_printf(a, "%s is no algorithm: there are ES256, RS256,"
		  " PS256 and EdDSA", cl->alg);
}

/* RFC 6749 section 2.1: a public client cannot keep a secret. */
static const char *
check_secret(
    const struct conf *cf, struct arena *a, const struct client *cl, int pub)
{
	(void)cf;
	(void)a;
	return pub && (words_have(cl->grants, GRANT_CLIENT_CREDENTIALS) ||
			  words_have(cl->grants, GRANT_PASSWORD))
	    ? "a public client keeps no secret: not for password or"
	      " client_credentials"
	    : NULL;
}

/* RFC 9700 section 2.2.2: of a public client it rotates, or is bound to a key. */
static const char *
check_refresh(
    const struct conf *cf, struct arena *a, const struct client *cl, int pub)
{
	(void)cf;
	(void)a;
	return cl->refresh_keep && pub
	    ? "a public client's refresh tokens rotate: keep is for those that"
	      " have a secret"
	    : NULL;
}

static const char *
check_uris(
    const struct conf *cf, struct arena *a, const struct client *cl, int pub)
{
	const char *w = cl->redirect_uris, *uri;
	size_t n;

	(void)cf;
	(void)pub;
	if (words_have(cl->grants, GRANT_CODE) &&
	    !words_next(&w, &n))
		return "authorization_code needs --redirect-uri";
	for (w = cl->redirect_uris; words_next(&w, &n); w += n) {
		uri = arena_dup(a, w, n);
		if (!redirect_is_sound(uri))
			return arena_printf(a, "%s is no redirect URI: https,"
			    " http on 127.0.0.1, [::1] or localhost, or an"
			    " app's own scheme with a dot; no fragment", uri);
	}
	return NULL;
}

const char *
registration_check(const struct conf *cf, struct arena *a,
    const struct client *cl, int is_public)
{
	static const char *(*const rules[])(const struct conf *,
	    struct arena *, const struct client *, int) = {
		check_name, check_scope, check_alg, check_secret,
		check_refresh, check_uris,
	};
	const char *why = NULL;

	for (size_t i = 0; why == NULL && i < sizeof(rules) / sizeof(*rules);
	     i++)
		why = rules[i](cf, a, cl, is_public);
	return why;
}
