/* registration.h: what a client may be: made, and changed. */
#ifndef CARNET_REGISTRATION_H
#define CARNET_REGISTRATION_H

#include <stdint.h>

struct arena;
struct client;
struct conf;
struct store;

/* What is asked for a client.  NULL or 0: not said, so that it stays as it is. */
struct registration {
	const char *name;
	const char *grants;	/* names, with commas or spaces between */
	const char *redirect_uris, *scope; /* words */
	const char *alg;
	const char *refresh;	/* "keep" or "rotate" */
	const char *pkce;	/* "required" or "optional" */
	int64_t access_ttl, refresh_ttl;
	int is_public;		/* it has no secret from now on */
	int is_trusted;		/* its users are not asked for consent */
	int par_required;	/* it must push its requests */
	/* OpenID Connect. */
	const char *id_token_alg, *userinfo_alg;
	const char *sector;	/* a host */
	const char *post_logout_uris; /* words */
	const char *backchannel_logout_uri;
	int id_token_claims;
	int is_pairwise;	/* its sector is the host of its redirect URIs */
	const char *sector_uri;	/* or of this list of them: sector.h */
	/* Its public keys (JSON), or where they are; then it has no secret. */
	const char *jwks, *jwks_uri;
	/* RFC 8705: a name of its certificate, or TLS_SELF; its issuers (PEM). */
	const char *tls, *tls_ca;
	const char *bound;	/* BOUND_...: what its tokens must be bound to */
};

/* A client before anything was asked for it. */
#define REGISTRATION_NEW { .redirect_uris = "", .has_secret = 1 }

/*
 * registration_apply(cf, a, r, cl):
 * Put what r asks for to cl, and check all of cl by the rules for name, grants,
 * redirect URIs, scopes, algorithm, secret and keys (RFC 6749 sections 2.1 and 3.1.2).
 * Return NULL if all rules are kept, else the sentence that says why not, which
 * lives as long as a.  The strings of cl are those of r, or in a.
 *
 * registration_take(cf, a, r, cl):
 * The same where cl has its grants already: r->grants is not looked at.  A program that
 * calls this does not load what the grants need.
 */
const char *registration_apply(const struct conf *cf, struct arena *a,
    const struct registration *r, struct client *cl);
const char *registration_take(const struct conf *cf, struct arena *a,
    const struct registration *r, struct client *cl);

/* registration_make_id(a): a new client_id, a random UUID. */
char *registration_make_id(struct arena *a);

/*
 * registration_add(st, a, now, cl, secret):
 * Store cl as a new client, made at now, with a new client_id; if it has a secret
 * make that too, and put its text (SECRET_TEXT_LEN + 1 bytes) to secret.  Return 1,
 * or -1 on a database error, logged.
 */
int registration_add(struct store *st, struct arena *a, int64_t now,
    struct client *cl, char *secret);

#endif
