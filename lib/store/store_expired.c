/* store_expired.c: expired rows are deleted, a few at a time. */
#include "store_expired.h"

#include "crypto.h"
#include "engine.h"
#include "query.h"

/* A code stays for a day after it expired: a replay is then still seen. */
#define KEPT_S 86400

/* A device that polls learns that its code has expired (RFC 8628 section 3.5). */
#define DEVICE_KEPT_S 60

/*
 * One request in so many that add rows deletes expired ones.  A purge at each
 * request would mostly find nothing, and the search would hold the write lock for
 * longer.  A process begins at a random turn, as a plain CGI program has only one.
 */
#define TURN_EVERY 4
#define IN_TURN 64 /* rows: of 12 kinds, between two turns 48 requests add fewer */

const struct expired_kind expired_kinds[STORE_EXPIRED_KINDS] = {
	{ .table = "oauth_access_tokens",
	    .list = SQL_PURGE_ACCESS_LIST, .n_list = 4,
	    .delete = SQL_PURGE_ACCESS_DELETE },
	{ .table = "oauth_refresh_tokens", .expired = SQL_PURGE_REFRESH,
	    .keep = SQL_PURGE_REFRESH_KEEP,
	    .list = SQL_PURGE_REFRESH_LIST, .n_list = 3,
	    .delete = SQL_PURGE_REFRESH_DELETE },
	{ .table = "oauth_auth_codes", .expired = SQL_PURGE_CODES,
	    .kept_s = KEPT_S },
	{ .table = "oauth_device_codes", .expired = SQL_PURGE_DEVICES,
	    .kept_s = DEVICE_KEPT_S },
	{ .table = "sessions", .expired = SQL_PURGE_SESSIONS },
	{ .table = "throttle", .expired = SQL_PURGE_THROTTLE },
	{ .table = "links", .expired = SQL_PURGE_LINKS },
	{ .table = "used_once", .expired = SQL_PURGE_USED },
	{ .table = "fetches", .expired = SQL_PURGE_FETCHES },
	{ .table = "strangers", .expired = SQL_PURGE_STRANGERS },
	{ .table = "registration_tickets",
	    .expired = SQL_PURGE_REG_TICKETS },
	{ .table = "pushed_requests", .expired = SQL_PURGE_PUSHED },
};

static int
run_before(struct store *st, enum sql which, int64_t before)
{
	const struct value v[] = { V_INT(before) };

	return query_run(st, which, v, 1);
}

static int
run_with(struct store *st, enum sql which, const struct rowkey *key)
{
	const struct value v[] = { V_KEY(key) };

	return query_run(st, which, v, 1);
}

/* An access token that the walk comes to. */
struct walked {
	struct rowkey key;
	int is_expired;
};

static void
read_walked(const struct row *r, void *out)
{
	struct walked *to = out;

	row_key(r, 0, &to->key);
	to->is_expired = (int)row_int(r, 1);
}

/*
 * Of the next n access tokens delete those that expired; 0, or -1.  The table
 * purge_place says where the walk is, so all processes go on with one walk, and
 * begin it again at its end.  An expired row waits for one walk at most: with the
 * turns above, until there are three fifths more rows.
 */
static int
purge_access(struct store *st, int64_t now, int n, int64_t *gone)
{
	const int most = n < IN_TURN ? n : IN_TURN;
	const struct value v[] = { V_INT(now), V_INT(most) };
	const struct rowkey beginning = { .len = 0 };
	struct walked walked[IN_TURN];
	int seen, one;

	if (most <= 0)
		return 0;
	if ((seen = query_list(st, NULL, SQL_PURGE_ACCESS_NEXT, v, 2, read_walked,
		 walked, sizeof(walked[0]), (size_t)most)) < 0)
		return -1;
	for (int i = 0; i < seen; i++) {
		if (!walked[i].is_expired)
			continue;
		if ((one = run_with(st, SQL_PURGE_ACCESS_DELETE,
			 &walked[i].key)) < 0)
			return -1;
		*gone += one;
	}
	/* Behind the last row the next walk begins at the first one. */
	return run_with(st, SQL_PURGE_ACCESS_PLACE,
		   seen < most ? &beginning : &walked[most - 1].key) < 0 ? -1 : 0;
}

/*
 * The refresh tokens of a family lead to its access tokens when it is revoked.  So
 * an expired refresh token stays as long as its access token lives (keep).
 */
int
store_expired_kind(
    struct store *st, const struct expired_kind *k, int64_t now, int n, int64_t *gone)
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
store_expired_delete(struct store *st, int64_t now, int n)
{
	int64_t gone = 0;

	for (size_t i = 0; i < STORE_EXPIRED_KINDS; i++)
		if (store_expired_kind(st, &expired_kinds[i], now, n, &gone) < 0)
			return -1;
	return (int)gone;
}

int
store_expired_turn(struct store *st, int64_t now)
{
	int64_t gone = 0;
	unsigned turn;

	if (st->purge_turn == 0)
		crypto_random(&st->purge_turn, sizeof(st->purge_turn));
	turn = st->purge_turn++;
	if (turn % TURN_EVERY != 0)
		return 0;
	return store_expired_kind(st, &expired_kinds[turn / TURN_EVERY % STORE_EXPIRED_KINDS], now,
	    IN_TURN, &gone) < 0 ? -1 : (int)gone;
}
