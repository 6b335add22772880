/* store_kept.h: bytes made from rows, good until somebody writes. */
#ifndef CARNET_STORE_KEPT_H
#define CARNET_STORE_KEPT_H

#include "store.h"

/* What they are: of a page of rows, where it begins and how many it holds. */
struct kept_key {
	int64_t from, n;
};

/*
 * store_keep(st, key, data, len):
 * Within the read transaction (store_read) in which the bytes were made, and from
 * its rows and the configuration alone: keep a copy.  Not for secrets, nor for what
 * depends on who asks.  A plain CGI keeps nothing; nor is much kept: 16 of up to
 * 8 KiB.
 *
 * store_kept(st, key, len):
 * Within a read transaction, return what was kept under the key, of *len bytes,
 * if no process has committed anything since; else NULL.  It is the store's, and
 * good until the next call.
 */
void store_keep(
    struct store *st, struct kept_key key, const char *data, size_t len);
const char *store_kept(struct store *st, struct kept_key key, size_t *len);

#endif
