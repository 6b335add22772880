/* store_copy.h: the whole database, copied out and put back: carnet backup. */
#ifndef CARNET_STORE_COPY_H
#define CARNET_STORE_COPY_H

#include "store.h"

/*
 * store_copy(st, path):
 * Copy the database as it is now to a new file at path, mode 0600, on disk when
 * this returns.  Others go on writing meanwhile.  Return 0; -1, logged, and no
 * file is left.
 */
int store_copy(struct store *st, const char *path);

/*
 * store_replace(database, copy):
 * Put the sound database file copy in the place of the one at path, if there is
 * one.  The write lock of the old one is held until every writer that waits for it
 * has given up, so that nobody is answered 200 for what went to the old file.
 * What was taken back since the copy was made is not known then: see
 * store_ledger.h.  The caller has a copy of the old one: if this process is
 * killed there may be none in place.  Return 0, or -1, logged.
 */
int store_replace(const char *database, const char *copy);

#endif
