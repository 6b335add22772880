/* store_throttle.h: how often something failed lately. */
#ifndef CARNET_STORE_THROTTLE_H
#define CARNET_STORE_THROTTLE_H

#include "store.h"

/* Failures are counted under digests of what failed: throttle.h. */
struct count {
	int64_t failures;	/* within the window; 0: none */
	int64_t until;		/* when they are forgotten */
};

/*
 * What fills up is bounded apart, so that a flood of one kind pushes out none of
 * another: the kind is in the first bits of a key.
 */
enum throttle_kind {
	THROTTLE_HASHED,	/* failures that cost a hash each */
	THROTTLE_QUICK,		/* failures that cost nothing */
	THROTTLE_KNOWN,		/* where an account was signed in from */
	THROTTLE_PLACE,		/* what an address may ask for so often */
};
/*
 * Each kind but the known places has 64 sets of so many counts.  A set of those
 * that cost a hash is so large that pushing one out takes more hashes than it
 * lets be tried.
 */
#define STORE_THROTTLE_SETS 64
#define STORE_THROTTLE_HASHED_SET 1536
#define STORE_THROTTLE_QUICK_SET 64
#define STORE_THROTTLE_PLACE_SET 256
#define STORE_THROTTLE_WHO 16 /* first bytes of a known place's key: the account */
#define STORE_THROTTLE_PLACES 32 /* of an account */

/* store_throttle_key(kind, d): the key of that kind that is made of d. */
struct digest store_throttle_key(
    enum throttle_kind kind, const struct digest *d);

/*
 * store_throttle_find(st, key, now, window_s, out):
 * Put the count of key to *out.  One that ends later than a window from now was
 * made before the clock was set back, and does not count.
 */
int store_throttle_find(struct store *st, const struct digest *key,
    int64_t now, int64_t window_s, struct count *out);
/*
 * store_throttle_add(st, key, now, window_s, n):
 * Within a write transaction, count one more, and put how many there are to *n.
 * The first begins a window.  If the set of key is full, another of its counts is
 * deleted: the one with the fewest failures, and of those the one that ends first.
 */
int store_throttle_add(struct store *st, const struct digest *key, int64_t now,
    int64_t window_s, int64_t *n);
/*
 * store_throttle_know(st, key, until):
 * Store a row without failures: a place that is known until then.  If an account
 * has too many, those that it used longest ago are deleted.
 */
int store_throttle_know(
    struct store *st, const struct digest *key, int64_t until);
int store_throttle_forget(struct store *st, const struct digest *key);

#endif
