/*
 * orphans.c: rows that refer to a user or a client that is not there.
 *
 * carnet leaves none: SQLite checks its foreign keys.  They are there when somebody
 * deleted rows with another program, which does not check them.
 */
#include <err.h>

#include "db.h"

/* Each column that refers to another table: table, column, that table, its column. */
static const char references[] =
    "SELECT t.name, f.\"from\", f.\"table\", f.\"to\" FROM sqlite_schema t,"
    " pragma_foreign_key_list(t.name) f WHERE t.type = 'table'";

/* Delete the rows of one table whose column refers to no row. */
static int
delete_from(struct store *st, sqlite3_stmt *ref, int64_t *gone)
{
	char *sql = sqlite3_mprintf("DELETE FROM \"%w\" WHERE \"%w\" NOT IN"
				    " (SELECT \"%w\" FROM \"%w\")",
	    sqlite3_column_text(ref, 0), sqlite3_column_text(ref, 1),
	    sqlite3_column_text(ref, 3), sqlite3_column_text(ref, 2));
	int rc;

	if (sql == NULL)
		err(111, "store");
	rc = sqlite3_exec(st->own->handle, sql, NULL, NULL, NULL);
	sqlite3_free(sql);
	if (rc != SQLITE_OK)
		return db_fail(st, "orphans");
	*gone += sqlite3_changes64(st->own->handle);
	return 0;
}

static int
delete_step(struct store *st, void *ctx)
{
	sqlite3_stmt *ref = NULL;
	int64_t *gone = ctx;
	int failed = 0, rc;

	*gone = 0;
	st->guarded = 1;
	rc = sqlite3_prepare_v2(st->own->handle, references, -1, &ref, NULL);
	while (rc == SQLITE_OK && !failed &&
	    (rc = sqlite3_step(ref)) == SQLITE_ROW) {
		failed = delete_from(st, ref, gone) < 0;
		rc = SQLITE_OK;
	}
	if (!failed && rc != SQLITE_DONE)
		failed = db_fail(st, "orphans") < 0;
	sqlite3_finalize(ref);
	return failed ? -1 : 0;
}

/* Is there any?  This takes no write lock. */
static int
find_step(struct store *st, void *ctx)
{
	sqlite3_stmt *check = NULL;
	int rc = sqlite3_prepare_v2(st->own->handle, "PRAGMA foreign_key_check",
	    -1, &check, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(check);
	*(int *)ctx = rc == SQLITE_ROW;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		rc = db_fail(st, "orphans");
	sqlite3_finalize(check);
	return rc < 0 ? -1 : 0;
}

int
db_delete_orphans(struct store *st, int64_t *gone)
{
	int is_any;

	*gone = 0;
	if (store_read(st, find_step, &is_any) < 0)
		return -1;
	return is_any ? store_write(st, delete_step, gone) : 0;
}
