/* store_held.h: what users and clients hold, listed and revoked. */
#ifndef CARNET_STORE_HELD_H
#define CARNET_STORE_HELD_H

#include "store.h"

struct granted;

/* What users and clients hold. */
struct held {
	struct id id;		/* of the access token */
	const char *kind;	/* "personal", "client", "user", ... */
	const char *client_id, *client_name;
	const char *email;	/* or NULL */
	const char *name;	/* of a personal token, or NULL */
	const char *scope;
	int64_t created_at;	/* 0: not known */
	int64_t expires_at, revoked_at;
};

/* Whose, 0: anyone's; and where a list of it is, zero at first. */
struct holding {
	int64_t user, client;
	int step;
	struct rowkey after;
	int64_t access, refresh, codes, sessions; /* revoked so far */
};

/*
 * store_held_list(st, a, h, now, out, n):
 * Put the next tokens of h to out, n at most: all access tokens there are, then
 * the live refresh tokens whose access token is there no more (kind "refresh";
 * they go by its id).  Return how many; 0 at the end.
 */
int store_held_list(struct store *st, struct arena *a, struct holding *h,
    int64_t now, struct held *out, size_t n);

/*
 * store_held_revoke(st, h, now):
 * In a transaction of its own, revoke some of what h holds: codes first, then
 * families, whole, then what access tokens are left, so that nothing dead gives
 * a new token behind our back.  Sessions end too, if h names no client.  Return
 * 1 if there may be more, 0 if not, -1 on error.
 */
int store_held_revoke(struct store *st, struct holding *h, int64_t now);

/*
 * store_held_family(st, id, out):
 * Find the refresh token that came with the access token id, which may be gone:
 * its family, client and user.  It looks at all refresh tokens.
 */
int store_held_family(
    struct store *st, const struct id *id, struct granted *out);

#endif
