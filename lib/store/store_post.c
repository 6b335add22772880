/* store_post.c: the example API's posts. */
#include "store_int.h"
#include "store_post.h"

static void
read_post(sqlite3_stmt *s, struct arena *a, struct post *out)
{
	out->id = sqlite3_column_int64(s, 0);
	out->user = sqlite3_column_int64(s, 1);
	out->title = column_dup(s, 2, a);
	out->body = column_dup(s, 3, a);
	out->created_at = sqlite3_column_int64(s, 4);
}

int
store_post_list(struct store *st, struct arena *a, int64_t before,
    struct post *out, size_t n)
{
	sqlite3_stmt *s;
	int count = 0, rc;

	if ((s = store_stmt(st, SQL_POST_LIST)) == NULL)
		return -1;
	bind_int(s, 1, before > 0 ? before : INT64_MAX);
	bind_int(s, 2, (int64_t)n);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW && (size_t)count < n)
		read_post(s, a, &out[count++]);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		count = store_fail(st, "post_list");
	store_done(s);
	return count;
}

int
store_post_by_id(
    struct store *st, struct arena *a, int64_t id, struct post *out)
{
	sqlite3_stmt *s;
	int found = 0, rc;

	if ((s = store_stmt(st, SQL_POST_BY_ID)) == NULL)
		return -1;
	bind_int(s, 1, id);
	if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		read_post(s, a, out);
		found = 1;
	} else if (rc != SQLITE_DONE) {
		found = store_fail(st, "post_by_id");
	}
	store_done(s);
	return found;
}

int
store_post_add(struct store *st, struct post *p)
{
	sqlite3_stmt *s;
	int n;

	if ((s = store_stmt(st, SQL_POST_ADD)) == NULL)
		return -1;
	bind_int_or_null(s, 1, p->user);
	bind_text(s, 2, p->title);
	bind_text(s, 3, p->body);
	bind_int(s, 4, p->created_at);
	if ((n = store_run(st, s, "post_add")) == 1)
		p->id = sqlite3_last_insert_rowid(st->db);
	return n;
}

int
store_post_delete(struct store *st, int64_t id)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_POST_DELETE)) == NULL)
		return -1;
	bind_int(s, 1, id);
	return store_run(st, s, "post_delete");
}
