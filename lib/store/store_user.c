/* store_user.c: the people who sign in. */
#include "store_int.h"
#include "store_user.h"

static void
read_user(sqlite3_stmt *s, struct arena *a, struct user *out)
{
	out->id = sqlite3_column_int64(s, 0);
	out->email = column_dup(s, 1, a);
	out->name = column_dup(s, 2, a);
	out->password = column_dup(s, 3, a);
	out->scope = column_dup(s, 4, a);
	out->created_at = sqlite3_column_int64(s, 5);
	out->disabled_at = sqlite3_column_int64(s, 6);
	out->login = column_dup(s, 7, a);
}

/* Step s, which finds one user or none. */
static int
find(struct store *st, sqlite3_stmt *s, struct arena *a, struct user *out)
{
	int found = 0, rc;

	if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		read_user(s, a, out);
		found = 1;
	} else if (rc != SQLITE_DONE) {
		found = store_fail(st, "user_find");
	}
	store_done(s);
	return found;
}

int
store_user_by_email(
    struct store *st, struct arena *a, const char *email, struct user *out)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_USER_BY_EMAIL)) == NULL)
		return -1;
	bind_text(s, 1, email);
	return find(st, s, a, out);
}

int
store_user_by_login(
    struct store *st, struct arena *a, const char *login, struct user *out)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_USER_BY_LOGIN)) == NULL)
		return -1;
	bind_text(s, 1, login);
	return find(st, s, a, out);
}

int
store_user_by_id(
    struct store *st, struct arena *a, int64_t id, struct user *out)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_USER_BY_ID)) == NULL)
		return -1;
	bind_int(s, 1, id);
	return find(st, s, a, out);
}

int
store_user_add(struct store *st, struct user *u)
{
	sqlite3_stmt *s;
	int n;

	if ((s = store_stmt(st, SQL_USER_ADD)) == NULL)
		return -1;
	bind_text(s, 1, u->email);
	bind_text(s, 2, u->name);
	bind_text(s, 3, u->password);
	bind_text(s, 4, u->scope);
	bind_int(s, 5, u->created_at);
	bind_text(s, 6, u->login);
	if ((n = store_run(st, s, "user_add")) == 1)
		u->id = sqlite3_last_insert_rowid(st->db);
	return n;
}

int
store_user_change(struct store *st, const struct user *u)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_USER_CHANGE)) == NULL)
		return -1;
	bind_int(s, 1, u->id);
	bind_text(s, 2, u->email);
	bind_text(s, 3, u->login);
	bind_text(s, 4, u->name);
	bind_text(s, 5, u->scope);
	return store_run(st, s, "user_change");
}

int
store_user_set_password(
    struct store *st, int64_t id, const char *old, const char *hash)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_USER_PASSWORD)) == NULL)
		return -1;
	bind_int(s, 1, id);
	bind_text(s, 2, hash);
	bind_text(s, 3, old);
	return store_run(st, s, "user_set_password");
}

int
store_user_stands(struct store *st, int64_t id, const char *password)
{
	sqlite3_stmt *s;
	int found, rc;

	if ((s = store_stmt(st, SQL_USER_STANDS)) == NULL)
		return -1;
	bind_int(s, 1, id);
	bind_text(s, 2, password);
	rc = sqlite3_step(s);
	found = rc == SQLITE_ROW ? 1
	    : rc == SQLITE_DONE	 ? 0
				 : store_fail(st, "user_stands");
	store_done(s);
	return found;
}

int
store_user_set_disabled(struct store *st, int64_t id, int64_t at)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_USER_DISABLED)) == NULL)
		return -1;
	bind_int(s, 1, id);
	bind_int_or_null(s, 2, at);
	return store_run(st, s, "user_set_disabled");
}

int
store_user_dearest(struct store *st, int *out)
{
	sqlite3_stmt *s;
	int rc = 0;

	if ((s = store_stmt(st, SQL_USER_DEAREST)) == NULL)
		return -1;
	if (sqlite3_step(s) == SQLITE_ROW)
		*out = sqlite3_column_int(s, 0);
	else
		rc = store_fail(st, "user_dearest");
	store_done(s);
	return rc;
}

int
store_user_list(struct store *st, struct arena *a, int64_t after,
    struct user *out, size_t n)
{
	sqlite3_stmt *s;
	int count = 0, rc;

	if ((s = store_stmt(st, SQL_USER_LIST)) == NULL)
		return -1;
	bind_int(s, 1, after);
	bind_int(s, 2, (int64_t)n);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW && (size_t)count < n)
		read_user(s, a, &out[count++]);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		count = store_fail(st, "user_list");
	store_done(s);
	return count;
}
