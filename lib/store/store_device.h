/* store_device.h: device codes (RFC 8628). */
#ifndef CARNET_STORE_DEVICE_H
#define CARNET_STORE_DEVICE_H

#include "store.h"
#include "store_granted.h"

#define USER_CODE_LEN 8

struct device_code {
	struct digest digest;
	const char *user_code;
	struct granted granted;
	int64_t interval_s, polled_at, approved_at, denied_at, spent_at;
	int64_t expires_at;
};

/*
 * store_device_waiting(st, now, most, first):
 * Return how many codes have not expired, counted up to most.  Put to *first when
 * the first of them expires.
 */
int store_device_waiting(
    struct store *st, int64_t now, int64_t most, int64_t *first);
/* Return 0 if the user code is taken: try another. */
int store_device_add(struct store *st, const struct device_code *c);
int store_device_find(struct store *st, struct arena *a,
    const struct digest *d, struct device_code *out);
/* Find one that nobody has decided on, and that has not expired. */
int store_device_by_user_code(struct store *st, struct arena *a,
    const char *user_code, int64_t now, struct device_code *out);
/* Find one that this user has decided on, whether it has expired or not. */
int store_device_decided(struct store *st, struct arena *a,
    const char *user_code, int64_t user, struct device_code *out);
/* Store the time of the poll, and the new interval. */
int store_device_polled(struct store *st, const struct digest *d, int64_t now,
    int64_t interval_s);
/*
 * store_device_decide(st, user_code, g, approve, now):
 * Store the user's decision: user, scope and proof of g.  Return 0 if somebody has
 * decided before, or if the code has expired.
 */
int store_device_decide(struct store *st, const char *user_code,
    const struct granted *g, int approve, int64_t now);
/* Within a write transaction, spend the code.  Of all callers one gets 1. */
int store_device_spend(struct store *st, const struct digest *d, int64_t now);

#endif
