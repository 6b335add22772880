/* store_expired.h: expired rows are deleted, a few at a time. */
#ifndef CARNET_STORE_EXPIRED_H
#define CARNET_STORE_EXPIRED_H

#include <stdint.h>

#include "sql.h"

struct store;

/*
 * store_expired_delete(st, now, n):
 * Within a write transaction, delete at most n rows of each kind below that
 * expired before now (codes: a day before now; device codes: a minute).  Of access
 * tokens it looks at the next n, 64 at most, and deletes those that expired.
 * Return how many rows it deleted.
 */
int store_expired_delete(struct store *st, int64_t now, int n);

/*
 * store_expired_turn(st, now):
 * Each request that adds rows calls it, so that no cron job is needed.  Every
 * fourth call deletes expired rows of one kind, the next kind each time, and more
 * rows than the requests add in between.  The other calls do nothing.
 */
int store_expired_turn(struct store *st, int64_t now);

/* A kind of row that expires, and its statements; 0: it has none. */
struct expired_kind {
	const char *table;
	enum sql expired;	/* delete the oldest; 0: a walk finds them */
	int64_t kept_s;		/* how long a row stays after it expired */
	enum sql keep;		/* the oldest must stay for longer */
	enum sql list;		/* keys of revoked rows: store_purge.c */
	int n_list;		/* how many values that statement takes */
	enum sql delete;	/* a row by its key */
};

#define STORE_EXPIRED_KINDS 12
extern const struct expired_kind expired_kinds[STORE_EXPIRED_KINDS];

/*
 * store_expired_kind(st, k, now, n, gone):
 * Delete at most n expired rows of the kind k, and add to *gone how many were
 * deleted.  Return 1 if there may be more, 0 if not, -1 on error.
 */
int store_expired_kind(struct store *st, const struct expired_kind *k,
    int64_t now, int n, int64_t *gone);

#endif
