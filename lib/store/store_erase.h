/* store_erase.h: a user or a client, with all that is theirs, is deleted. */
#ifndef CARNET_STORE_ERASE_H
#define CARNET_STORE_ERASE_H

#include "store.h"

/*
 * store_erase_user(st, id): within a write transaction.
 * store_erase_client(st, id): in a transaction of its own.
 * Delete every row of the user (client): tokens of each kind, codes, consents,
 * sessions, posts, jobs of the courier, passkeys, and the user (client) itself.  The
 * search reads all access tokens under the write lock.  The number is never given again.  Return 1; 0 if
 * there is no such user (client); -1 on error, logged, and then nothing is deleted.
 */
int store_erase_user(struct store *st, int64_t id);
int store_erase_client(struct store *st, int64_t id);

/*
 * store_erase_idle(st, now):
 * Within a write transaction, delete one client that registered itself and that was
 * not used before its idle_at.  Return 1; 0 if there is none; -1 on error, logged.
 *
 * store_erase_consents(st, client):
 * Within a write transaction, delete what users allowed that client: they are asked
 * again.  Their tokens stay.  Return -1 on error, logged.
 */
int store_erase_idle(struct store *st, int64_t now);
int store_erase_consents(struct store *st, int64_t client);

/*
 * store_erase_granted(st, client):
 * Within a write transaction, delete what users allowed that client, and each token that
 * it has.  Return -1 on error, logged.
 */
int store_erase_granted(struct store *st, int64_t client);

#endif
