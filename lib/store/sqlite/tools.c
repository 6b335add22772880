/* tools.c: what the command alone does with SQLite. */
#include "db.h"

const struct engine_tools engine_sqlite_tools = {
	.look = db_look,
	.copy = db_copy,
	.replace = db_replace,
	.ledger_accept = db_ledger_accept,
	.delete_orphans = db_delete_orphans,
};
