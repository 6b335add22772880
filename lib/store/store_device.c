/* store_device.c: device codes (RFC 8628). */
#include "store_device.h"
#include "store_int.h"

int
store_device_add(struct store *st, const struct device_code *c)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_DEVICE_ADD)) == NULL)
		return -1;
	bind_digest(s, 1, &c->digest);
	bind_text(s, 2, c->user_code);
	bind_id(s, 3, &c->granted.family);
	bind_int(s, 4, c->granted.client);
	bind_text(s, 5, c->granted.scope);
	bind_int(s, 6, c->interval_s);
	bind_int(s, 7, c->expires_at);
	bind_text(s, 8, c->granted.resource);
	return store_run(st, s, "device_add");
}

int
store_device_waiting(
    struct store *st, int64_t now, int64_t most, int64_t *first)
{
	sqlite3_stmt *s;
	int n = -1;

	if ((s = store_stmt(st, SQL_DEVICE_WAITING)) == NULL)
		return -1;
	bind_int(s, 1, now);
	bind_int(s, 2, most);
	if (sqlite3_step(s) == SQLITE_ROW) {
		n = sqlite3_column_int(s, 0);
		*first = sqlite3_column_int64(s, 1);
	} else {
		store_fail(st, "device_waiting");
	}
	store_done(s);
	return n;
}

/* Step s, which finds one code or none. */
static int
find(struct store *st, sqlite3_stmt *s, struct arena *a,
    struct device_code *out)
{
	int found = 0, rc;

	if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		column_digest(s, 0, &out->digest);
		out->user_code = column_dup(s, 1, a);
		column_id(s, 2, &out->granted.family);
		out->granted.client = sqlite3_column_int64(s, 3);
		out->granted.user = sqlite3_column_int64(s, 4);
		out->granted.scope = column_dup(s, 5, a);
		out->interval_s = sqlite3_column_int64(s, 6);
		out->polled_at = sqlite3_column_int64(s, 7);
		out->approved_at = sqlite3_column_int64(s, 8);
		out->denied_at = sqlite3_column_int64(s, 9);
		out->spent_at = sqlite3_column_int64(s, 10);
		out->expires_at = sqlite3_column_int64(s, 11);
		out->granted.resource = column_dup(s, 12, a);
		found = 1;
	} else if (rc != SQLITE_DONE) {
		found = store_fail(st, "device_find");
	}
	store_done(s);
	return found;
}

int
store_device_find(struct store *st, struct arena *a, const struct digest *d,
    struct device_code *out)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_DEVICE_FIND)) == NULL)
		return -1;
	bind_digest(s, 1, d);
	return find(st, s, a, out);
}

int
store_device_by_user_code(struct store *st, struct arena *a,
    const char *user_code, int64_t now, struct device_code *out)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_DEVICE_BY_USER_CODE)) == NULL)
		return -1;
	bind_text(s, 1, user_code);
	bind_int(s, 2, now);
	return find(st, s, a, out);
}

int
store_device_decided(struct store *st, struct arena *a, const char *user_code,
    int64_t user, struct device_code *out)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_DEVICE_DECIDED)) == NULL)
		return -1;
	bind_text(s, 1, user_code);
	bind_int(s, 2, user);
	return find(st, s, a, out);
}

int
store_device_polled(struct store *st, const struct digest *d, int64_t now,
    int64_t interval_s)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_DEVICE_POLLED)) == NULL)
		return -1;
	bind_digest(s, 1, d);
	bind_int(s, 2, now);
	bind_int(s, 3, interval_s);
	return store_run(st, s, "device_polled");
}

int
store_device_decide(struct store *st, const char *user_code, int64_t user,
    const char *scope, int approve, int64_t now)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_DEVICE_DECIDE)) == NULL)
		return -1;
	bind_text(s, 1, user_code);
	bind_int(s, 2, user);
	bind_text(s, 3, scope);
	bind_int(s, 4, approve);
	bind_int(s, 5, now);
	return store_run(st, s, "device_decide");
}

int
store_device_spend(struct store *st, const struct digest *d, int64_t now)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_DEVICE_SPEND)) == NULL)
		return -1;
	bind_digest(s, 1, d);
	bind_int(s, 2, now);
	return store_run(st, s, "device_spend");
}
