/* store_throttle.h: how often something failed lately. */
#ifndef CARNET_STORE_THROTTLE_H
#define CARNET_STORE_THROTTLE_H

#include "store.h"

/* Failures are counted under digests of what failed: throttle.h. */
struct count {
	int64_t failures;	/* within the window; 0: none */
	int64_t until;		/* when the window ends */
};

/*
 * Each kind of row has limits of its own, so that a flood of one kind does not push
 * out rows of another.  The first bits of a key are its kind.
 */
enum throttle_kind {
	THROTTLE_HASHED,	/* failures that cost a hash each */
	THROTTLE_QUICK,		/* failures that cost nothing */
	THROTTLE_KNOWN,		/* where an account was signed in from */
	THROTTLE_PLACE,		/* what an address may ask for so often */
};
/*
 * Each kind but the known places has 64 sets, and a set has a limited number of
 * counts.  A set of THROTTLE_HASHED is large: an attacker who pushes a count out of
 * it spends more hashes than the count would have refused.
 */
#define STORE_THROTTLE_SETS 64
#define STORE_THROTTLE_HASHED_SET 1536
#define STORE_THROTTLE_QUICK_SET 64
#define STORE_THROTTLE_PLACE_SET 256
#define STORE_THROTTLE_WHO 16 /* first bytes of a known place's key: the account */
#define STORE_THROTTLE_PLACES 32 /* the most that an account has */

/* store_throttle_key(kind, d): a key of that kind, made from d. */
struct digest store_throttle_key(
    enum throttle_kind kind, const struct digest *d);

/*
 * store_throttle_find(st, key, now, window_s, out):
 * Put the count of key to *out.  A count that ends later than a window from now was
 * made before the clock was set back: it is 0.
 */
int store_throttle_find(struct store *st, const struct digest *key,
    int64_t now, int64_t window_s, struct count *out);
/*
 * store_throttle_add(st, key, now, window_s, n):
 * Within a write transaction, count one more failure, and put to *n how many there
 * are.  The first failure begins a window.  If the set of the key is full, another
 * count of the set is deleted: the one with the fewest failures, and of several the
 * one that ends first.
 */
int store_throttle_add(struct store *st, const struct digest *key, int64_t now,
    int64_t window_s, int64_t *n);
/*
 * store_throttle_know(st, key, until):
 * Store a place that is known until then: a row without failures.  If an account
 * has too many places, those that it used longest ago are deleted.
 */
int store_throttle_know(
    struct store *st, const struct digest *key, int64_t until);
int store_throttle_forget(struct store *st, const struct digest *key);

#endif
