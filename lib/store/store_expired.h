/* store_expired.h: expired rows are deleted, a few at a time. */
#ifndef CARNET_STORE_EXPIRED_H
#define CARNET_STORE_EXPIRED_H

#include <stdint.h>

#include "sql.h"

struct store;

/*
 * store_expired_delete(st, now, n):
 * Within a write transaction, delete at most n of the tokens, codes and sessions
 * of each kind that expired before now (codes: a day before); of access tokens
 * those among the next n, 64 at most.  Return how many went.
 */
int store_expired_delete(struct store *st, int64_t now, int n);

/*
 * store_expired_turn(st, now):
 * The same by each request that adds rows, so that no cron is needed: most times
 * nothing, and every fourth time of one kind, the next one each time, and more
 * than such requests add meanwhile.
 */
int store_expired_turn(struct store *st, int64_t now);

/* A statement that is 0 is none; what has no expired one is walked through. */
struct expired_kind {
	const char *table;
	enum sql expired;
	int64_t kept_s;		/* how long after it expired */
	enum sql keep;		/* what must stay yet */
	enum sql over, forget;
	int n_over;		/* values that the first of the two has */
};

#define STORE_EXPIRED_KINDS 6
extern const struct expired_kind expired_kinds[STORE_EXPIRED_KINDS];

/*
 * store_expired_kind(st, k, now, n, gone):
 * The same of one kind: delete at most n rows that expired, and add to *gone how
 * many.  Return 1 if there may be more, 0 if not, -1 on error.
 */
int store_expired_kind(struct store *st, const struct expired_kind *k,
    int64_t now, int n, int64_t *gone);

#endif
