/* store_transfer.h: all that is in one database is copied to another, empty one. */
#ifndef CARNET_STORE_TRANSFER_H
#define CARNET_STORE_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

#include "store.h"

#define TRANSFER_TABLES_MAX 64

struct arena;

/* What was copied of one table.  The digest does not depend on the order of rows. */
struct transferred {
	const char *table;
	int64_t rows;
	struct digest digest;
};

struct transfer {
	struct transferred table[TRANSFER_TABLES_MAX];
	size_t n;
	const char *why;	/* it was refused; NULL: the database failed, logged */
};

/*
 * store_transfer(from, to, a, out):
 * Copy all rows of the database from, as they are at one moment, to the database to,
 * in one transaction; then read them again there, and compare numbers of rows and
 * digests before it commits.  What belongs to one database alone, as the count of
 * what was taken back (store_ledger.h), is not copied.  Return 0; -1, and to is as it
 * was.  The strings of out are in a.
 */
int store_transfer(struct store *from, struct store *to, struct arena *a,
    struct transfer *out);

#endif
