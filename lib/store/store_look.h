/* store_look.h: what carnet doctor asks of a database. */
#ifndef CARNET_STORE_LOOK_H
#define CARNET_STORE_LOOK_H

#include "store.h"
#include "store_ledger.h"

/* What carnet doctor asks of a database, sound or not. */
struct store_health {
	const char *error;	/* why it cannot be read, or NULL */
	int version, wanted;	/* of the schema: its own, this program's */
	const char *setting;	/* what carnet install would set right, or NULL */
	const char *damage;	/* the first that the engine found, or NULL */
	int has_orphans;	/* rows that refer to rows that are not there */
	int ledger;		/* enum ledger_state: does it fit? */
	int64_t newest;		/* when its newest row was made; 0: no rows */
};

/*
 * store_look(database, a, out):
 * Open the database for reading alone, changing no file beside it either, and
 * look it over.  Return it, for the other reads, if it is sound and its version
 * ours; else NULL.  The strings of out are in a.
 */
struct store *store_look(
    const char *database, struct arena *a, struct store_health *out);

/*
 * store_last_expiry(st, before, out):
 * When will the last access token that was made up to then have expired, to
 * *out; 0: there is none.  Return 0, or -1.
 */
int store_last_expiry(struct store *st, int64_t before, int64_t *out);

#endif
