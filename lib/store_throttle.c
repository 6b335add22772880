/* store_throttle.c: how often something failed of late. */
#include "store_int.h"

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
	return done;
}

int
store_throttle_know(struct store *st, const struct digest *key, int64_t until)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_THROTTLE_KNOW)) == NULL)
		return -1;
	bind_digest(s, 1, key);
	bind_int(s, 2, until);
	return store_run(st, s, "throttle_know");
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

int
store_throttle_trim(struct store *st)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_THROTTLE_TRIM)) == NULL)
		return -1;
	bind_int(s, 1, STORE_THROTTLE_MAX);
	return store_run(st, s, "throttle_trim");
}
