/* query.c: a statement of sql.h is run, and its rows are read. */
#include "query.h"
#include "store_int.h"

struct row {
	sqlite3_stmt *s;
	struct arena *a;
};

int64_t
row_int(const struct row *r, int i)
{
	return sqlite3_column_int64(r->s, i);
}

const char *
row_text(const struct row *r, int i)
{
	return column_dup(r->s, i, r->a);
}

int
row_id(const struct row *r, int i, struct id *out)
{
	return column_id(r->s, i, out);
}

int
row_digest(const struct row *r, int i, struct digest *out)
{
	return column_digest(r->s, i, out);
}

void
row_key(const struct row *r, int i, struct rowkey *out)
{
	column_key(r->s, i, out);
}

static void
bind(sqlite3_stmt *s, const struct value *v, int n)
{
	for (int i = 0; i < n; i++)
		switch (v[i].type) {
		case VALUE_NULL:
			break;
		case VALUE_INT:
			sqlite3_bind_int64(s, i + 1, v[i].n);
			break;
		case VALUE_TEXT:
			sqlite3_bind_text(s, i + 1, v[i].data, (int)v[i].len,
			    SQLITE_STATIC);
			break;
		case VALUE_BYTES:
			sqlite3_bind_blob(s, i + 1, v[i].data, (int)v[i].len,
			    SQLITE_STATIC);
			break;
		}
}

int
query_run(struct store *st, enum sql which, const struct value *v, int n)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, which)) == NULL)
		return -1;
	bind(s, v, n);
	return store_run(st, s, sql_table[which].text);
}

int
query_one(struct store *st, struct arena *a, enum sql which,
    const struct value *v, int n, void (*read)(const struct row *r, void *out),
    void *out)
{
	struct row r = { .a = a };
	int found = 0, rc;

	if ((r.s = store_stmt(st, which)) == NULL)
		return -1;
	bind(r.s, v, n);
	if ((rc = sqlite3_step(r.s)) == SQLITE_ROW) {
		read(&r, out);
		found = 1;
		rc = sqlite3_stmt_readonly(r.s) ? SQLITE_DONE
						: sqlite3_step(r.s);
	}
	if (rc != SQLITE_DONE)
		found = store_fail(st, sql_table[which].text);
	store_done(r.s);
	return found;
}

int
query_list(struct store *st, struct arena *a, enum sql which,
    const struct value *v, int n, void (*read)(const struct row *r, void *out),
    void *out, size_t size, size_t max)
{
	struct row r = { .a = a };
	char *at = out;
	size_t count = 0;
	int rc = SQLITE_DONE;

	if ((r.s = store_stmt(st, which)) == NULL)
		return -1;
	bind(r.s, v, n);
	while (count < max && (rc = sqlite3_step(r.s)) == SQLITE_ROW) {
		memset(at + count * size, 0, size);
		read(&r, at + count * size);
		count++;
	}
	if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
		store_fail(st, sql_table[which].text);
		store_done(r.s);
		return -1;
	}
	store_done(r.s);
	return (int)count;
}
