/* store_consent.h: what users granted to which clients. */
#ifndef CARNET_STORE_CONSENT_H
#define CARNET_STORE_CONSENT_H

#include "store.h"

struct consent {
	int64_t client;
	const char *client_id, *client_name;
	const char *redirect_uris, *grants; /* of the client: words */
	const char *resource;	/* of one that is put */
	const char *scope;
	int64_t granted_at, last_used_at;
};

/*
 * store_consent_find(st, a, user, client, resource, scope):
 * Put the words of what the user granted the client before, for that resource or
 * for none in particular, to *scope; resource NULL: for none in particular.
 */
int store_consent_find(struct store *st, struct arena *a, int64_t user,
    int64_t client, const char *resource, const char **scope);
/* Of c: client, resource (NULL: none in particular), scope, granted_at. */
int store_consent_put(
    struct store *st, int64_t user, const struct consent *c);
int store_consent_used(
    struct store *st, int64_t user, int64_t client, int64_t now);
/* One of each client, for whatever resources; words may stand twice in scope. */
int store_consent_list(struct store *st, struct arena *a, int64_t user,
    struct consent *out, size_t n);
/*
 * store_app_revoke(st, user, client, now):
 * Within a write transaction: forget the consent, spend all codes, and revoke
 * all tokens that the client (0: any client) holds for the user, personal ones
 * aside.
 */
int store_app_revoke(
    struct store *st, int64_t user, int64_t client, int64_t now);

#endif
