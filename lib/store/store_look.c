/* store_look.c: what carnet doctor asks of a database. */
#include "store_look.h"

#include "engine.h"
#include "query.h"

struct store *
store_look(const char *database, struct arena *a, struct store_health *out)
{
	struct store *st = store_new(database, 0);

	*out = (struct store_health) {
		.error = "this program was built without its engine" };
	if (st == NULL)
		return NULL;
	engine_tools_of(st->engine)->look(st, a, out);
	if (out->error == NULL && out->damage == NULL &&
	    out->version == SCHEMA_VERSION)
		return st;
	store_close(st);
	return NULL;
}

static void
read_time(const struct row *r, void *out)
{
	*(int64_t *)out = row_int(r, 0);
}

int
store_last_expiry(struct store *st, int64_t before, int64_t *out)
{
	const struct value v[] = { V_INT(before) };

	return query_one(st, NULL, SQL_ACCESS_LAST_EXPIRY, v, 1, read_time,
		   out) < 0 ? -1 : 0;
}
