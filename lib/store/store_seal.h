/* store_seal.h: the key of what a browser carries instead of a row here. */
#ifndef CARNET_STORE_SEAL_H
#define CARNET_STORE_SEAL_H

#include "crypto.h"

struct store;

/*
 * store_seal_key(st, out):
 * Put the key of this database to *out: it seals what is given to a browser instead of
 * being stored (digest_seal).  The first call makes it.  Return 1, or -1 on a database
 * error, logged.  Not within a transaction.
 */
int store_seal_key(struct store *st, struct digest *out);

#endif
