/* store_throttle.c: how often something failed of late. */
#include "store_int.h"
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

int
store_throttle_find(struct store *st, const struct digest *key, int64_t now,
    int64_t window_s, struct count *out)
{
	sqlite3_stmt *s;
	int found = 0, rc;

	*out = (struct count) { 0, 0 };
	if ((s = store_stmt(st, SQL_THROTTLE_FIND)) == NULL)
		return -1;
	bind_digest(s, 1, key);
	bind_int(s, 2, now);
	bind_int(s, 3, now + window_s);
	if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		out->failures = sqlite3_column_int64(s, 0);
		out->until = sqlite3_column_int64(s, 1);
		found = 1;
	} else if (rc != SQLITE_DONE) {
		found = store_fail(st, "throttle_find");
	}
	store_done(s);
	return found;
}

/*
 * Of the set that key belongs to, which begins with the same byte, the most
 * worthless go: as many as there are too many.  A set is small: no count looks at
 * more than these rows.
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
	struct digest first = { { key->byte[0] } }, last;
	sqlite3_stmt *s;

	if (kind == THROTTLE_KNOWN)
		return 0;
	memset(last.byte, 0xff, DIGEST_LEN);
	last.byte[0] = key->byte[0];
	if ((s = store_stmt(st, SQL_THROTTLE_TRIM)) == NULL)
		return -1;
	bind_digest(s, 1, &first);
	bind_digest(s, 2, &last);
	bind_int(s, 3, now);
	bind_int(s, 4, now + window_s);
	bind_int(s, 5, most[kind]);
	bind_digest(s, 6, key);
	return store_run(st, s, "throttle_trim");
}

int
store_throttle_add(struct store *st, const struct digest *key, int64_t now,
    int64_t window_s, int64_t *n)
{
	sqlite3_stmt *s;
	int done = 0, rc;

	if ((s = store_stmt(st, SQL_THROTTLE_ADD)) == NULL)
		return -1;
	bind_digest(s, 1, key);
	bind_int(s, 2, now);
	bind_int(s, 3, now + window_s);
	if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		*n = sqlite3_column_int64(s, 0);
		done = 1;
		rc = sqlite3_step(s); /* may yet fail */
	}
	if (rc != SQLITE_DONE)
		done = store_fail(st, "throttle_add");
	store_done(s);
	if (done == 1 && *n == 1 && trim(st, key, now, window_s) < 0)
		return -1;
	return done;
}

/* Delete all places of key's account but the newest; 0, or -1. */
static int
forget_places(struct store *st, const struct digest *key, int64_t until)
{
	struct digest first = *key, last = *key;
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_THROTTLE_KNOW_LESS)) == NULL)
		return -1;
	memset(first.byte + STORE_THROTTLE_WHO, 0,
	    DIGEST_LEN - STORE_THROTTLE_WHO);
	memset(last.byte + STORE_THROTTLE_WHO, 0xff,
	    DIGEST_LEN - STORE_THROTTLE_WHO);
	bind_digest(s, 1, &first);
	bind_digest(s, 2, &last);
	bind_int(s, 3, until);
	bind_int(s, 4, STORE_THROTTLE_PLACES);
	return store_run(st, s, "throttle_know") < 0 ? -1 : 0;
}

int
store_throttle_know(struct store *st, const struct digest *key, int64_t until)
{
	sqlite3_stmt *s;
	int n;

	if ((s = store_stmt(st, SQL_THROTTLE_KNOW)) == NULL)
		return -1;
	bind_digest(s, 1, key);
	bind_int(s, 2, until);
	if ((n = store_run(st, s, "throttle_know")) < 0)
		return -1;
	return forget_places(st, key, until) < 0 ? -1 : n;
}

int
store_throttle_forget(struct store *st, const struct digest *key)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_THROTTLE_FORGET)) == NULL)
		return -1;
	bind_digest(s, 1, key);
	return store_run(st, s, "throttle_forget");
}
