/* store_walk.h: all tokens of a user or a client, listed or revoked. */
#ifndef CARNET_STORE_WALK_H
#define CARNET_STORE_WALK_H

#include <stddef.h>
#include <stdint.h>

#include "id.h"
#include "rowkey.h"

struct arena;
struct store;

/* A walk through the tokens of a user and a client (0: any), zero at first. */
struct walk {
	int64_t user, client;
	int step;		/* which kind of row it is at */
	struct rowkey after;	/* the next row is behind this key */
	int64_t access, refresh, codes, sessions; /* revoked so far */
};

/* A token that is listed. */
struct walk_token {
	struct rowkey key;	/* of its row */
	struct id id;		/* of the access token */
	const char *kind;	/* "personal", "client", "user", ... */
	const char *client_id, *client_name;
	const char *email;	/* or NULL */
	const char *name;	/* of a personal token, or NULL */
	const char *scope;
	int64_t created_at;	/* 0: not known */
	int64_t expires_at, revoked_at;
};

/*
 * store_walk_list(st, a, w, now, out, n):
 * Put the next tokens of w to out, n at most: first all access tokens, then the
 * live refresh tokens whose access token was deleted (kind "refresh", with the id
 * of that access token).  Return how many; 0 at the end; -1 on a database error.
 */
int store_walk_list(struct store *st, struct arena *a, struct walk *w,
    int64_t now, struct walk_token *out, size_t n);

/*
 * store_walk_revoke(st, w, now):
 * In a transaction of its own, revoke a batch: first the codes, then whole
 * families, then the access tokens that are left.  In this order nothing that is
 * not yet revoked can make a token of a kind that is done.  Sessions end too, and
 * links that were mailed, if w names no client.  Return 1 if there may be more, 0 if not, -1 on a database
 * error.
 */
int store_walk_revoke(struct store *st, struct walk *w, int64_t now);

#endif
