/* store_look.h: what carnet doctor asks of a database. */
#ifndef CARNET_STORE_LOOK_H
#define CARNET_STORE_LOOK_H

#include "store.h"
#include "store_ledger.h"

/* The health of a database, for carnet doctor. */
struct store_health {
	const char *error;	/* why it cannot be read, or NULL */
	int version, wanted;	/* of the schema: its own, this program's */
	const char *setting;	/* a fault that carnet install mends, or NULL */
	const char *damage;	/* the first damage that was found, or NULL */
	const char *rescue;	/* what saves rows of it, if there is no backup */
	int has_orphans;	/* some rows refer to rows that do not exist */
	int ledger;		/* enum ledger_state */
	int64_t newest;		/* when its newest row was made; 0: no rows */
};

/*
 * store_look(database, a, out):
 * Open the database for reading, without a change to any of its files, and check
 * it.  If it is sound and has the version of this program, return it, for further
 * reads; else NULL.  The strings of out are in a.
 */
struct store *store_look(
    const char *database, struct arena *a, struct store_health *out);

/*
 * store_last_expiry(st, before, out):
 * Of the access tokens that were made at before or earlier, and are not revoked,
 * put to *out when the last one expires; 0: there is none.  Return 0, or -1.
 */
int store_last_expiry(struct store *st, int64_t before, int64_t *out);

#endif
