/* store_purge.c: what is over is deleted. */
#include "crypto.h"
#include "store_int.h"
#include "store_purge.h"

/* What was spent or revoked is known as such for a day. */
#define KEPT_S 86400

/* A device that polls learns that its code has expired (RFC 8628 section 3.5). */
#define DEVICE_KEPT_S 60

#define BATCH 256

/*
 * One request in so many has a turn, for all of them: most find nothing, and the
 * look alone holds the write lock for longer.  A plain CGI draws its number.
 */
#define TURN_EVERY 4
#define IN_TURN 64 /* rows: of 6 kinds, between two turns 24 requests add fewer */

/* A statement that is 0 is none; what has no expired one is walked through. */
static const struct kind {
	const char *table;
	enum sql expired;
	int64_t kept_s;		/* how long after it expired */
	enum sql keep;		/* what must stay yet */
	enum sql over, forget;
} kinds[] = {
	{ .table = "oauth_access_tokens",
	    .over = SQL_OVER_ACCESS, .forget = SQL_FORGET_ACCESS },
	{ .table = "oauth_refresh_tokens", .expired = SQL_PURGE_REFRESH,
	    .keep = SQL_KEEP_REFRESH,
	    .over = SQL_OVER_REFRESH, .forget = SQL_FORGET_REFRESH },
	{ .table = "oauth_auth_codes", .expired = SQL_PURGE_CODES,
	    .kept_s = KEPT_S },
	{ .table = "oauth_device_codes", .expired = SQL_PURGE_DEVICES,
	    .kept_s = DEVICE_KEPT_S },
	{ .table = "sessions", .expired = SQL_PURGE_SESSIONS },
	{ .table = "throttle", .expired = SQL_PURGE_THROTTLE },
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))
_Static_assert(N_KINDS == STORE_PURGE_TABLES, "a count for each table");

static int
run_before(struct store *st, enum sql which, int64_t before)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, which)) == NULL)
		return -1;
	bind_int(s, 1, before);
	return store_run(st, s, "purge");
}

static int
run_with(struct store *st, enum sql which, const struct rowkey *key)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, which)) == NULL)
		return -1;
	bind_key(s, 1, key);
	return store_run(st, s, "purge");
}

/*
 * Look at the next n access tokens: those that expired, to keys; where to go on,
 * to *place.  At the end of the table that is its beginning.  How many, or -1.
 */
static int
walk(struct store *st, int64_t now, int n, struct rowkey *keys,
    struct rowkey *place)
{
	sqlite3_stmt *s;
	int seen = 0, expired = 0, rc;

	place->len = 0;
	if ((s = store_stmt(st, SQL_WALK_ACCESS)) == NULL)
		return -1;
	bind_int(s, 1, now);
	bind_int(s, 2, n);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		column_key(s, 0, place);
		if (sqlite3_column_int(s, 1))
			keys[expired++] = *place;
		seen++;
	}
	if (rc != SQLITE_DONE)
		expired = store_fail(st, "purge");
	store_done(s);
	if (seen < n)
		place->len = 0;
	return expired;
}

/*
 * Of the next n access tokens delete those that expired; 0, or -1.  All are walked
 * through again and again, by whichever process has a turn.  What expires waits for
 * one walk at most: with the turns above, until there are three fifths more rows.
 */
static int
purge_access(struct store *st, int64_t now, int n, int64_t *gone)
{
	struct rowkey keys[IN_TURN], place;
	int expired, one;

	if (n <= 0)
		return 0;
	if (n > IN_TURN)
		n = IN_TURN;
	if ((expired = walk(st, now, n, keys, &place)) < 0)
		return -1;
	for (int i = 0; i < expired; i++) {
		if ((one = run_with(st, SQL_FORGET_ACCESS, &keys[i])) < 0)
			return -1;
		*gone += one;
	}
	return run_with(st, SQL_WALK_PLACE, &place) < 0 ? -1 : 0;
}

/*
 * Delete at most n rows of the kind that expired, and add how many to *gone.  A
 * family is revoked by way of its refresh tokens: one whose access token lives
 * on is kept for that.  Return 1 if there may be more, 0 if not, -1 on error.
 */
static int
purge_expired(
    struct store *st, const struct kind *k, int64_t now, int n, int64_t *gone)
{
	const int64_t before = now - k->kept_s;
	int changed;

	if (k->expired == 0)
		return purge_access(st, now, n, gone);
	for (int i = 0; i < n; i++) {
		changed = k->keep == 0 ? 0 : run_before(st, k->keep, before);
		if (changed == 0) {
			changed = run_before(st, k->expired, before);
			*gone += changed > 0;
		}
		if (changed <= 0)
			return changed;
	}
	return 1;
}

int
store_purge(struct store *st, int64_t now, int n)
{
	int64_t gone = 0;

	for (size_t i = 0; i < N_KINDS; i++)
		if (purge_expired(st, &kinds[i], now, n, &gone) < 0)
			return -1;
	return (int)gone;
}

int
store_purge_turn(struct store *st, int64_t now)
{
	int64_t gone = 0;
	unsigned turn;

	if (st->purge_turn == 0)
		crypto_random(&st->purge_turn, sizeof(st->purge_turn));
	turn = st->purge_turn++;
	if (turn % TURN_EVERY != 0)
		return 0;
	return purge_expired(st, &kinds[turn / TURN_EVERY % N_KINDS], now,
	    IN_TURN, &gone) < 0 ? -1 : (int)gone;
}

const char *
store_purge_table(size_t i)
{
	return kinds[i].table;
}

static int
expired_batch(struct store *st, int64_t now, struct purge *p)
{
	int more;

	if (store_begin(st) < 0)
		return -1;
	more = purge_expired(
	    st, &kinds[p->table], now, BATCH, &p->gone[p->table]);
	if (more < 0 || store_commit(st) < 0) {
		store_rollback(st);
		return -1;
	}
	return more;
}

static int
forget(struct store *st, enum sql which, const struct rowkey *keys, int n)
{
	int gone = 0, one;

	if (store_begin(st) < 0)
		return -1;
	for (int i = 0; i < n; i++) {
		if ((one = run_with(st, which, &keys[i])) < 0)
			return -1;
		gone += one;
	}
	return store_commit(st) < 0 ? -1 : gone;
}

static int
over_batch(struct store *st, int64_t now, struct purge *p)
{
	const struct kind *k = &kinds[p->table];
	struct rowkey keys[BATCH];
	sqlite3_stmt *s;
	int gone, n;

	if (k->over == 0)
		return 0;
	if ((s = store_stmt(st, k->over)) == NULL)
		return -1;
	bind_key(s, 1, &p->after);
	bind_int(s, 2, now - KEPT_S);
	bind_int(s, 3, BATCH);
	bind_int(s, 4, now); /* of which refresh tokens have no use */
	if ((n = store_keys(st, s, keys, BATCH)) <= 0)
		return n;
	if ((gone = forget(st, k->forget, keys, n)) < 0) {
		store_rollback(st);
		return -1;
	}
	p->gone[p->table] += gone;
	p->after = keys[n - 1];
	return n == BATCH;
}

int
store_purge_batch(struct store *st, int64_t now, struct purge *p)
{
	int more;

	/* Access tokens have no first half: one walk finds both kinds. */
	if (kinds[p->table].expired == 0)
		p->is_walk = 1;
	more = p->is_walk ? over_batch(st, now, p) : expired_batch(st, now, p);
	if (more != 0)
		return more;
	if (!p->is_walk) {
		p->is_walk = 1;
		return 1;
	}
	p->is_walk = 0;
	p->after.len = 0;
	return ++p->table < N_KINDS;
}
