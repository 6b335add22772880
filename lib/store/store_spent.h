/* store_spent.h: what works one time, and was used. */
#ifndef CARNET_STORE_SPENT_H
#define CARNET_STORE_SPENT_H

#include <stdint.h>

#include "crypto.h"

struct store;

/*
 * store_spent_add(st, d, expires_at):
 * Within a write transaction, store that the text of digest d was used; from
 * expires_at on it does not work for its age.  Return 0 if it was used before.  Only
 * what somebody proved a secret with is worth a row: else strangers fill the disk.
 */
int store_spent_add(
    struct store *st, const struct digest *d, int64_t expires_at);

/*
 * store_seal_key(st, out):
 * Put the key of this database to *out: it seals what is given to a browser instead of
 * being stored (digest_seal).  The first call makes it.  Return 1, or -1 on a database
 * error, logged.  Not within a transaction.
 */
int store_seal_key(struct store *st, struct digest *out);

#endif
