/* transfer.c: whole tables of SQLite are read and written: store_transfer.h. */
#include <err.h>

#include "db.h"

static sqlite3_stmt *
prepare(struct store *st, char *sql)
{
	sqlite3_stmt *s = NULL;

	if (sql == NULL)
		err(111, "store");
	if (sqlite3_prepare_v2(st->own->handle, sql, -1, &s, NULL) != SQLITE_OK)
		(void)db_fail(st, sql);
	sqlite3_free(sql);
	return s;
}

static struct value
value_of(sqlite3_stmt *s, int i, int type)
{
	if (sqlite3_column_type(s, i) == SQLITE_NULL)
		return V_NULL;
	if (type == VALUE_INT)
		return V_INT(sqlite3_column_int64(s, i));
	/* Bytes of length 0 have no address. */
	return (struct value) { .type = type == VALUE_TEXT ? VALUE_TEXT
							   : VALUE_BYTES,
		.data = sqlite3_column_bytes(s, i) == 0
		    ? ""
		    : sqlite3_column_blob(s, i),
		.len = (size_t)sqlite3_column_bytes(s, i) };
}

int
db_rows(struct store *st, const struct table *t,
    int (*row)(void *ctx, const struct value *v), void *ctx)
{
	sqlite3_stmt *s = prepare(st,
	    sqlite3_mprintf("SELECT %s FROM %s", t->columns, t->name));
	struct value v[TABLE_COLUMNS_MAX];
	int rc = s == NULL ? SQLITE_ERROR : SQLITE_ROW, refused = s == NULL;

	while (!refused && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		for (int i = 0; i < t->n; i++)
			v[i] = value_of(s, i, t->type[i]);
		refused = row(ctx, v) < 0;
	}
	if (!refused && rc != SQLITE_DONE)
		refused = db_fail(st, t->name) < 0;
	sqlite3_finalize(s);
	return refused ? -1 : 0;
}

static sqlite3_stmt *
prepare_insert(struct store *st, const struct table *t)
{
	char marks[3 * TABLE_COLUMNS_MAX + 1] = "";

	for (int i = 0; i < t->n; i++)
		memcpy(marks + 3 * i, i == 0 ? "  ?" : ", ?", 4);
	return prepare(st, sqlite3_mprintf("INSERT INTO %s (%s) VALUES (%s)",
	    t->name, t->columns, marks));
}

int
db_add_row(struct store *st, const struct table *t, const struct value *v)
{
	struct db *db = st->own;
	int rc;

	if (db->insert == NULL && (db->insert = prepare_insert(st, t)) == NULL)
		return -1;
	db_bind(db->insert, v, t->n);
	rc = sqlite3_step(db->insert) == SQLITE_DONE ? 0 : db_fail(st, t->name);
	sqlite3_reset(db->insert);
	sqlite3_clear_bindings(db->insert);
	return rc;
}

int
db_add_end(struct store *st, const struct table *t)
{
	(void)t;
	sqlite3_finalize(st->own->insert);
	st->own->insert = NULL;
	return 0;
}

/* sqlite.org/autoinc.html: the table sqlite_sequence. */
int
db_number(struct store *st, const struct table *t, int64_t *last)
{
	sqlite3_stmt *s = prepare(st, sqlite3_mprintf("SELECT max(seq)"
	    " FROM sqlite_sequence WHERE name = %Q", t->name));
	int rc = 0;

	*last = 0;
	if (s == NULL)
		return -1;
	if (sqlite3_step(s) == SQLITE_ROW)
		*last = sqlite3_column_int64(s, 0);
	else
		rc = db_fail(st, "sqlite_sequence");
	sqlite3_finalize(s);
	return rc;
}

int
db_set_number(struct store *st, const struct table *t, int64_t last)
{
	char *sql = sqlite3_mprintf("DELETE FROM sqlite_sequence WHERE name = %Q;"
	    "INSERT INTO sqlite_sequence (name, seq) VALUES (%Q, %lld)",
	    t->name, t->name, (long long)last);
	int rc;

	if (sql == NULL)
		err(111, "store");
	rc = db_script(st, sql);
	sqlite3_free(sql);
	return rc;
}
