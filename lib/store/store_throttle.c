/* store_throttle.c: how often something failed lately. */
#include <string.h>

#include "query.h"
#include "store_throttle.h"

#define KIND_SHIFT 6 /* of a key's first byte */

struct digest
store_throttle_key(enum throttle_kind kind, const struct digest *d)
{
	struct digest key = *d;

	key.byte[0] &= (1 << KIND_SHIFT) - 1;
	key.byte[0] |= (uint8_t)(kind << KIND_SHIFT);
	return key;
}

static void
read_count(const struct row *r, void *to)
{
	struct count *out = to;

	out->failures = row_int(r, 0);
	out->until = row_int(r, 1);
}

int
store_throttle_find(struct store *st, const struct digest *key, int64_t now,
    int64_t window_s, struct count *out)
{
	*out = (struct count) { 0, 0 };
	return query_one(st, NULL, SQL_THROTTLE_FIND,
	    VALUES(V_DIGEST(key), V_INT(now), V_INT(now + window_s)),
	    read_count, out);
}

/* The least and the greatest key that begin with the first n bytes of key. */
static void
range(const struct digest *key, size_t n, struct digest *first,
    struct digest *last)
{
	*first = *last = *key;
	memset(first->byte + n, 0, DIGEST_LEN - n);
	memset(last->byte + n, 0xff, DIGEST_LEN - n);
}

/*
 * A set is the keys with the same first byte.  If the set of key has too many rows,
 * delete as many, first those with the fewest failures.  A set is small, so this
 * reads few rows.
 */
static int
trim(struct store *st, const struct digest *key, int64_t now, int64_t window_s)
{
	static const int most[] = {
		[THROTTLE_HASHED] = STORE_THROTTLE_HASHED_SET,
		[THROTTLE_QUICK] = STORE_THROTTLE_QUICK_SET,
		[THROTTLE_PLACE] = STORE_THROTTLE_PLACE_SET,
	};
	const int kind = key->byte[0] >> KIND_SHIFT;
	struct digest first, last;

	if (kind == THROTTLE_KNOWN)
		return 0;
	range(key, 1, &first, &last);
	return query_run(st, SQL_THROTTLE_TRIM,
	    VALUES(V_DIGEST(&first), V_DIGEST(&last), V_INT(now),
		V_INT(now + window_s), V_INT(most[kind]), V_DIGEST(key)));
}

int
store_throttle_add(struct store *st, const struct digest *key, int64_t now,
    int64_t window_s, int64_t *n)
{
	const int done = query_one(st, NULL, SQL_THROTTLE_ADD,
	    VALUES(V_DIGEST(key), V_INT(now), V_INT(now + window_s)),
	    row_read_int, n);

	if (done == 1 && *n == 1 && trim(st, key, now, window_s) < 0)
		return -1;
	return done;
}

/* Delete all places of the account of key but the newest ones. */
static int
forget_places(struct store *st, const struct digest *key, int64_t until)
{
	struct digest first, last;

	range(key, STORE_THROTTLE_WHO, &first, &last);
	return query_run(st, SQL_THROTTLE_KNOW_LESS,
	    VALUES(V_DIGEST(&first), V_DIGEST(&last), V_INT(until),
		V_INT(STORE_THROTTLE_PLACES)));
}

int
store_throttle_know(struct store *st, const struct digest *key, int64_t until)
{
	const int n = query_run(st, SQL_THROTTLE_KNOW,
	    VALUES(V_DIGEST(key), V_INT(until)));

	return n < 0 || forget_places(st, key, until) < 0 ? -1 : n;
}

int
store_throttle_forget(struct store *st, const struct digest *key)
{
	return query_run(st, SQL_THROTTLE_FORGET, VALUES(V_DIGEST(key)));
}
