/* store_changes.c: has anything changed of what the guard reads? */
#include "store_changes.h"

#include "engine.h"

int
store_changes(struct store *st, struct store_changes *out)
{
	return st->engine->changes != NULL && st->engine->changes(st, out);
}
