/* engine_tools.c: what only the command does, by engine. */
#include "engine.h"

static const struct engine_tools *const tools[ENGINE_COUNT] = {
	[ENGINE_SQLITE] = &engine_sqlite_tools,
#ifdef CARNET_PGSQL
	[ENGINE_PGSQL] = &engine_pgsql_tools,
#endif
};

const struct engine_tools *
engine_tools_of(const struct engine *engine)
{
	return tools[engine->id];
}
