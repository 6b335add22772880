/* look.c: what carnet doctor asks of a database in PostgreSQL; it writes nothing. */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "pg.h"

/* A setting of the server under which an answer of ours may not last; or NULL. */
static const char *
weak_setting(struct store *st)
{
	static const char *const all[][3] = {
		{ "fsync", "off",
		    "has fsync = off: a power cut loses what was answered" },
		{ "full_page_writes", "off",
		    "has full_page_writes = off: a power cut damages it" },
		{ "synchronous_commit", "off",
		    "has synchronous_commit = off: a crash of the server loses"
		    " what was answered" },
	};
	char text[64];
	const char *found = NULL;
	PGresult *res;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && found == NULL;
	     i++) {
		snprintf(text, sizeof(text), "SHOW %s", all[i][0]);
		if ((res = pg_simple(st, text)) == NULL)
			return NULL;
		if (strcmp(PQgetvalue(res, 0, 0), all[i][1]) == 0)
			found = all[i][2];
		PQclear(res);
	}
	return found;
}

void
pg_look(struct store *st, struct arena *a, struct store_health *out)
{
	*out = (struct store_health) { .wanted = SCHEMA_VERSION };
	if ((st->own = calloc(1, sizeof(*st->own))) == NULL)
		err(111, "store");
	if (pg_connect(st) < 0 || (out->version = pg_version(st)) < 0) {
		out->error = arena_str(a, pg_is_lost(st->own)
			? "no connection; the log says why"
			: PQerrorMessage(st->own->conn));
		return;
	}
	out->setting = weak_setting(st);
	if (out->version == SCHEMA_VERSION)
		(void)query_one(st, a, SQL_NEWEST_ROW, NULL, 0, row_read_int,
		    &out->newest);
}
