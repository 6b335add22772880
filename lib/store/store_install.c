/* store_install.c: a database is made, or brought up to date. */
#include "embed.h"
#include "engine.h"
#include "log.h"
#include "store_fold.h"

/* steps[v]: what makes version v + 1 of version v. */
static const char *const steps[SCHEMA_VERSION] = { [1] = "schema-2.sql",
	[2] = "schema-3.sql", [3] = "schema-4.sql", [4] = "schema-5.sql" };

#define FOLDED_VERSION 5 /* since which addresses are in the form of identity.h */

/* An empty database (version 0) gets the schema, an older one the steps to it. */
static int
upgrade(struct store *st, int old)
{
	const char *name;

	for (int v = old; v < SCHEMA_VERSION;
	     v = v == 0 ? SCHEMA_VERSION : v + 1) {
		name = v == 0 ? st->engine->schema : steps[v];
		if (st->engine->script(st, embed_find(name)) < 0)
			return -1;
	}
	if (old > 0 && old < FOLDED_VERSION && store_fold(st) < 0)
		return -1;
	return st->engine->set_version(st, SCHEMA_VERSION);
}

/* 1 if anything was done, 0 if it was up to date, -1. */
static int
install_step(struct store *st, void *ctx)
{
	const int v = st->engine->version(st);

	(void)ctx;
	if (v > SCHEMA_VERSION)
		log_event("database %s: version %d is newer than this"
			  " program's %d", st->database, v, SCHEMA_VERSION);
	if (v < 0 || v > SCHEMA_VERSION || upgrade(st, v) < 0)
		return -1;
	return v < SCHEMA_VERSION;
}

int
store_install(const char *database)
{
	struct store *st = store_new(database, 1);
	int did = -1;

	if (st == NULL)
		return -1;
	if (st->engine->open(st, OPEN_INSTALL) == 0)
		did = store_write(st, install_step, NULL);
	store_close(st);
	return did;
}
