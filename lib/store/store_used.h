/* store_used.h: what counts only once, such as the id of a token that others sign. */
#ifndef CARNET_STORE_USED_H
#define CARNET_STORE_USED_H

#include "store.h"

/*
 * store_used_add(st, d, expires_at):
 * Within a write transaction, note that what has the digest d was used.  Return 1;
 * 0 if it was used before; -1 on a database error, logged.  The row goes some time
 * after expires_at: by then it must not count for its age.  Only what somebody proved
 * a secret with is worth a row: else strangers fill the disk.
 */
int store_used_add(struct store *st, const struct digest *d, int64_t expires_at);

/* store_used_find(st, d): Return 1 if it was used. */
int store_used_find(struct store *st, const struct digest *d);

#endif
