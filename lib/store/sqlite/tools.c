/* tools.c: what the command alone does with SQLite. */
#include "db.h"

const struct engine_tools engine_sqlite_tools = {
	.look = db_look,
	.copy = db_copy,
	.replace = db_replace,
	.ledger_accept = db_ledger_accept,
	.delete_orphans = db_delete_orphans,
	.rows = db_rows,
	.add_row = db_add_row,
	.add_end = db_add_end,
	.number = db_number,
	.set_number = db_set_number,
};
