/* store_held.c: what users and clients hold, listed and revoked. */
#include "store_held.h"
#include "store_int.h"
#include "store_granted.h"

#define BATCH 256
#define REQUEST_S 600 /* longer than a request takes to store its row */

/* Bind what the statements have in common; ?1 is the caller's. */
static void
bind_held(sqlite3_stmt *s, const struct holding *h, int64_t now, size_t n)
{
	bind_int(s, 2, h->user);
	bind_int(s, 3, h->client);
	bind_int(s, 4, now);
	bind_int(s, 5, (int64_t)n);
}

static void
read_held(sqlite3_stmt *s, struct arena *a, struct held *out)
{
	memset(out, 0, sizeof(*out));
	column_id(s, 1, &out->id);
	out->kind = column_dup(s, 2, a);
	out->client_id = column_dup(s, 3, a);
	out->client_name = column_dup(s, 4, a);
	out->email = column_dup(s, 5, a);
	out->name = column_dup(s, 6, a);
	out->scope = column_dup(s, 7, a);
	out->created_at = sqlite3_column_int64(s, 8);
	out->expires_at = sqlite3_column_int64(s, 9);
	out->revoked_at = sqlite3_column_int64(s, 10);
}

int
store_held_list(struct store *st, struct arena *a, struct holding *h,
    int64_t now, struct held *out, size_t n)
{
	static const enum sql lists[] = { SQL_HELD_ACCESS, SQL_HELD_REFRESH };
	sqlite3_stmt *s;
	int count = 0, rc;

	for (; h->step < 2 && count == 0; h->step += count == 0) {
		if ((s = store_stmt(st, lists[h->step])) == NULL)
			return -1;
		bind_key(s, 1, &h->after);
		bind_held(s, h, now, n);
		while ((rc = sqlite3_step(s)) == SQLITE_ROW &&
		    (size_t)count < n) {
			column_key(s, 0, &h->after);
			read_held(s, a, &out[count++]);
		}
		if (rc != SQLITE_DONE && rc != SQLITE_ROW)
			count = store_fail(st, "held_list");
		store_done(s);
		if (count == 0)
			h->after.len = 0;
	}
	return count;
}

int
store_held_family(
    struct store *st, const struct id *id, struct granted *out)
{
	sqlite3_stmt *s;
	int found = 0, rc;

	if ((s = store_stmt(st, SQL_HELD_FAMILY)) == NULL)
		return -1;
	bind_id(s, 1, id);
	if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		column_id(s, 0, &out->family);
		out->client = sqlite3_column_int64(s, 1);
		out->user = sqlite3_column_int64(s, 2);
		found = 1;
	} else if (rc != SQLITE_DONE) {
		found = store_fail(st, "held_family");
	}
	store_done(s);
	return found;
}

/* What could yet become a token: few rows, so all at once. */
static int
end_codes(struct store *st, struct holding *h, int64_t now)
{
	const struct {
		enum sql which;
		int64_t *count;
	} rows[] = {
		{ SQL_HELD_CODES_SPEND, &h->codes },
		{ SQL_HELD_DEVICES_END, &h->codes },
		{ SQL_HELD_SESSIONS_DELETE, &h->sessions },
	};
	sqlite3_stmt *s;
	int n;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].which == SQL_HELD_SESSIONS_DELETE &&
		    h->client != 0)
			continue;
		if ((s = store_stmt(st, rows[i].which)) == NULL)
			return -1;
		bind_int(s, 1, now);
		bind_held(s, h, now, 0);
		if ((n = store_run(st, s, "held_revoke")) < 0)
			return -1;
		*rows[i].count += n;
	}
	return 0;
}

/* Run the statement for the row with that key; how many rows changed. */
static int
revoke_by(
    struct store *st, enum sql which, const struct rowkey *k, int64_t now)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, which)) == NULL)
		return -1;
	bind_key(s, 1, k);
	bind_int(s, 2, now);
	return store_run(st, s, "held_revoke");
}

static int
revoke_families(struct store *st, struct holding *h, const struct rowkey *keys,
    int n, int64_t now)
{
	int pairs, rows;

	for (int i = 0; i < n; i++) {
		pairs = revoke_by(st, SQL_HELD_PAIRS_REVOKE, &keys[i], now);
		rows = revoke_by(st, SQL_HELD_REFRESH_REVOKE, &keys[i], now);
		if (pairs < 0 || rows < 0)
			return -1;
		h->access += pairs;
		h->refresh += rows > 0; /* one of them is not spent */
	}
	return 0;
}

static int
revoke_access(struct store *st, struct holding *h, const struct rowkey *keys,
    int n, int64_t now)
{
	int rows;

	for (int i = 0; i < n; i++) {
		rows = revoke_by(st, SQL_ACCESS_REVOKE, &keys[i], now);
		if (rows < 0)
			return -1;
		h->access += rows;
	}
	return 0;
}

/* The next keys of h behind one, in the step it is at; how many, or -1. */
static int
find_keys(struct store *st, const struct holding *h,
    const struct rowkey *after, int64_t now, struct rowkey *keys)
{
	static const enum sql find[] = { 0, SQL_HELD_REFRESH_KEYS,
		SQL_HELD_ACCESS_KEYS };
	sqlite3_stmt *s;

	if ((s = store_stmt(st, find[h->step])) == NULL)
		return -1;
	bind_key(s, 1, after);
	bind_held(s, h, now, BATCH);
	return store_keys(st, s, keys, BATCH);
}

/*
 * Whoever holds a token makes personal tokens of it, one upon another: of those
 * made since the rest was looked for one that is missed would go on.  They are
 * looked for under the lock; as ids begin with the time, only among the newest.
 */
static int
revoke_newest(struct store *st, struct holding *h, int64_t now)
{
	struct rowkey after = { .len = ID_LEN }, keys[BATCH];
	int n;

	for (int i = 0; i < 5; i++)
		after.byte[i] = (uint8_t)((now - REQUEST_S) >> (8 * (4 - i)));
	do {
		if ((n = find_keys(st, h, &after, now, keys)) < 0 ||
		    revoke_access(st, h, keys, n, now) < 0)
			return -1;
		if (n > 0)
			after = keys[n - 1];
	} while (n == BATCH);
	return 0;
}

int
store_held_revoke(struct store *st, struct holding *h, int64_t now)
{
	struct rowkey keys[BATCH];
	int n = 0, rc;

	/* Found without the write lock: that looks at every row. */
	if (h->step > 0 &&
	    (n = find_keys(st, h, &h->after, now, keys)) < 0)
		return -1;
	if (store_begin(st) < 0)
		return -1;
	rc = h->step == 0   ? end_codes(st, h, now)
	    : h->step == 1 ? revoke_families(st, h, keys, n, now)
			   : revoke_access(st, h, keys, n, now);
	if (rc == 0 && h->step == 2 && n < BATCH)
		rc = revoke_newest(st, h, now);
	if (rc < 0 || store_commit(st) < 0) {
		store_rollback(st);
		return -1;
	}
	if (n == BATCH) {
		h->after = keys[n - 1];
		return 1;
	}
	h->after.len = 0;
	return ++h->step < 3;
}
