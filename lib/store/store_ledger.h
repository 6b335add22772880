/*
 * store_ledger.h: is this database an old copy?
 *
 * If an operator puts a copy back, all that was revoked since the copy was made is
 * live again.  So the database counts what is taken back, and there is a second
 * count outside of it, which a copy does not change: see sqlite/ledger.c.
 */
#ifndef CARNET_STORE_LEDGER_H
#define CARNET_STORE_LEDGER_H

#include "store.h"

/* What the two counts say of a database. */
enum ledger_state { LEDGER_FITS, LEDGER_OLD, LEDGER_OVERWRITTEN };

/*
 * store_ledger_state(st):
 * Return LEDGER_FITS if the database is the one that was last in use; LEDGER_OLD if
 * it is an older copy that was put back; LEDGER_OVERWRITTEN if another file was
 * copied over it while it was in use; -1 on a database error, logged.
 */
int store_ledger_state(struct store *st);

/*
 * store_ledger_accept(st):
 * The operator has revoked all tokens of a copy that was put back.  Delete all
 * consents, and raise the count of the database above the one outside.  Return 0,
 * or -1.
 */
int store_ledger_accept(struct store *st);

#endif
