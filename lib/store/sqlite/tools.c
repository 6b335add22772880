/* tools.c: what the command alone does with SQLite. */
#include "db.h"

const struct engine_tools engine_sqlite_tools = {
	.look = db_look,
	.copy = db_copy,
	.replace = db_replace,
};
