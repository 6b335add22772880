/* store_purge.h: what is over is deleted. */
#ifndef CARNET_STORE_PURGE_H
#define CARNET_STORE_PURGE_H

#include "store.h"

/*
 * store_purge(st, now, n):
 * Within a write transaction, delete at most n of the tokens, codes and sessions
 * of each kind that expired before now (codes: a day before); of access tokens
 * those among the next n, 64 at most.  Return how many went.
 */
int store_purge(struct store *st, int64_t now, int n);

/*
 * store_purge_turn(st, now):
 * The same by each request that adds rows, so that no cron is needed: most times
 * nothing, and every fourth time of one kind, the next one each time, and more
 * than such requests add meanwhile.
 */
int store_purge_turn(struct store *st, int64_t now);

/* A purge of all that is over: where it is, all zero at first. */
#define STORE_PURGE_TABLES 6
struct purge {
	int64_t gone[STORE_PURGE_TABLES]; /* rows so far */
	size_t table;
	int is_walk;		/* through all rows, by key: */
	struct rowkey after;	/* behind this one */
};

/*
 * store_purge_batch(st, now, p):
 * In a transaction of its own, delete a few hundred of the rows that store_purge
 * would delete, or of the tokens that were revoked more than a day before now.
 * Return 1 if there may be more, 0 if not, -1 on error.  Who calls again waits
 * in between, so that other writers get their turn.
 */
int store_purge_batch(struct store *st, int64_t now, struct purge *p);

/* store_purge_table(i): the name of the table that gone[i] counts. */
const char *store_purge_table(size_t i);

#endif
