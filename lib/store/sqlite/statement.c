/* statement.c: a statement is made ready, given its values, run and read. */
#include <err.h>
#include <stdio.h>

#include "db.h"

#define SHOWN 48 /* bytes of a statement are enough to know it in a log */

static const char *const controls[CONTROLS] = {
	[BEGIN_READ] = "BEGIN",
	[BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
};

static int
fail(struct store *st, const char *text)
{
	char shown[SHOWN + 1];

	snprintf(shown, sizeof(shown), "%s", text);
	return db_fail(st, shown);
}

static const char *
text_of(enum sql which)
{
	const struct statement *sql = &sql_table[which];

	return sql->own[ENGINE_SQLITE] != NULL ? sql->own[ENGINE_SQLITE]
					       : sql->text;
}

/* The statement at *s, made ready if this is its first use; NULL, logged. */
static sqlite3_stmt *
prepare(struct store *st, sqlite3_stmt **s, const char *text)
{
	if (*s == NULL &&
	    sqlite3_prepare_v3(st->own->handle, text, -1,
		SQLITE_PREPARE_PERSISTENT, s, NULL) != SQLITE_OK)
		fail(st, text);
	return *s;
}

static sqlite3_stmt *
statement(struct store *st, enum sql which)
{
	return prepare(st, &st->own->stmt[which], text_of(which));
}

void
db_bind(sqlite3_stmt *s, const struct value *v, int n)
{
	if (n != sqlite3_bind_parameter_count(s))
		errx(111, "%d values for: %s", n, sqlite3_sql(s));
	for (int i = 0; i < n; i++)
		switch (v[i].type) {
		case VALUE_NULL:
			break; /* as reset has left it */
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

/* Forget what was bound, too: it is the caller's. */
static void
reset(sqlite3_stmt *s)
{
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
}

int
db_run(struct store *st, enum sql which, const struct value *v, int n)
{
	sqlite3_stmt *s;
	int changed;

	if ((s = statement(st, which)) == NULL)
		return -1;
	db_bind(s, v, n);
	changed = sqlite3_step(s) == SQLITE_DONE
	    ? sqlite3_changes(st->own->handle)
	    : fail(st, text_of(which));
	reset(s);
	return changed;
}

int
db_find(struct row *r, enum sql which, const struct value *v, int n)
{
	sqlite3_stmt *s;

	if ((r->at = s = statement(r->st, which)) == NULL)
		return -1;
	db_bind(s, v, n);
	return 0;
}

int
db_next(struct row *r)
{
	const int rc = sqlite3_step(r->at);

	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return rc == SQLITE_ROW;
	return fail(r->st, sqlite3_sql(r->at));
}

/*
 * An UPDATE ... RETURNING gives its row first: what it does may fail after
 * that.
 */
int
db_end(struct row *r)
{
	sqlite3_stmt *s = r->at;
	int more = 0;

	if (s == NULL)
		return -1;
	if (!sqlite3_stmt_readonly(s))
		while (more >= 0 && sqlite3_stmt_busy(s))
			more = db_next(r);
	reset(s);
	return more < 0 ? -1 : 0;
}

int64_t
db_get_int(const struct row *r, int i)
{
	return sqlite3_column_int64(r->at, i);
}

/*
 * One look at the column for both; in one thread each value is a protected one.
 */
const char *
db_get_text(const struct row *r, int i, size_t *len)
{
	sqlite3_value *v = sqlite3_column_value(r->at, i);
	const void *text = sqlite3_value_text(v);

	*len = (size_t)sqlite3_value_bytes(v);
	return text;
}

const void *
db_get_bytes(const struct row *r, int i, size_t *len)
{
	sqlite3_value *v = sqlite3_column_value(r->at, i);
	const void *bytes = sqlite3_value_blob(v);

	*len = (size_t)sqlite3_value_bytes(v);
	return bytes;
}

int
db_control(struct store *st, enum control which)
{
	sqlite3_stmt *s;
	int rc = 0;

	s = prepare(st, &st->own->control[which], controls[which]);
	if (s == NULL)
		return -1;
	if (sqlite3_step(s) != SQLITE_DONE)
		rc = fail(st, controls[which]);
	sqlite3_reset(s);
	return rc;
}

int
db_script(struct store *st, const char *text)
{
	return sqlite3_exec(st->own->handle, text, NULL, NULL, NULL) ==
		SQLITE_OK ? 0 : fail(st, text);
}

void
db_finalize(struct db *db)
{
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(db->stmt[i]);
	for (int i = 0; i < CONTROLS; i++)
		sqlite3_finalize(db->control[i]);
}
