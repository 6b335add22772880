/* store_ledger.c: is this database an old copy? */
#include "store_ledger.h"

#include "engine.h"

int
store_ledger_state(struct store *st)
{
	return st->engine->ledger_state(st);
}

int
store_ledger_accept(struct store *st)
{
	return engine_tools_of(st->engine)->ledger_accept(st);
}
