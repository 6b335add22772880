/* store_write.c: a step runs in a transaction. */
#include "store_write.h"

#include "engine.h"

#define TRIES 32 /* the most runs of a transaction, if the engine asks (FAULT_AGAIN) */

int
store_begin(struct store *st)
{
	st->takes_back = st->adds = st->guarded = 0;
	if (st->engine->begin(st, 1) < 0)
		return -1;
	st->transaction = TX_WRITE;
	return 0;
}

int
store_commit(struct store *st)
{
	if (st->engine->commit(st) < 0)
		return -1;
	st->transaction = TX_NONE;
	return 0;
}

void
store_rollback(struct store *st)
{
	st->engine->rollback(st);
	st->transaction = TX_NONE;
}

static int
purge(struct store *st)
{
	return st->adds && st->now != 0 ? st->purge(st, st->now) : 0;
}

static int
write_once(
    struct store *st, int (*step)(struct store *st, void *ctx), void *ctx)
{
	int rc;

	if (store_begin(st) < 0)
		return -1;
	if ((rc = step(st, ctx)) >= 0 && purge(st) >= 0 &&
	    store_commit(st) == 0)
		return rc;
	store_rollback(st);
	return rc < 0 ? rc : -1;
}

int
store_write(
    struct store *st, int (*step)(struct store *st, void *ctx), void *ctx)
{
	const unsigned turn = st->purge_turn;
	int rc;

	for (int tries = 0; tries < TRIES; tries++) {
		if (st->fault == FAULT_AGAIN)
			st->fault = FAULT_NONE;
		st->purge_turn = turn; /* a run that was undone had none */
		rc = write_once(st, step, ctx);
		if (rc >= 0 || st->fault != FAULT_AGAIN)
			return rc;
	}
	/* Other transactions were always faster: the client may try again. */
	st->fault = FAULT_PASSES;
	return -1;
}

int
store_read_begin(struct store *st)
{
	if (st->engine->begin(st, 0) < 0)
		return -1;
	st->transaction = TX_READ;
	return 0;
}

void
store_read_end(struct store *st)
{
	store_rollback(st);
}

int
store_read(
    struct store *st, int (*step)(struct store *st, void *ctx), void *ctx)
{
	int rc;

	if (store_read_begin(st) < 0)
		return -1;
	rc = step(st, ctx);
	store_read_end(st);
	return rc;
}
