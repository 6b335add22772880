/* store_client.h: the programs that ask for tokens. */
#ifndef CARNET_STORE_CLIENT_H
#define CARNET_STORE_CLIENT_H

#include "store.h"

struct client {
	int64_t id;
	const char *client_id, *name;
	struct digest secret;
	int has_secret;
	const char *secret_hash; /* or NULL */
	const char *grants, *redirect_uris; /* words */
	const char *scope;	/* words, "*", or NULL */
	const char *alg;	/* or NULL */
	int64_t access_ttl, refresh_ttl; /* 0: the setting's */
	const char *role;	/* "password", "personal" or NULL */
	int64_t created_at, revoked_at; /* 0: not */
	int refresh_keep;	/* its refresh tokens do not rotate */
};

int store_client_by_id(struct store *st, struct arena *a,
    const char *client_id, struct client *out);
int store_client_by_number(
    struct store *st, struct arena *a, int64_t id, struct client *out);
int store_client_by_role(struct store *st, struct arena *a, const char *role,
    struct client *out);
/* Puts the new id to cl->id. */
int store_client_add(struct store *st, struct client *cl);
int store_client_set_secret(
    struct store *st, int64_t id, const struct digest *secret);
/*
 * store_client_renew_secret(st, id, hash, secret):
 * In place of that slow hash keep the digest of the secret that fits it.  Return
 * 1; 0 if the client has another secret by now; -1 on error, logged.
 */
int store_client_renew_secret(struct store *st, int64_t id, const char *hash,
    const struct digest *secret);
/* Stores all of cl as the client cl->id, but for id, role and times. */
int store_client_change(struct store *st, const struct client *cl);
int store_client_revoke(struct store *st, int64_t id, int64_t now);
/* The clients without a secret: for the origins of their redirect URIs. */
int store_client_list_public(struct store *st, struct arena *a, int64_t after,
    struct client *out, size_t n);
int store_client_list(struct store *st, struct arena *a, int64_t after,
    struct client *out, size_t n);

#endif
