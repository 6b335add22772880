/* store_stranger.h: clients that came by themselves and that no user knows yet. */
#ifndef CARNET_STORE_STRANGER_H
#define CARNET_STORE_STRANGER_H

#include <stdint.h>

#include "crypto.h"

struct arena;
struct store;

struct stranger {
	const char *client_id;
	const char *origin;	/* CLIENT_REGISTERED or CLIENT_DOCUMENT */
	const char *metadata;	/* what was registered, or the document: JSON */
	struct digest secret;
	int has_secret;
	struct digest manage;	/* of its registration access token */
	int has_manage;
	int64_t created_at, expires_at; /* Unix seconds */
};

/*
 * store_stranger_find(st, a, client_id, now, out):
 * Find one that has not expired.  Return 1, 0, or -1 on a database error, logged; so do
 * the next functions, for which 1 says that a row was changed.
 */
int store_stranger_find(struct store *st, struct arena *a,
    const char *client_id, int64_t now, struct stranger *out);
/* Add s, or store its metadata and expires_at anew. */
int store_stranger_add(struct store *st, const struct stranger *s);
/* Store the metadata and the secret of s. */
int store_stranger_change(struct store *st, const struct stranger *s);
int store_stranger_delete(struct store *st, const char *client_id);

/*
 * store_stranger_waiting(st, origin, now, max, first):
 * Return how many of that origin there are, counted up to max, and put to *first when the
 * first of them expires; -1 on a database error, logged.
 */
int store_stranger_waiting(struct store *st, const char *origin, int64_t now,
    int max, int64_t *first);

/*
 * Tickets, which let a client register (RFC 7591 section 3, initial access token); d is
 * the digest of the ticket.
 *
 * store_reg_ticket_add(st, d, uses, expires_at): it can be used so often.
 * store_reg_ticket_find(st, d, now): is it good?
 * store_reg_ticket_use(st, d, now): use it once; 0: it was used up, or has expired.
 */
int store_reg_ticket_add(struct store *st, const struct digest *d, int64_t uses,
    int64_t expires_at);
int store_reg_ticket_find(
    struct store *st, const struct digest *d, int64_t now);
int store_reg_ticket_use(
    struct store *st, const struct digest *d, int64_t now);

#endif
