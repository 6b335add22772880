/* schema.c: the version of the schema, and the mode of the database. */
#include <stdio.h>

#include "db.h"
#include "log.h"

int
db_version(struct store *st)
{
	sqlite3_stmt *s = NULL;
	int v = -1;

	if (sqlite3_prepare_v2(st->own->handle, "PRAGMA user_version", -1, &s,
		NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		v = sqlite3_column_int(s, 0);
	else
		db_fail(st, st->database);
	sqlite3_finalize(s);
	return v;
}

int
db_set_version(struct store *st, int version)
{
	char text[64];

	snprintf(text, sizeof(text), "PRAGMA user_version = %d", version);
	return db_script(st, text);
}

int
db_set_wal(struct store *st)
{
	sqlite3_stmt *s = NULL;
	int is_wal = 0;

	if (sqlite3_prepare_v2(st->own->handle, "PRAGMA journal_mode = WAL", -1,
		&s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		is_wal = sqlite3_stricmp(
			     (const char *)sqlite3_column_text(s, 0), "wal") == 0;
	else
		db_fail(st, st->database);
	sqlite3_finalize(s);
	if (!is_wal)
		log_event("database %s: cannot be put into WAL mode; does"
			  " another program use it?", st->database);
	return is_wal ? 0 : -1;
}
