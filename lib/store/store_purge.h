/* store_purge.h: a command deletes all expired rows, a batch at a time. */
#ifndef CARNET_STORE_PURGE_H
#define CARNET_STORE_PURGE_H

#include <stddef.h>
#include <stdint.h>

#include "rowkey.h"
#include "store_expired.h"

struct store;

/* A purge of all expired rows, and how far it has come; all zero at first. */
#define STORE_PURGE_TABLES STORE_EXPIRED_KINDS
struct purge {
	int64_t gone[STORE_PURGE_TABLES]; /* rows deleted so far */
	size_t table;		/* the one that it is at */
	int is_walk;		/* it goes through all rows, by key */
	struct rowkey after;	/* the next row of the walk is behind this key */
};

/*
 * store_purge_batch(st, now, p):
 * In a transaction of its own, delete a few hundred of the rows that
 * store_expired_delete would delete, or of the tokens that were revoked more than
 * a day before now.  Return 1 if there may be more, 0 if not, -1 on error.  A
 * caller waits between two calls, so that other writers get their turn.
 */
int store_purge_batch(struct store *st, int64_t now, struct purge *p);

/*
 * store_delete_orphans(st, gone):
 * Delete all rows that refer to a user or a client that is not there, and put how
 * many they were to *gone.  Return 0; -1, logged.
 */
int store_delete_orphans(struct store *st, int64_t *gone);

/* store_purge_table(i): the name of the table that gone[i] counts. */
const char *store_purge_table(size_t i);

#endif
