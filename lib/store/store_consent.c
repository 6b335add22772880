/* store_consent.c: what users granted to which clients. */
#include "store_consent.h"
#include "store_int.h"

int
store_consent_find(struct store *st, struct arena *a, int64_t user,
    int64_t client, const char *resource, const char **scope)
{
	sqlite3_stmt *s;
	int found;

	if ((s = store_stmt(st, SQL_CONSENT_FIND)) == NULL)
		return -1;
	bind_int(s, 1, user);
	bind_int(s, 2, client);
	bind_text(s, 3, resource);
	/* There is one row always, and NULL in it where there is none. */
	if (sqlite3_step(s) == SQLITE_ROW) {
		*scope = column_dup(s, 0, a);
		found = *scope != NULL;
	} else {
		found = store_fail(st, "consent_find");
	}
	store_done(s);
	return found;
}

int
store_consent_put(
    struct store *st, int64_t user, const struct consent *c)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_CONSENT_PUT)) == NULL)
		return -1;
	bind_int(s, 1, user);
	bind_int(s, 2, c->client);
	bind_text(s, 3, c->resource == NULL ? "" : c->resource);
	bind_text(s, 4, c->scope);
	bind_int(s, 5, c->granted_at);
	return store_run(st, s, "consent_put");
}

int
store_consent_used(
    struct store *st, int64_t user, int64_t client, int64_t now)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_CONSENT_USED)) == NULL)
		return -1;
	bind_int(s, 1, user);
	bind_int(s, 2, client);
	bind_int(s, 3, now);
	return store_run(st, s, "consent_used");
}

int
store_consent_list(struct store *st, struct arena *a, int64_t user,
    struct consent *out, size_t n)
{
	struct consent *c;
	sqlite3_stmt *s;
	int count = 0, rc;

	if ((s = store_stmt(st, SQL_CONSENT_LIST)) == NULL)
		return -1;
	bind_int(s, 1, user);
	bind_int(s, 2, (int64_t)n);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW && (size_t)count < n) {
		c = &out[count++];
		c->client = sqlite3_column_int64(s, 0);
		c->client_id = column_dup(s, 1, a);
		c->client_name = column_dup(s, 2, a);
		c->scope = column_dup(s, 3, a);
		c->granted_at = sqlite3_column_int64(s, 4);
		c->last_used_at = sqlite3_column_int64(s, 5);
		c->redirect_uris = column_dup(s, 6, a);
		c->grants = column_dup(s, 7, a);
	}
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		count = store_fail(st, "consent_list");
	store_done(s);
	return count;
}

int
store_app_revoke(
    struct store *st, int64_t user, int64_t client, int64_t now)
{
	static const enum sql steps[] = { SQL_APP_ACCESS_REVOKE,
		SQL_APP_REFRESH_REVOKE, SQL_APP_CODES_SPEND,
		SQL_APP_DEVICES_SPEND, SQL_CONSENT_DELETE };
	sqlite3_stmt *s;
	int n = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if ((s = store_stmt(st, steps[i])) == NULL)
			return -1;
		bind_int(s, 1, user);
		bind_int(s, 2, client);
		if (steps[i] != SQL_CONSENT_DELETE)
			bind_int(s, 3, now);
		if ((n = store_run(st, s, "app_revoke")) < 0)
			return -1;
	}
	return n;
}
