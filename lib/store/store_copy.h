/* store_copy.h: the whole database, copied out and put back: carnet backup. */
#ifndef CARNET_STORE_COPY_H
#define CARNET_STORE_COPY_H

#include "store.h"

/*
 * store_copy(st, path):
 * Copy the database, as it is now, to a new file at path, with mode 0600.  The file
 * is on disk when this returns.  Others can write in the meantime.  Return 0; -1,
 * logged, and then there is no file.
 */
int store_copy(struct store *st, const char *path);

/*
 * store_replace(database, copy):
 * Put the file copy, a sound database, in the place of the database that the
 * setting names, if there is one.  The write lock of the old one is kept until
 * every writer that waits for it has given up: nobody gets a 200 for a write that
 * went to the old file.  The copy does not know what was revoked since it was made:
 * see store_ledger.h.  The caller must have a copy of the old one, because there
 * may be no database in place if this process is killed.  Return 0, or -1, logged.
 */
int store_replace(const char *database, const char *copy);

#endif
