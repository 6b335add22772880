/* engine_tools.c: what only the command does, by engine. */
#include "engine.h"

static const struct engine_tools *const tools[ENGINE_COUNT] = {
	[ENGINE_SQLITE] = &engine_sqlite_tools,
};

const struct engine_tools *
engine_tools_of(const struct engine *engine)
{
	return tools[engine->id];
}
