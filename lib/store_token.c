/* store_token.c: access tokens, refresh tokens and their families. */
#include "store_int.h"
#include "store_token.h"

int
store_access_holder(struct store *st, struct arena *a, const struct id *id,
    struct holder *out)
{
	sqlite3_stmt *s;
	int found = 0, rc;

	if ((s = store_stmt(st, SQL_ACCESS_HOLDER)) == NULL)
		return -1;
	bind_id(s, 1, id);
	if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		out->client = sqlite3_column_int64(s, 0);
		out->user = sqlite3_column_int64(s, 1);
		out->client_id = column_dup(s, 2, a);
		out->email = column_dup(s, 3, a);
		out->user_name = column_dup(s, 4, a);
		out->scope = column_dup(s, 5, a);
		out->has_family = column_id(s, 6, &out->family);
		out->expires_at = sqlite3_column_int64(s, 7);
		out->token_revoked = sqlite3_column_int(s, 8);
		out->client_revoked = sqlite3_column_int(s, 9);
		out->user_disabled = sqlite3_column_int(s, 10);
		out->is_personal = sqlite3_column_int(s, 11);
		out->last_used_at = sqlite3_column_int64(s, 12);
		out->created_at = sqlite3_column_int64(s, 13);
		out->client_grants = column_dup(s, 14, a);
		out->has_seal = column_digest(s, 15, &out->seal);
		found = 1;
	} else if (rc != SQLITE_DONE) {
		found = store_fail(st, "access_holder");
	}
	store_done(s);
	return found;
}

int
store_access_add(struct store *st, const struct access_token *t)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_ACCESS_ADD)) == NULL)
		return -1;
	bind_id(s, 1, &t->id);
	bind_int(s, 2, t->client);
	bind_int_or_null(s, 3, t->user);
	if (t->has_family)
		bind_id(s, 4, &t->family);
	bind_text(s, 5, t->name);
	bind_text(s, 6, t->scope);
	bind_int(s, 7, t->created_at);
	bind_int(s, 8, t->expires_at);
	if (t->has_seal)
		bind_digest(s, 9, &t->seal);
	return store_run(st, s, "access_add");
}

int
store_access_revoke(struct store *st, const struct id *id, int64_t now)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_ACCESS_REVOKE)) == NULL)
		return -1;
	bind_id(s, 1, id);
	bind_int(s, 2, now);
	return store_run(st, s, "access_revoke");
}

int
store_refresh_add(struct store *st, const struct refresh_token *t)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_REFRESH_ADD)) == NULL)
		return -1;
	bind_digest(s, 1, &t->digest);
	bind_id(s, 2, &t->family);
	bind_id(s, 3, &t->access_token);
	bind_int(s, 4, t->client);
	bind_int(s, 5, t->user);
	bind_text(s, 6, t->scope);
	bind_int(s, 7, t->expires_at);
	bind_text(s, 8, t->resource);
	return store_run(st, s, "refresh_add");
}

int
store_refresh_find(struct store *st, struct arena *a, const struct digest *d,
    struct refresh_token *out)
{
	sqlite3_stmt *s;
	int found = 0, rc;

	if ((s = store_stmt(st, SQL_REFRESH_FIND)) == NULL)
		return -1;
	bind_digest(s, 1, d);
	if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		out->digest = *d;
		column_id(s, 0, &out->family);
		column_id(s, 1, &out->access_token);
		out->client = sqlite3_column_int64(s, 2);
		out->user = sqlite3_column_int64(s, 3);
		out->scope = column_dup(s, 4, a);
		out->expires_at = sqlite3_column_int64(s, 5);
		out->spent_at = sqlite3_column_int64(s, 6);
		out->revoked_at = sqlite3_column_int64(s, 7);
		out->resource = column_dup(s, 8, a);
		found = 1;
	} else if (rc != SQLITE_DONE) {
		found = store_fail(st, "refresh_find");
	}
	store_done(s);
	return found;
}

/*
 * Run a statement that spends one refresh token and returns its pair's access
 * token; stepped to its end, as the row may come before the write fails.
 */
static int
spend_with(struct store *st, sqlite3_stmt *s, struct id *access)
{
	int found = 0, rc;

	if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		found = column_id(s, 0, access);
		rc = sqlite3_step(s);
	}
	if (rc != SQLITE_DONE)
		found = store_fail(st, "refresh_spend");
	store_done(s);
	return found;
}

int
store_refresh_spend(
    struct store *st, const struct digest *d, int64_t now, int64_t grace_s)
{
	sqlite3_stmt *s;
	struct id access;
	int found;

	if ((s = store_stmt(st, SQL_REFRESH_SPEND)) == NULL)
		return -1;
	bind_digest(s, 1, d);
	bind_int(s, 2, now);
	found = spend_with(st, s, &access);
	if (found == 0 && grace_s > 0) {
		if ((s = store_stmt(st, SQL_REFRESH_SPEND_LIVE)) == NULL)
			return -1;
		bind_digest(s, 1, d);
		bind_int(s, 2, now);
		bind_int(s, 3, now - grace_s);
		bind_int(s, 4, now + grace_s);
		found = spend_with(st, s, &access);
	}
	if (found == 1 && store_access_revoke(st, &access, now) < 0)
		return -1;
	return found;
}

int
store_family_revoke(struct store *st, const struct id *family, int64_t now)
{
	sqlite3_stmt *s;
	int n;

	if ((s = store_stmt(st, SQL_FAMILY_ACCESS_REVOKE)) == NULL)
		return -1;
	bind_id(s, 1, family);
	bind_int(s, 2, now);
	if ((n = store_run(st, s, "family_revoke")) < 0 ||
	    (s = store_stmt(st, SQL_FAMILY_REVOKE)) == NULL)
		return -1;
	bind_id(s, 1, family);
	bind_int(s, 2, now);
	return store_run(st, s, "family_revoke");
}

int
store_personal_list(struct store *st, struct arena *a, int64_t user,
    int64_t now, struct access_token *out, size_t n)
{
	struct access_token *t;
	sqlite3_stmt *s;
	int count = 0, rc;

	if ((s = store_stmt(st, SQL_PERSONAL_LIST)) == NULL)
		return -1;
	bind_int(s, 1, user);
	bind_int(s, 2, now);
	bind_int(s, 3, (int64_t)n);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW && (size_t)count < n) {
		t = &out[count++];
		memset(t, 0, sizeof(*t));
		column_id(s, 0, &t->id);
		t->name = column_dup(s, 1, a);
		t->scope = column_dup(s, 2, a);
		t->created_at = sqlite3_column_int64(s, 3);
		t->expires_at = sqlite3_column_int64(s, 4);
		t->last_used_at = sqlite3_column_int64(s, 5);
	}
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		count = store_fail(st, "personal_list");
	store_done(s);
	return count;
}

int
store_personal_revoke(
    struct store *st, int64_t user, const struct id *id, int64_t now)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_PERSONAL_REVOKE)) == NULL)
		return -1;
	bind_id(s, 1, id);
	bind_int(s, 2, user);
	bind_int(s, 3, now);
	return store_run(st, s, "personal_revoke");
}

int
store_access_used(struct store *st, const struct id *id, int64_t now)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_PERSONAL_USED)) == NULL)
		return -1;
	bind_id(s, 1, id);
	bind_int(s, 2, now);
	return store_run(st, s, "access_used");
}
