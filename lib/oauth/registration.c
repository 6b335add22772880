/* registration.c: what a client may be: made, and changed. */
#include "registration.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "cert.h"
#include "client.h"
#include "conf.h"
#include "fetch.h"
#include "grant.h"
#include "jwk_set.h"
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

/*
 * The grants of text as they are stored.  A client that gets a user's tokens may
 * refresh them: without that a sign-in would end with the first access token.
 */
static const char *
take_grants(struct arena *a, const char *text, const char **out)
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
check_name(const struct conf *cf, struct arena *a, const struct client *cl)
{
	(void)cf;
	(void)a;
	return utf8_is_line(cl->name) && *cl->name != '\0'
	    ? NULL
	    : "a client's name is a line of UTF-8 without control characters";
}

static const char *
check_scope(const struct conf *cf, struct arena *a, const struct client *cl)
{
	int unknown = 0;

	if (cl->scope != NULL)
		scope_parse(cf, cl->scope, &unknown);
	return unknown ? arena_printf(a, "\"%s\" names a scope that [scopes] in"
			     " the configuration does not", cl->scope)
		       : NULL;
}

static const char *
check_alg(const struct conf *cf, struct arena *a, const struct client *cl)
{
	const char *const names[] = { cl->alg, cl->id_token_alg,
		cl->userinfo_alg };

	(void)cf;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i] != NULL && alg_find(names[i]) < 0)
			return arena_printf(a, "%s is no algorithm: there are"
			    " ES256, RS256, PS256 and EdDSA", names[i]);
	return NULL;
}

/* RFC 6749 section 2.1: a public client cannot keep a secret. */
static const char *
check_secret(const struct conf *cf, struct arena *a, const struct client *cl)
{
	(void)cf;
	(void)a;
	return client_is_public(cl) &&
		(words_have(cl->grants, GRANT_CLIENT_CREDENTIALS) ||
		    words_have(cl->grants, GRANT_PASSWORD))
	    ? "a public client keeps no secret: not for password or"
	      " client_credentials"
	    : NULL;
}

/* RFC 9700 section 2.2.2: of a public client it rotates, or is bound to a key. */
static const char *
check_refresh(const struct conf *cf, struct arena *a, const struct client *cl)
{
	(void)cf;
	(void)a;
	return cl->refresh_keep && client_is_public(cl)
	    ? "a public client's refresh tokens rotate: keep is for those that"
	      " have a secret"
	    : NULL;
}

/* RFC 9700 section 2.1.1: without a secret only PKCE shows whose the code is. */
static const char *
check_pkce(const struct conf *cf, struct arena *a, const struct client *cl)
{
	(void)cf;
	(void)a;
	return cl->pkce_optional && client_is_public(cl)
	    ? "a public client always uses PKCE: optional is for those that have"
	      " a secret"
	    : NULL;
}

/*
 * RFC 8252 section 8.6: another program on the user's machine can have a loopback
 * URI or an app's scheme.  So without a secret the redirect URIs must be https: the
 * code then goes to the client's own server, whoever asked.
 */
static const char *
check_trust(const struct conf *cf, struct arena *a, const struct client *cl)
{
	const char *w = cl->redirect_uris;
	size_t n;

	(void)cf;
	(void)a;
	if (!cl->is_trusted || !client_is_public(cl))
		return NULL;
	for (; words_next(&w, &n); w += n)
		if (strncmp(w, "https://", 8) != 0)
			return "a trusted client without a secret has only https"
			       " redirect URIs: another program could be at the"
			       " others";
	return NULL;
}

static const char *
check_uris(const struct conf *cf, struct arena *a, const struct client *cl)
{
	const char *w = cl->redirect_uris;
	size_t n;

	(void)cf;
	return words_have(cl->grants, GRANT_CODE) && !words_next(&w, &n)
	    ? "authorization_code needs a redirect URI"
	    : redirect_refused(a, cl->redirect_uris);
}

/* OpenID Connect RP-Initiated Logout section 3.1: as redirect URIs are. */
static const char *
check_post_logout(
    const struct conf *cf, struct arena *a, const struct client *cl)
{
	const char *uri = redirect_find_unsound(a, cl->post_logout_uris);

	(void)cf;
	return uri == NULL ? NULL
			   : arena_printf(a, "%s is no URI for after a sign-out:"
				 " the rules are those of redirect URIs", uri);
}

/* OpenID Connect Back-Channel Logout section 2.2; the courier speaks https alone. */
static const char *
check_backchannel(
    const struct conf *cf, struct arena *a, const struct client *cl)
{
	const char *uri = cl->backchannel_logout_uri;

	(void)cf;
	return uri == NULL || (strncmp(uri, "https://", 8) == 0 &&
		redirect_is_sound(uri))
	    ? NULL
	    : arena_printf(
		  a, "%s is no https URI that a logout token is sent to", uri);
}

/* OpenID Connect Core section 8.1. */
static const char *
take_sector(struct arena *a, const struct registration *r, struct client *cl)
{
	const char *w = cl->redirect_uris, *host;
	size_t n;

	if (r->sector != NULL) {
		cl->sector = r->sector;
		return strpbrk(r->sector, "/ :") == NULL && *r->sector != '\0'
		    ? NULL
		    : "a sector is the name of a host";
	}
	if (r->sector_uri != NULL) {
		cl->sector = r->sector_uri;
		return NULL;
	}
	if (!r->is_pairwise || cl->sector != NULL)
		return NULL;
	for (; words_next(&w, &n); w += n) {
		host = redirect_host(a, arena_dup(a, w, n));
		host = *host == '[' ? host
				    : arena_dup(a, host, strcspn(host, ":"));
		if (cl->sector != NULL && strcmp(cl->sector, host) != 0)
			return "the redirect URIs are on several hosts: say by"
			       " --sector which one counts";
		cl->sector = host;
	}
	return cl->sector != NULL
	    ? NULL
	    : "pairwise needs a redirect URI, or --sector";
}

/* Keys that were read at its jwks_uri are not the client's own words: fetch.c. */
static const char *
check_keys(const struct conf *cf, struct arena *a, const struct client *cl)
{
	(void)cf;
	if (cl->jwks_uri != NULL)
		return fetch_url_is_sound(cl->jwks_uri)
		    ? NULL
		    : arena_printf(a, "%s is no address of keys: https, without"
			  " user and fragment", cl->jwks_uri);
	return cl->jwks == NULL ? NULL : jwk_set_refused(a, cl->jwks, 1);
}

/* RFC 8705 section 2: a name and who may give it, or keys that have the certificate. */
static const char *
check_tls(const struct conf *cf, struct arena *a, const struct client *cl)
{
	const char *name, *why;

	(void)cf;
	if (cl->tls == NULL)
		return cl->tls_ca == NULL
		    ? NULL
		    : "issuers are for a client with a name in its certificate";
	if (strcmp(cl->tls, TLS_SELF) == 0)
		return client_has_keys(cl) && cl->tls_ca == NULL
		    ? NULL
		    : "a certificate that nobody issued is in the client's keys"
		      " (x5c): it needs jwks or jwks_uri, and no issuers";
	if ((why = cert_name_read(a, cl->tls, &name)) != NULL)
		return why;
	return cl->tls_ca == NULL
	    ? "a name counts only with the certificates of those who issue it"
	    : cert_ca_refused(cl->tls_ca);
}

static const char *
check_bound(const struct conf *cf, struct arena *a, const struct client *cl)
{
	(void)cf;
	(void)a;
	return cl->bound == NULL || strcmp(cl->bound, BOUND_KEY) == 0 ||
		strcmp(cl->bound, BOUND_CERT) == 0
	    ? NULL
	    : "tokens are bound to a key or to a certificate";
}

static const char *
check(const struct conf *cf, struct arena *a, const struct client *cl)
{
	static const char *(*const rules[])(const struct conf *,
	    struct arena *, const struct client *) = {
		check_name, check_scope, check_alg, check_secret,
		check_refresh, check_pkce, check_trust, check_uris,
		check_post_logout, check_backchannel, check_keys, check_tls,
		check_bound,
	};
	const char *why = NULL;

	for (size_t i = 0; why == NULL && i < sizeof(rules) / sizeof(*rules);
	     i++)
		why = rules[i](cf, a, cl);
	return why;
}

/* One of two words: *is becomes 1 if it is yes, 0 if it is no; NULL: no change. */
static const char *
take_choice(const char *text, const char *yes, const char *no, int *is,
    const char *why)
{
	if (text == NULL)
		return NULL;
	*is = strcmp(text, yes) == 0;
	return *is || strcmp(text, no) == 0 ? NULL : why;
}

static const char *
take_choices(const struct registration *r, struct client *cl)
{
	const char *why = take_choice(r->refresh, "keep", "rotate",
	    &cl->refresh_keep,
	    "a client's refresh tokens are to keep or rotate");

	return why != NULL ? why
			   : take_choice(r->pkce, "optional", "required",
				 &cl->pkce_optional,
				 "a client's PKCE is required or optional");
}

static void
take_plain(const struct registration *r, struct client *cl)
{
	if (r->name != NULL)
		cl->name = r->name;
	if (r->redirect_uris != NULL)
		cl->redirect_uris = r->redirect_uris;
	if (r->scope != NULL)
		cl->scope = r->scope;
	if (r->alg != NULL)
		cl->alg = r->alg;
	if (r->access_ttl != 0)
		cl->access_ttl = r->access_ttl;
	if (r->refresh_ttl != 0)
		cl->refresh_ttl = r->refresh_ttl;
	if (r->is_trusted)
		cl->is_trusted = 1;
	if (r->par_required)
		cl->par_required = 1;
	if (r->id_token_alg != NULL)
		cl->id_token_alg = r->id_token_alg;
	if (r->userinfo_alg != NULL)
		cl->userinfo_alg = r->userinfo_alg;
	if (r->post_logout_uris != NULL)
		cl->post_logout_uris = r->post_logout_uris;
	if (r->backchannel_logout_uri != NULL)
		cl->backchannel_logout_uri = r->backchannel_logout_uri;
	if (r->id_token_claims)
		cl->id_token_claims = 1;
	if (r->tls != NULL)
		cl->tls = r->tls;
	if (r->tls_ca != NULL)
		cl->tls_ca = r->tls_ca;
	if (r->bound != NULL)
		cl->bound = r->bound;
	if (r->is_public)
		cl->tls = cl->tls_ca = NULL;
	if (cl->tls != NULL) {
		cl->has_secret = 0;
		cl->secret_hash = NULL;
	}
	if (r->is_public || r->jwks != NULL || r->jwks_uri != NULL) {
		cl->has_secret = 0;
		cl->secret_hash = NULL;
		cl->jwks = r->jwks;
		cl->jwks_uri = r->jwks_uri;
	}
}

const char *
registration_take(const struct conf *cf, struct arena *a,
    const struct registration *r, struct client *cl)
{
	const char *why;

	if ((r->jwks != NULL) + (r->jwks_uri != NULL) + (r->is_public != 0) > 1)
		return "a client is public, or has its keys here (jwks), or at a"
		       " URL (jwks_uri): one of the three";
	if (r->is_public && r->tls != NULL)
		return "a public client has no certificate to prove who it is";
	take_plain(r, cl);
	if (r->tls != NULL && strcmp(r->tls, TLS_SELF) != 0 &&
	    (why = cert_name_read(a, r->tls, &cl->tls)) != NULL)
		return why;
	why = take_choices(r, cl);
	if (why == NULL)
		why = take_sector(a, r, cl);
	return why == NULL ? check(cf, a, cl) : why;
}

const char *
registration_apply(const struct conf *cf, struct arena *a,
    const struct registration *r, struct client *cl)
{
	const char *why = NULL;

	/* carnet install made it for a purpose: it would make another. */
	if (cl->role != NULL &&
	    (r->is_public || r->grants != NULL || r->jwks != NULL ||
		r->jwks_uri != NULL || r->tls != NULL))
		return arena_printf(a, "%s is the %s client: its grants and its"
		    " kind are install's", cl->client_id, cl->role);
	if (r->grants != NULL)
		why = take_grants(a, r->grants, &cl->grants);
	return why == NULL ? registration_take(cf, a, r, cl) : why;
}

/* A random UUID, RFC 9562 section 5.4: what Passport's users know as client id. */
char *
registration_make_id(struct arena *a)
{
	uint8_t u[16];

	crypto_random(u, sizeof(u));
	u[6] = (uint8_t)((u[6] & 0x0f) | 0x40);
	u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
	return arena_printf(a,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x",
	    u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10],
	    u[11], u[12], u[13], u[14], u[15]);
}

int
registration_add(struct store *st, struct arena *a, int64_t now,
    struct client *cl, char *secret)
{
	cl->client_id = registration_make_id(a);
	cl->created_at = now;
	if (cl->has_secret)
		secret_make(secret, &cl->secret);
	return store_client_add(st, cl) == 1 ? 1 : -1;
}
