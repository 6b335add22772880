/* store_client.h: the programs that ask for tokens. */
#ifndef CARNET_STORE_CLIENT_H
#define CARNET_STORE_CLIENT_H

#include "store.h"

struct client {
	int64_t id;		/* its number, client_id in other tables */
	const char *client_id;	/* its name on the wire, identifier in the table */
	const char *name;
	struct digest secret;
	int has_secret;
	const char *secret_hash; /* or NULL */
	const char *grants, *redirect_uris; /* words */
	const char *scope;	/* words, "*", or NULL */
	const char *alg;	/* or NULL */
	int64_t access_ttl, refresh_ttl; /* 0: as the setting says */
	const char *role;	/* "password", "personal" or NULL */
	int64_t created_at, revoked_at; /* 0: not revoked */
	int refresh_keep;	/* its refresh tokens do not rotate */
	int pkce_optional;	/* it may ask without PKCE */
	int is_trusted;		/* its users are not asked for consent */
	/* OpenID Connect. */
	const char *id_token_alg; /* NULL: RS256 */
	int id_token_claims;	/* the ID token has the claims of the scopes */
	const char *userinfo_alg; /* NULL: userinfo is JSON */
	const char *sector;	/* whose sub it sees; NULL: everybody's */
	const char *sector_was;	/* before this request; NULL: the same */
	const char *post_logout_uris; /* words, or NULL */
	const char *backchannel_logout_uri; /* or NULL */
	int64_t owner;		/* the user who made it in Passport; 0: none */
	int keeps_sub;		/* its own tokens have its id, a number, as sub */
	const char *jwks;	/* its public keys (JSON), or NULL */
	const char *jwks_uri;	/* where jwks was read, or NULL */
	int par_required;	/* it must push its requests (RFC 9126) */
	/*
	 * RFC 8705: a name that its certificate has (cert.h), and the certificates of its
	 * issuers (PEM); or TLS_SELF: its keys have the certificate.  NULL: neither.
	 */
	const char *tls, *tls_ca;
	const char *bound;	/* what its tokens must be bound to: BOUND_...; or NULL */
	/* Of a client that registered itself, or that has a document. */
	const char *origin;	/* CLIENT_...; NULL: the operator added it */
	const char *about;	/* what else it says of itself (JSON), or NULL */
	struct digest manage;	/* of the token that changes its registration */
	int has_manage;
	int64_t idle_at;	/* not used before then, it is deleted; 0: never */
	const char *said;	/* the row that it was read of, if no user knows it */
};

#define CLIENT_REGISTERED "registered"
#define TLS_SELF "self"
#define BOUND_KEY "key"			/* by DPoP */
#define BOUND_CERT "certificate"	/* by RFC 8705 */
#define CLIENT_DOCUMENT "document"

int store_client_by_id(struct store *st, struct arena *a,
    const char *client_id, struct client *out);
int store_client_by_number(
    struct store *st, struct arena *a, int64_t id, struct client *out);
int store_client_by_role(struct store *st, struct arena *a, const char *role,
    struct client *out);
/* Add cl, and put its number to cl->id. */
int store_client_add(struct store *st, struct client *cl);
int store_client_set_secret(
    struct store *st, int64_t id, const struct digest *secret);
/*
 * store_client_renew_secret(st, id, hash, secret):
 * Replace the slow hash of a secret by the secret's digest.  Return 1; 0 if the
 * client has another secret by now; -1 on a database error, logged.
 */
int store_client_renew_secret(struct store *st, int64_t id, const char *hash,
    const struct digest *secret);
/*
 * Store all of cl but id, client_id, role, created_at, revoked_at, and from where it is
 * (origin, manage, idle_at).
 */
int store_client_change(struct store *st, const struct client *cl);
/*
 * store_client_set_keys(st, uri, jwks):
 * The keys at uri are these now, for all clients that have them there.  Return how many
 * clients have other keys than before; -1 on a database error, logged.
 *
 * store_client_has_keys_at(st): Return 1 if a client has a jwks_uri.
 */
int store_client_set_keys(struct store *st, const char *uri, const char *jwks);
int store_client_has_keys_at(struct store *st);
/*
 * store_client_used(st, id, idle_at):
 * A client that registered itself was used: it stays until idle_at.  Return 1, or -1 on
 * a database error, logged.
 */
int store_client_used(struct store *st, int64_t id, int64_t idle_at);
/*
 * store_client_set_sector(st, cl):
 * The sector of cl is another than it was.  Return 1; 0 if it has become a third one;
 * -1 on a database error, logged.
 */
int store_client_set_sector(struct store *st, const struct client *cl);
/* store_client_pin(st, id): it stays, used or not. */
int store_client_pin(struct store *st, int64_t id);
int store_client_revoke(struct store *st, int64_t id, int64_t now);
/*
 * List clients whose number is greater than after, in order, n at most.  The first
 * function lists only public ones: their redirect URIs may be origins of CORS.
 */
int store_client_list_public(struct store *st, struct arena *a, int64_t after,
    struct client *out, size_t n);
/* store_client_list_of(st, a, owner, out, n): list what a user made, by name. */
int store_client_list_of(struct store *st, struct arena *a, int64_t owner,
    struct client *out, size_t n);
/* store_client_wants_logout(st): does any want logout tokens?  1, 0 or -1. */
int store_client_wants_logout(struct store *st);
int store_client_list(struct store *st, struct arena *a, int64_t after,
    struct client *out, size_t n);

#endif
