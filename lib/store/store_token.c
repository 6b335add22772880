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
		out->name = column_dup(s, 11, a);
		out->last_used_at = sqlite3_column_int64(s, 12);
		out->created_at = sqlite3_column_int64(s, 13);
		out->client_grants = column_dup(s, 14, a);
		out->has_seal = column_digest(s, 15, &out->seal);
		out->client_scope = column_dup(s, 16, a);
		out->user_scope = column_dup(s, 17, a);
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
	bind_int_or_null(s, 10, t->signed_by);
	return store_run(st, s, "access_add");
}

int
store_access_of_key(struct store *st, int64_t key, int64_t since, int64_t now,
    int64_t *n)
{
	sqlite3_stmt *s;
	int rc = 0;

	if ((s = store_stmt(st, SQL_ACCESS_OF_KEY)) == NULL)
		return -1;
	bind_int(s, 1, key);
	bind_int(s, 2, since);
	bind_int(s, 3, now);
	if (sqlite3_step(s) == SQLITE_ROW)
		*n = sqlite3_column_int64(s, 0);
	else
		rc = store_fail(st, "access_of_key");
	store_done(s);
	return rc;
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
	bind_id(s, 2, &t->granted.family);
	bind_id(s, 3, &t->access_token);
	bind_int(s, 4, t->granted.client);
	bind_int(s, 5, t->granted.user);
	bind_text(s, 6, t->granted.scope);
	bind_int(s, 7, t->expires_at);
	bind_text(s, 8, t->granted.resource);
	bind_int_or_null(s, 9, t->spent_at);
	if (t->has_came_with)
		bind_digest(s, 10, &t->came_with);
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
		column_id(s, 0, &out->granted.family);
		column_id(s, 1, &out->access_token);
		out->granted.client = sqlite3_column_int64(s, 2);
		out->granted.user = sqlite3_column_int64(s, 3);
		out->granted.scope = column_dup(s, 4, a);
		out->expires_at = sqlite3_column_int64(s, 5);
		out->spent_at = sqlite3_column_int64(s, 6);
		out->revoked_at = sqlite3_column_int64(s, 7);
		out->granted.resource = column_dup(s, 8, a);
		found = 1;
	} else if (rc != SQLITE_DONE) {
		found = store_fail(st, "refresh_find");
	}
	store_done(s);
	return found;
}

/* Of the refresh token that was spent: what else came with it. */
struct spent {
	struct id access, family;
	int is_shared;
};

/* Spend it if it is unspent; stepped to its end, as the row may come before the
 * write fails.  1 if it was, 0, or -1. */
static int
spend_first(struct store *st, const struct digest *d, int64_t now,
    struct spent *out)
{
	sqlite3_stmt *s;
	int found = 0, rc;

	if ((s = store_stmt(st, SQL_REFRESH_SPEND)) == NULL)
		return -1;
	bind_digest(s, 1, d);
	bind_int(s, 2, now);
	if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		found = column_id(s, 0, &out->access) &&
		    column_id(s, 1, &out->family);
		out->is_shared = sqlite3_column_int(s, 2);
		rc = sqlite3_step(s);
	}
	if (rc != SQLITE_DONE)
		found = store_fail(st, "refresh_spend");
	store_done(s);
	return found;
}

/* The access token that came with it. */
static int
revoke_pair(struct store *st, const struct id *id, int64_t now)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_REFRESH_PAIR_REVOKE)) == NULL)
		return -1;
	bind_id(s, 1, id);
	bind_int(s, 2, now);
	return store_run(st, s, "refresh_spend");
}

/* The access tokens of further uses, each with a row of its own. */
static int
revoke_shared(struct store *st, const struct digest *d, const struct spent *sp,
    int64_t now)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_REFRESH_SHARED_REVOKE)) == NULL)
		return -1;
	bind_id(s, 1, &sp->family);
	bind_int(s, 2, now);
	bind_digest(s, 3, d);
	return store_run(st, s, "refresh_spend");
}

/* A further use within the grace: the next one is given once more. */
static int
share(struct store *st, const struct digest *d, const struct digest *next,
    int64_t now, int64_t grace_s)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_REFRESH_SHARE)) == NULL)
		return -1;
	bind_digest(s, 1, next);
	bind_digest(s, 2, d);
	bind_int(s, 3, now);
	bind_int(s, 4, now - grace_s);
	bind_int(s, 5, now + grace_s);
	return store_run(st, s, "refresh_share");
}

int
store_refresh_spend(struct store *st, const struct digest *d,
    const struct digest *next, int64_t now, int64_t grace_s)
{
	struct spent sp;
	int found;

	if ((found = spend_first(st, d, now, &sp)) < 0)
		return -1;
	if (found == 0 && grace_s == 0)
		return REFRESH_REPLAYED;
	if (found == 0) {
		found = share(st, d, next, now, grace_s);
		return found == 1 ? REFRESH_AGAIN
		    : found == 0  ? REFRESH_REPLAYED
				  : -1;
	}
	if (revoke_pair(st, &sp.access, now) < 0 ||
	    (sp.is_shared && revoke_shared(st, d, &sp, now) < 0))
		return -1;
	return REFRESH_FIRST;
}

int
store_refresh_keep(struct store *st, const struct digest *d, int64_t now,
    int64_t expires_at)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_REFRESH_KEEP)) == NULL)
		return -1;
	bind_digest(s, 1, d);
	bind_int(s, 2, now);
	bind_int(s, 3, expires_at);
	return store_run(st, s, "refresh_keep");
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
    int64_t now, const struct id *before, struct access_token *out, size_t n)
{
	struct access_token *t;
	sqlite3_stmt *s;
	int count = 0, rc;

	if ((s = store_stmt(st, SQL_PERSONAL_LIST)) == NULL)
		return -1;
	bind_int(s, 1, user);
	bind_int(s, 2, now);
	bind_int(s, 3, (int64_t)n);
	if (before != NULL)
		bind_id(s, 4, before);
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
