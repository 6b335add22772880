/* store.c: the database is opened and closed. */
#include "store.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engine.h"
#include "log.h"
#include "store_expired.h"

static const struct engine *const engines[] = {
	&engine_sqlite,
#ifdef CARNET_PGSQL
	&engine_pgsql,
#endif
};

const struct engine *
engine_of(const char *database)
{
	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (engines[i]->takes(database))
			return engines[i];
	log_event("the setting database names an engine that this program was"
		  " built without; make PGSQL=1 builds in PostgreSQL");
	return NULL;
}

struct store *
store_new(const char *database, int full)
{
	const struct engine *engine = engine_of(database);
	struct arena *a;
	struct store *st;

	if (engine == NULL)
		return NULL;
	a = arena_new();
	if ((st = calloc(1, sizeof(*st))) == NULL ||
	    (st->database = strdup(database)) == NULL)
		err(111, "store");
	if ((st->shown = strdup(store_shown(database, a))) == NULL)
		err(111, "store");
	arena_free(a);
	st->engine = engine;
	st->is_full = full;
	st->purge = store_expired_turn;
	return st;
}

int
store_has_version(struct store *st, int v)
{
	if (v >= 0 && v != SCHEMA_VERSION)
		log_event("database %s: version %d, this program wants %d; %s",
		    st->shown, v, SCHEMA_VERSION,
		    v < SCHEMA_VERSION ? "carnet install brings it up to date"
				       : "it is newer than this program");
	return v == SCHEMA_VERSION;
}

static struct store *
open_as(const char *database, int full, enum opening how)
{
	struct store *st = store_new(database, full);

	if (st == NULL || st->engine->open(st, how) == 0)
		return st;
	store_close(st);
	return NULL;
}

struct store *
store_open(const char *database, int full)
{
	return open_as(database, full, OPEN_USUAL);
}

struct store *
store_open_to_read(const char *database)
{
	return open_as(database, 0, OPEN_TO_READ);
}

struct store *
store_open_put_back(const char *database, int full)
{
	return open_as(database, full, OPEN_PUT_BACK);
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	st->engine->close(st);
	store_cache_end(st);
	free(st->database);
	free(st->shown);
	free(st);
}

int
store_is_gone(struct store *st)
{
	return st->engine->is_gone(st);
}

void
store_serve_one(struct store *st)
{
	st->serves_one = 1;
	st->engine->serve_one(st);
}

void
store_idle(struct store *st)
{
	st->engine->idle(st);
}

void
store_set_now(struct store *st, int64_t now)
{
	st->now = now;
}

void
store_set_outbox_max(struct store *st, int64_t n)
{
	st->outbox_max = n;
}

int
store_is_busy(const struct store *st)
{
	return st->fault == FAULT_PASSES;
}

void
store_forget_failure(struct store *st)
{
	st->fault = FAULT_NONE;
}

const struct store_file *
store_files(const char *database, struct arena *a, size_t *n)
{
	const struct engine *engine = engine_of(database);

	*n = 0;
	return engine == NULL ? NULL : engine->files(database, a, n);
}

const char *
store_shown(const char *database, struct arena *a)
{
	const struct engine *engine = engine_of(database);

	return engine == NULL || engine->shown == NULL
	    ? database
	    : engine->shown(database, a);
}

enum store_reach
store_reach(const char *database)
{
	const struct engine *engine = engine_of(database);

	return engine == NULL || engine->reach == NULL
	    ? STORE_IN_FILES
	    : (enum store_reach)engine->reach(database);
}

const char *const *
store_reads(const char *database, struct arena *a, size_t *n)
{
	const struct engine *engine = engine_of(database);

	*n = 0;
	return engine == NULL || engine->reads == NULL
	    ? NULL
	    : engine->reads(database, a, n);
}
