/* store_cache.h: answers made from rows, good until somebody writes. */
#ifndef CARNET_STORE_CACHE_H
#define CARNET_STORE_CACHE_H

#include "store.h"

#define STORE_CACHE_KEY_MAX 63 /* bytes of a key */

/*
 * store_cache_put(st, key, data, len):
 * Keep a copy of the len bytes under the key, in the place of an older one.  Call
 * it within the step of store_read that made the bytes, from the rows that it read
 * and the configuration alone: never from a secret, nor from who asks.  A key
 * begins with the name of its route, and holds all of the request that the bytes
 * depend on.
 * The cache is small, and forgets: 16 entries of up to 8 KiB.  A plain CGI program
 * keeps nothing.
 *
 * store_cache_get(st, key, len):
 * Within a step of store_read, return the *len bytes that were kept under the key;
 * NULL if there are none, or if any process has committed anything since.  They are
 * good until the next call of either.
 */
void store_cache_put(
    struct store *st, const char *key, const char *data, size_t len);
const char *store_cache_get(struct store *st, const char *key, size_t *len);

#endif
