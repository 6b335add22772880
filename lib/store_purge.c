/* store_purge.c: what is over is deleted. */
#include "store_int.h"

/* What was spent or revoked is known as such for a day. */
#define KEPT_S 86400

static const struct kind {
	const char *table;
	enum sql expired;
	int64_t kept_s; /* how long after it expired */
	enum sql keep;  /* what must stay yet; 0: nothing */
} kinds[] = {
	{ "oauth_access_tokens", SQL_PURGE_ACCESS, 0, 0 },
	{ "oauth_refresh_tokens", SQL_PURGE_REFRESH, 0, SQL_KEEP_REFRESH },
	{ "oauth_auth_codes", SQL_PURGE_CODES, KEPT_S, 0 },
	{ "oauth_device_codes", SQL_PURGE_DEVICES, KEPT_S, 0 },
	{ "sessions", SQL_PURGE_SESSIONS, 0, 0 },
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int
run_before(struct store *st, enum sql which, int64_t before)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, which)) == NULL)
		return -1;
	bind_int(s, 1, before);
	return store_run(st, s, "purge");
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
