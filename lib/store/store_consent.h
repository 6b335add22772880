/* store_consent.h: what users granted to which clients. */
#ifndef CARNET_STORE_CONSENT_H
#define CARNET_STORE_CONSENT_H

#include "store.h"

struct consent {
	int64_t client;
	const char *client_id, *client_name;
	const char *redirect_uris, *grants; /* of the client: words */
	int is_stranger;	/* the client came by itself */
	const char *resource;	/* for store_consent_put */
	const char *scope;
	int64_t granted_at, last_used_at;
};

/*
 * store_consent_find(st, a, user, client, resource, scope):
 * Put to *scope the words that the user granted the client before, for the resource
 * or for no resource in particular.  resource may be NULL: none in particular.
 */
int store_consent_find(struct store *st, struct arena *a, int64_t user,
    int64_t client, const char *resource, const char **scope);
/* Store client, resource (NULL: none in particular), scope and granted_at of c. */
int store_consent_put(
    struct store *st, int64_t user, const struct consent *c);
/* The client got tokens for the user at now. */
int store_consent_used(
    struct store *st, int64_t user, int64_t client, int64_t now);
/*
 * List the n clients with the newest consents, newest first.  A client is one
 * element, for all resources; a word may be in scope twice.  Return how many.
 */
int store_consent_list(struct store *st, struct arena *a, int64_t user,
    struct consent *out, size_t n);
/* store_consent_forget(st, user, client): the user is asked again; tokens stay. */
int store_consent_forget(struct store *st, int64_t user, int64_t client);
/*
 * store_app_revoke(st, user, client, now):
 * Within a write transaction, take back what the user allowed the client (0: all
 * clients): delete the consents, spend all codes, and revoke all tokens but the
 * personal ones.  Return how many consents there were, or -1.
 */
int store_app_revoke(
    struct store *st, int64_t user, int64_t client, int64_t now);

#endif
