/* store_session.c: sign-in sessions. */
#include "store_int.h"
#include "store_session.h"

static void
read_session(sqlite3_stmt *s, struct arena *a, struct session *out)
{
	column_digest(s, 0, &out->digest);
	out->user = sqlite3_column_int64(s, 1);
	out->agent = column_dup(s, 2, a);
	out->address = column_dup(s, 3, a);
	out->created_at = sqlite3_column_int64(s, 4);
	out->seen_at = sqlite3_column_int64(s, 5);
	out->expires_at = sqlite3_column_int64(s, 6);
}

int
store_session_add(struct store *st, const struct session *n)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_SESSION_ADD)) == NULL)
		return -1;
	bind_digest(s, 1, &n->digest);
	bind_int(s, 2, n->user);
	bind_text(s, 3, n->agent);
	bind_text(s, 4, n->address);
	bind_int(s, 5, n->created_at);
	bind_int(s, 6, n->seen_at);
	bind_int(s, 7, n->expires_at);
	return store_run(st, s, "session_add");
}

int
store_session_find(struct store *st, struct arena *a, const struct digest *d,
    int64_t now, struct session *out)
{
	sqlite3_stmt *s;
	int found = 0, rc;

	if ((s = store_stmt(st, SQL_SESSION_FIND)) == NULL)
		return -1;
	bind_digest(s, 1, d);
	bind_int(s, 2, now);
	if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		read_session(s, a, out);
		found = 1;
	} else if (rc != SQLITE_DONE) {
		found = store_fail(st, "session_find");
	}
	store_done(s);
	return found;
}

int
store_session_seen(struct store *st, const struct digest *d, int64_t now)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_SESSION_SEEN)) == NULL)
		return -1;
	bind_digest(s, 1, d);
	bind_int(s, 2, now);
	return store_run(st, s, "session_seen");
}

int
store_session_delete(struct store *st, const struct digest *d)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_SESSION_DELETE)) == NULL)
		return -1;
	bind_digest(s, 1, d);
	return store_run(st, s, "session_delete");
}

int
store_session_delete_others(
    struct store *st, int64_t user, const struct digest *keep)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_SESSION_DELETE_OTHERS)) == NULL)
		return -1;
	bind_int(s, 1, user);
	if (keep != NULL)
		bind_digest(s, 2, keep);
	return store_run(st, s, "session_delete_others");
}

int
store_session_list(struct store *st, struct arena *a, int64_t user,
    int64_t now, struct session *out, size_t n)
{
	sqlite3_stmt *s;
	int count = 0, rc;

	if ((s = store_stmt(st, SQL_SESSION_LIST)) == NULL)
		return -1;
	bind_int(s, 1, user);
	bind_int(s, 2, now);
	bind_int(s, 3, (int64_t)n);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW && (size_t)count < n)
		read_session(s, a, &out[count++]);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		count = store_fail(st, "session_list");
	store_done(s);
	return count;
}
