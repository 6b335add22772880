/* tools.c: what the command alone does with PostgreSQL. */
#include "log.h"
#include "pg.h"

static int
copy(struct store *st, const char *path)
{
	(void)path;
	log_event("database %s: PostgreSQL makes its own copies: pg_dump, or"
		  " pg_basebackup with a WAL archive", st->shown);
	return -1;
}

static int
replace(const char *database, const char *from)
{
	(void)database;
	(void)from;
	log_event("PostgreSQL takes back its own copies: pg_restore; then run"
		  " carnet restore --accept");
	return -1;
}

/* A consent that was withdrawn since would let its app in without asking. */
static int
ledger_accept(struct store *st)
{
	return query_run(st, SQL_LEDGER_CONSENTS, NULL, 0) < 0 ? -1 : 0;
}

/* PostgreSQL has none: it checks foreign keys, whoever writes. */
static int
delete_orphans(struct store *st, int64_t *gone)
{
	(void)st;
	*gone = 0;
	return 0;
}

const struct engine_tools engine_pgsql_tools = {
	.look = pg_look,
	.copy = copy,
	.replace = replace,
	.ledger_accept = ledger_accept,
	.delete_orphans = delete_orphans,
	.rows = pg_rows,
	.add_row = pg_add_row,
	.add_end = pg_add_end,
	.number = pg_number,
	.set_number = pg_set_number,
};
