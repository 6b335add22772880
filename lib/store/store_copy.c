/* store_copy.c: the whole database, copied out and put back. */
#include "store_copy.h"

#include "engine.h"

int
store_copy(struct store *st, const char *path)
{
	return engine_tools_of(st->engine)->copy(st, path);
}

int
store_replace(const char *database, const char *copy)
{
	const struct engine *engine = engine_of(database);

	if (engine == NULL)
		return -1;
	return engine_tools_of(engine)->replace(database, copy);
}
