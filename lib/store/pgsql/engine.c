/* engine.c: PostgreSQL as an engine of the store. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "pg.h"

/* libpq, "Connection URIs". */
static int
takes(const char *database)
{
	return strncmp(database, "postgresql://", 13) == 0 ||
	    strncmp(database, "postgres://", 11) == 0;
}

static int
open_it(struct store *st, enum opening how)
{
	if ((st->own = calloc(1, sizeof(*st->own))) == NULL)
		err(111, "store");
	if (pg_connect(st) < 0)
		return -1;
	return how == OPEN_INSTALL || store_has_version(st, pg_version(st))
	    ? 0
	    : -1;
}

static void
close_it(struct store *st)
{
	struct db *db = st->own;

	if (db == NULL)
		return;
	PQfinish(db->conn);
	for (int i = 0; i < SQL_COUNT; i++)
		free(db->text[i]);
	free(db);
	st->own = NULL;
}

/* A lost connection is made anew by the next transaction. */
static int
is_gone(struct store *st)
{
	const int v = pg_version(st);

	return v >= 0 && v != SCHEMA_VERSION;
}

static void
nothing(struct store *st)
{
	(void)st;
}

/* No number of PostgreSQL is changed by every commit: nothing is remembered. */
static int
snapshot(struct store *st, uint64_t *out)
{
	(void)st;
	(void)out;
	return -1;
}

static int
script(struct store *st, const char *text)
{
	PGresult *res = pg_simple(st, text);

	PQclear(res);
	return res == NULL ? -1 : 0;
}

/*
 * 0 if there is no table that says so.  A pooler has another process at the server
 * than the connection was told.
 */
int
pg_version(struct store *st)
{
	PGresult *res;
	int v = 0;

	if (pg_connect(st) < 0)
		return -1;
	res = pg_simple(st, "SELECT to_regclass('schema_version') IS NOT NULL,"
			    " pg_backend_pid()");
	if (res == NULL)
		return -1;
	if (strtol(PQgetvalue(res, 0, 1), NULL, 10) !=
	    PQbackendPID(st->own->conn))
		st->own->is_unnamed = 1;
	if (*PQgetvalue(res, 0, 0) == 't') {
		PQclear(res);
		res = pg_simple(st, "SELECT version FROM schema_version");
		if (res == NULL)
			return -1;
		if (PQntuples(res) == 1)
			v = (int)strtol(PQgetvalue(res, 0, 0), NULL, 10);
	}
	PQclear(res);
	return v;
}

static int
set_version(struct store *st, int version)
{
	char text[64];

	snprintf(text, sizeof(text), "UPDATE schema_version SET version = %d",
	    version);
	return script(st, text);
}

/* What was put back is told by its operator: carnet restore --accept. */
static int
ledger_state(struct store *st)
{
	(void)st;
	return LEDGER_FITS;
}

static const struct store_file *
files(const char *database, struct arena *a, size_t *n)
{
	(void)database;
	(void)a;
	*n = 0;
	return NULL;
}

const struct engine engine_pgsql = {
	.id = ENGINE_PGSQL,
	.schema = "pgsql/schema.sql",
	.takes = takes,
	.shown = pg_shown,
	.reach = pg_reach,
	.reads = pg_reads,
	.open = open_it,
	.close = close_it,
	.is_gone = is_gone,
	.serve_one = nothing,
	.idle = nothing,
	.begin = pg_begin,
	.commit = pg_commit,
	.rollback = pg_rollback,
	.run = pg_run,
	.find = pg_find,
	.next = pg_next,
	.end = pg_end,
	.get_int = pg_get_int,
	.get_text = pg_get_text,
	.get_bytes = pg_get_bytes,
	.snapshot = snapshot,
	.script = script,
	.version = pg_version,
	.set_version = set_version,
	.ledger_state = ledger_state,
	.files = files,
};
