/* store_install.c: a database is made, or brought up to date. */
#include "embed.h"
#include "engine.h"
#include "log.h"
#include "store.h"

/* The row [v] makes version v + 1 of version v.  Version 1 is the first. */
static const struct upgrade upgrades[SCHEMA_VERSION] = { [0] = { NULL, NULL } };

int
store_upgrade(
    struct store *st, int from, int to, const struct upgrade *steps)
{
	if (from == 0 &&
	    st->engine->script(st, embed_find(st->engine->schema)) < 0)
		return -1;
	for (int v = from; v > 0 && v < to; v++)
		if (st->engine->script(st, steps[v].script) < 0 ||
		    (steps[v].also != NULL && steps[v].also(st) < 0))
			return -1;
	return st->engine->set_version(st, to);
}

/* Return 1 if the database was changed, 0 if it was up to date, or -1. */
static int
install_step(struct store *st, void *ctx)
{
	const int v = st->engine->version(st);

	(void)ctx;
	if (v > SCHEMA_VERSION)
		log_event("database %s: version %d is newer than this"
			  " program's %d", st->shown, v, SCHEMA_VERSION);
	if (v < 0 || v > SCHEMA_VERSION || store_upgrade(st, v, SCHEMA_VERSION, upgrades) < 0)
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
