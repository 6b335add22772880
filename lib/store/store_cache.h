/* store_cache.h: answers made from rows, valid until somebody writes. */
#ifndef CARNET_STORE_CACHE_H
#define CARNET_STORE_CACHE_H

#include "store.h"

#define STORE_CACHE_KEY_MAX 63 /* bytes of a key */

/*
 * store_cache_put(st, key, data, len):
 * Store a copy of the len bytes under the key; it replaces an older one.  Call it
 * within the step of store_read that made the bytes.  They must depend on nothing
 * but the rows that the step read, the configuration and the key: not on a secret,
 * and not on the caller.  A key begins with the name of its route.
 * The cache has 16 entries of up to 8 KiB, and a new one may push out an old one.
 * In a plain CGI program it stores nothing.
 *
 * store_cache_get(st, key, len):
 * Within a step of store_read, return the *len bytes that are stored under the
 * key; NULL if there are none, or if any process has committed anything since.
 * They are valid until the next call of either function.
 */
void store_cache_put(
    struct store *st, const char *key, const char *data, size_t len);
const char *store_cache_get(struct store *st, const char *key, size_t *len);

#endif
