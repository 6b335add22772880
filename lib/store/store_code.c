/* store_code.c: authorization codes. */
#include "store_code.h"
#include "store_int.h"

int
store_code_add(struct store *st, const struct auth_code *c)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_CODE_ADD)) == NULL)
		return -1;
	bind_digest(s, 1, &c->digest);
	bind_id(s, 2, &c->granted.family);
	bind_int(s, 3, c->granted.client);
	bind_int(s, 4, c->granted.user);
	bind_text(s, 5, c->redirect_uri);
	bind_text(s, 6, c->challenge);
	bind_text(s, 7, c->granted.scope);
	bind_int(s, 8, c->expires_at);
	bind_text(s, 9, c->granted.resource);
	return store_run(st, s, "code_add");
}

int
store_code_find(struct store *st, struct arena *a, const struct digest *d,
    struct auth_code *out)
{
	sqlite3_stmt *s;
	int found = 0, rc;

	if ((s = store_stmt(st, SQL_CODE_FIND)) == NULL)
		return -1;
	bind_digest(s, 1, d);
	if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		out->digest = *d;
		column_id(s, 0, &out->granted.family);
		out->granted.client = sqlite3_column_int64(s, 1);
		out->granted.user = sqlite3_column_int64(s, 2);
		out->redirect_uri = column_dup(s, 3, a);
		out->challenge = column_dup(s, 4, a);
		out->granted.scope = column_dup(s, 5, a);
		out->expires_at = sqlite3_column_int64(s, 6);
		out->spent_at = sqlite3_column_int64(s, 7);
		out->granted.resource = column_dup(s, 8, a);
		found = 1;
	} else if (rc != SQLITE_DONE) {
		found = store_fail(st, "code_find");
	}
	store_done(s);
	return found;
}

int
store_code_spend(struct store *st, const struct digest *d, int64_t now)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_CODE_SPEND)) == NULL)
		return -1;
	bind_digest(s, 1, d);
	bind_int(s, 2, now);
	return store_run(st, s, "code_spend");
}
