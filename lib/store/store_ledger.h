/*
 * store_ledger.h: is this database older than what was answered?
 *
 * An operator who puts a copy back brings to life what was revoked since the copy
 * was made.  Two numbers tell: how often something was taken back, and the minute
 * of the last write.  The database has them in the table ledger, and the file
 * DATABASE-sync beside it has them too.  The file is written after the commit, so
 * it never knows more than a database that is whole.
 *
 * What is taken back is counted once a second, and once more after carnet backup.
 * So one copy is not told from the database: made by other means, in a second in
 * which something was taken back before it and after it, and put back before
 * anything is written in a later minute or taken back in a later second.
 */
#ifndef CARNET_STORE_LEDGER_H
#define CARNET_STORE_LEDGER_H

#include "store.h"

struct ledger {
	int64_t taken_back, minute;
};

/*
 * store_ledger_is_old(db, file):
 * Return 1 if a database with the numbers db is older than the file's.
 */
int store_ledger_is_old(const struct ledger *db, const struct ledger *file);

/* What the two tell of a database. */
enum ledger_state { LEDGER_FITS, LEDGER_OLD, LEDGER_OVERWRITTEN };

/*
 * store_ledger_state(st):
 * Return whether the database is the one that the file beside it knows: LEDGER_FITS;
 * older, as a copy that was put back; or another file that was copied over it while
 * it was in use.  -1 on a database error, logged.
 */
int store_ledger_state(struct store *st);

/*
 * store_ledger_read(path, out):
 * Read the numbers of the file beside the database at path.  Without a file, or
 * with an older one that has none, all are 0.
 */
void store_ledger_read(const char *path, struct ledger *out);

/*
 * store_ledger_of(st, out):
 * Read the numbers of the database.  Return 0; -1 on a database error, logged.
 */
int store_ledger_of(struct store *st, struct ledger *out);

/*
 * store_ledger_accept(st):
 * The operator has revoked all tokens of a database that was put back: forget
 * what users consented to, raise its numbers above those of the file, and write
 * both.  Return 0, or -1.
 */
int store_ledger_accept(struct store *st);

/*
 * store_ledger_put_back(path, copy):
 * The database file copy is about to be put in place at path.  If the file beside
 * path has no numbers yet, as on a new machine, what was taken back since the copy
 * was made is not known: have the file say so, that the programs refuse the
 * database until store_ledger_accept.  Return 0, or -1, logged.
 */
int store_ledger_put_back(const char *path, const char *copy);

#endif
