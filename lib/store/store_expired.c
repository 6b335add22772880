/* store_expired.c: expired rows are deleted, a few at a time. */
#include "store_expired.h"

#include "crypto.h"
#include "engine.h"
#include "query.h"

/* What was spent or revoked is known as such for a day. */
#define KEPT_S 86400

/* A device that polls learns that its code has expired (RFC 8628 section 3.5). */
#define DEVICE_KEPT_S 60

/*
 * One request in so many has a turn, for all of them: most find nothing, and the
 * look alone holds the write lock for longer.  A plain CGI draws its number.
 */
#define TURN_EVERY 4
#define IN_TURN 64 /* rows: of 6 kinds, between two turns 24 requests add fewer */

const struct expired_kind expired_kinds[STORE_EXPIRED_KINDS] = {
	{ .table = "oauth_access_tokens",
	    .over = SQL_OVER_ACCESS, .n_over = 4, .forget = SQL_FORGET_ACCESS },
	{ .table = "oauth_refresh_tokens", .expired = SQL_PURGE_REFRESH,
	    .keep = SQL_KEEP_REFRESH,
	    .over = SQL_OVER_REFRESH, .n_over = 3, .forget = SQL_FORGET_REFRESH },
	{ .table = "oauth_auth_codes", .expired = SQL_PURGE_CODES,
	    .kept_s = KEPT_S },
	{ .table = "oauth_device_codes", .expired = SQL_PURGE_DEVICES,
	    .kept_s = DEVICE_KEPT_S },
	{ .table = "sessions", .expired = SQL_PURGE_SESSIONS },
	{ .table = "throttle", .expired = SQL_PURGE_THROTTLE },
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
 * Of the next n access tokens delete those that expired; 0, or -1.  All are walked
 * through again and again, by whichever process has a turn.  What expires waits for
 * one walk at most: with the turns above, until there are three fifths more rows.
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
	if ((seen = query_list(st, NULL, SQL_WALK_ACCESS, v, 2, read_walked,
		 walked, sizeof(walked[0]), (size_t)most)) < 0)
		return -1;
	for (int i = 0; i < seen; i++) {
		if (!walked[i].is_expired)
			continue;
		if ((one = run_with(st, SQL_FORGET_ACCESS, &walked[i].key)) < 0)
			return -1;
		*gone += one;
	}
	/* At the end of the table the next walk starts at its beginning. */
	return run_with(st, SQL_WALK_PLACE,
		   seen < most ? &beginning : &walked[most - 1].key) < 0 ? -1 : 0;
}

/*
 * A family is revoked by way of its refresh tokens: one whose access token has not
 * expired is kept for that.
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
