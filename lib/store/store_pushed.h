/* store_pushed.h: authorization requests that clients pushed (RFC 9126). */
#ifndef CARNET_STORE_PUSHED_H
#define CARNET_STORE_PUSHED_H

#include "store.h"

struct pushed_request {
	const char *client;	/* its client_id */
	const char *request;	/* its parameters, as a form has them */
	int64_t opened_at;	/* a browser first came with it; 0: none did yet */
	int64_t expires_at;
};

/*
 * store_pushed_add(st, d, p, now):
 * Within a write transaction.  Return 1; 0 if there is one with this digest, which has
 * not expired at now; or -1.
 */
int store_pushed_add(struct store *st, const struct digest *d,
    const struct pushed_request *p, int64_t now);

/*
 * store_pushed_waiting(st, now, most, first):
 * Return how many requests have not expired, counted up to most; put to *first when
 * the first of them expires.  Return -1 on a database error, logged.
 */
int store_pushed_waiting(
    struct store *st, int64_t now, int64_t most, int64_t *first);

/* store_pushed_find(st, a, d, now, out): find one that has not expired. */
int store_pushed_find(struct store *st, struct arena *a,
    const struct digest *d, int64_t now, struct pushed_request *out);

/*
 * store_pushed_open(st, d, now, expires_at):
 * A browser came with it at now: from now on it expires at expires_at.  Return 1; 0 if
 * one came before; or -1.
 */
int store_pushed_open(struct store *st, const struct digest *d, int64_t now,
    int64_t expires_at);

/*
 * store_pushed_spend(st, d, now):
 * Within a write transaction, delete the request, as it is decided.  Of any number of
 * callers one gets 1; the others get 0.  Return -1 on a database error, logged.
 */
int store_pushed_spend(struct store *st, const struct digest *d, int64_t now);

#endif
