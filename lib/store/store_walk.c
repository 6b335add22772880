/* store_walk.c: all tokens of a user or a client, listed or revoked. */
#include "query.h"
#include "store_logout.h"
#include "store_walk.h"
#include "store_write.h"

#define BATCH 256
#define REQUEST_S 600 /* longer than a request takes to store its row */

/* The next n rows of w, behind a key. */
#define V_NEXT(key, w, n) \
	V_KEY(key), V_INT((w)->user), V_INT((w)->client), V_INT((int64_t)(n))

static void
read_token(const struct row *r, void *to)
{
	struct walk_token *out = to;

	row_key(r, 0, &out->key);
	row_id(r, 1, &out->id);
	out->kind = row_text(r, 2);
	out->client_id = row_text(r, 3);
	out->client_name = row_text(r, 4);
	out->email = row_text(r, 5);
	out->name = row_text(r, 6);
	out->scope = row_text(r, 7);
	out->created_at = row_int(r, 8);
	out->expires_at = row_int(r, 9);
	out->revoked_at = row_int(r, 10);
}

int
store_walk_list(struct store *st, struct arena *a, struct walk *w,
    int64_t now, struct walk_token *out, size_t n)
{
	static const enum sql lists[] = { SQL_ALL_ACCESS_LIST,
		SQL_ALL_REFRESH_LIST };
	int count = 0;

	while (w->step < 2 && count == 0) {
		const struct value v[] = { V_NEXT(&w->after, w, n),
			V_INT(now) };

		count = query_list(st, a, lists[w->step], v, w->step == 0 ? 4 : 5,
		    read_token, out, sizeof(*out), n);
		if (count > 0) {
			w->after = out[count - 1].key;
		} else if (count == 0) {
			w->after.len = 0;
			w->step++;
		}
	}
	return count;
}

/* End the codes that could still become tokens.  They are few: one batch. */
static int
end_codes(struct store *st, struct walk *w, int64_t now)
{
	const int codes = query_run(st, SQL_ALL_CODES_SPEND,
	    VALUES(V_INT(now), V_INT(w->user), V_INT(w->client)));
	const int devices = codes < 0 ? -1
	    : query_run(st, SQL_ALL_DEVICES_END,
		  VALUES(V_INT(now), V_INT(w->user), V_INT(w->client)));
	const int sessions = devices < 0 ? -1
	    : w->client != 0		 ? 0
	    : w->user != 0 && store_logout_user(st, w->user, NULL) < 0 ? -1
	    : query_run(st, SQL_ALL_SESSIONS_DELETE, VALUES(V_INT(w->user)));

	if (sessions < 0 ||
	    query_run(st, SQL_PASSPORT_END,
		VALUES(V_INT(w->user), V_INT(w->client))) < 0 ||
	    (w->client == 0 &&
		query_run(st, SQL_ALL_LINKS_DELETE, VALUES(V_INT(w->user))) < 0))
		return -1;
	w->codes += codes + devices;
	w->sessions += sessions;
	return 0;
}

/* One batch: the walk before it, and the walk after it. */
struct batch {
	const struct walk *from;
	struct walk to;
	int64_t now;
	struct rowkey keys[BATCH];
	int n;			/* keys that were found */
};

static int
revoke_families(struct store *st, struct batch *b)
{
	int pairs, rows;

	for (int i = 0; i < b->n; i++) {
		const struct value v[] = { V_KEY(&b->keys[i]), V_INT(b->now) };

		if ((pairs = query_run(st, SQL_ALL_PAIRS_REVOKE, v, 2)) < 0 ||
		    (rows = query_run(st, SQL_ALL_FAMILY_REVOKE, v, 2)) < 0)
			return -1;
		b->to.access += pairs;
		b->to.refresh += rows > 0; /* one row of a family is unspent */
	}
	return 0;
}

static int
revoke_access(struct store *st, struct batch *b, const struct rowkey *keys,
    int n)
{
	int rows;

	for (int i = 0; i < n; i++) {
		if ((rows = query_run(st, SQL_ACCESS_REVOKE,
			 VALUES(V_KEY(&keys[i]), V_INT(b->now)))) < 0)
			return -1;
		b->to.access += rows;
	}
	return 0;
}

/* The next keys behind after, of the step that w is at; how many, or -1. */
static int
find_keys(struct store *st, const struct walk *w, const struct rowkey *after,
    int64_t now, struct rowkey *keys)
{
	static const enum sql find[] = { 0, SQL_ALL_REFRESH_KEYS,
		SQL_ALL_ACCESS_KEYS };
	const struct value v[] = { V_NEXT(after, w, BATCH), V_INT(now) };

	return query_list(st, NULL, find[w->step], v, w->step == 1 ? 4 : 5,
	    row_read_key, keys, sizeof(keys[0]), BATCH);
}

/*
 * A token can make personal tokens, and those can make more.  A token that was made
 * after the search would be missed and would live on.  So we search again, under
 * the lock.  Ids begin with the time, so the newest rows are enough.
 */
static int
revoke_newest(struct store *st, struct batch *b)
{
	struct rowkey after = { .len = ID_LEN }, keys[BATCH];
	int n;

	for (int i = 0; i < 5; i++)
		after.byte[i] =
		    (uint8_t)((b->now - REQUEST_S) >> (8 * (4 - i)));
	do {
		if ((n = find_keys(st, b->from, &after, b->now, keys)) < 0 ||
		    revoke_access(st, b, keys, n) < 0)
			return -1;
		if (n > 0)
			after = keys[n - 1];
	} while (n == BATCH);
	return 0;
}

static int
revoke_batch(struct store *st, void *ctx)
{
	struct batch *b = ctx;

	b->to = *b->from;
	if (b->from->step == 0)
		return end_codes(st, &b->to, b->now);
	if (b->from->step == 1)
		return revoke_families(st, b);
	if (revoke_access(st, b, b->keys, b->n) < 0)
		return -1;
	return b->n < BATCH ? revoke_newest(st, b) : 0;
}

int
store_walk_revoke(struct store *st, struct walk *w, int64_t now)
{
	struct batch b = { .from = w, .now = now };

	/* The search looks at every row, so it runs without the write lock. */
	if (w->step > 0 &&
	    (b.n = find_keys(st, w, &w->after, now, b.keys)) < 0)
		return -1;
	if (store_write(st, revoke_batch, &b) < 0)
		return -1;
	*w = b.to;
	if (b.n == BATCH) {
		w->after = b.keys[BATCH - 1];
		return 1;
	}
	w->after.len = 0;
	return ++w->step < 3;
}
