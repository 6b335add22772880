/* old.c: for the files that do not yet run their statements by query.h. */
#include "db.h"
#include "store_int.h"

sqlite3_stmt *
store_stmt(struct store *st, enum sql which)
{
	const struct statement *sql = &sql_table[which];

	st->takes_back |= sql->takes_back;
	st->adds |= sql->adds;
	if (st->own->stmt[which] == NULL &&
	    sqlite3_prepare_v3(st->own->handle, sql->text, -1,
		SQLITE_PREPARE_PERSISTENT, &st->own->stmt[which],
		NULL) != SQLITE_OK)
		db_fail(st, sql->text);
	return st->own->stmt[which];
}

int
store_fail(struct store *st, const char *what)
{
	return db_fail(st, what);
}

void
store_done(sqlite3_stmt *s)
{
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
}

static int
step(struct store *st, sqlite3_stmt *s, const char *what)
{
	int n;

	n = sqlite3_step(s) == SQLITE_DONE ? sqlite3_changes(st->own->handle)
					   : store_fail(st, what);
	store_done(s);
	return n;
}

/* What takes something back is counted in the same transaction. */
int
store_run(struct store *st, sqlite3_stmt *s, const char *what)
{
	int n = -1;

	if (!st->takes_back || !sqlite3_get_autocommit(st->own->handle))
		return step(st, s, what);
	if (store_begin(st) < 0) {
		store_done(s);
		return -1;
	}
	st->takes_back = 1;
	if ((n = step(st, s, what)) < 0 || store_commit(st) < 0) {
		store_rollback(st);
		return -1;
	}
	return n;
}

void
bind_int(sqlite3_stmt *s, int i, int64_t n)
{
	sqlite3_bind_int64(s, i, n);
}

void
bind_int_or_null(sqlite3_stmt *s, int i, int64_t n)
{
	if (n != 0)
		sqlite3_bind_int64(s, i, n);
}

void
bind_text(sqlite3_stmt *s, int i, const char *text)
{
	sqlite3_bind_text(s, i, text, -1, SQLITE_STATIC);
}

void
bind_id(sqlite3_stmt *s, int i, const struct id *id)
{
	sqlite3_bind_blob(s, i, id->byte, ID_LEN, SQLITE_STATIC);
}

void
bind_digest(sqlite3_stmt *s, int i, const struct digest *d)
{
	sqlite3_bind_blob(s, i, d->byte, DIGEST_LEN, SQLITE_STATIC);
}

void
bind_key(sqlite3_stmt *s, int i, const struct rowkey *k)
{
	sqlite3_bind_blob(s, i, k->byte, k->len, SQLITE_STATIC);
}

int
store_keys(struct store *st, sqlite3_stmt *s, struct rowkey *out, int n)
{
	int count = 0, rc;

	while ((rc = sqlite3_step(s)) == SQLITE_ROW && count < n)
		column_key(s, 0, &out[count++]);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		count = store_fail(st, "keys");
	store_done(s);
	return count;
}

const char *
column_dup(sqlite3_stmt *s, int i, struct arena *a)
{
	const void *text = sqlite3_column_text(s, i);

	return text == NULL
	    ? NULL
	    : arena_dup(a, text, (size_t)sqlite3_column_bytes(s, i));
}

static int
column_bytes(sqlite3_stmt *s, int i, void *out, int len)
{
	const void *blob = sqlite3_column_blob(s, i);

	if (blob == NULL || sqlite3_column_bytes(s, i) != len)
		return 0;
	memcpy(out, blob, (size_t)len);
	return 1;
}

int
column_id(sqlite3_stmt *s, int i, struct id *out)
{
	return column_bytes(s, i, out->byte, ID_LEN);
}

int
column_digest(sqlite3_stmt *s, int i, struct digest *out)
{
	return column_bytes(s, i, out->byte, DIGEST_LEN);
}

void
column_key(sqlite3_stmt *s, int i, struct rowkey *out)
{
	const void *key = sqlite3_column_blob(s, i);

	out->len = sqlite3_column_bytes(s, i);
	if (key == NULL || out->len > DIGEST_LEN)
		out->len = 0; /* none of ours */
	else
		memcpy(out->byte, key, (size_t)out->len);
}
