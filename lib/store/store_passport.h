/* store_passport.h: rows that came from Laravel Passport. */
#ifndef CARNET_STORE_PASSPORT_H
#define CARNET_STORE_PASSPORT_H

#include "store.h"

struct access_token;
struct client;
struct granted;

/* Within a write transaction: */

/* Keep the hash of the user as it is, until store_passport_finish. */
int store_passport_user(struct store *st, int64_t user);
/* Store owner and keeps_sub of cl. */
int store_passport_client(struct store *st, const struct client *cl);
/* Store an access token; 0 if it is there. */
int store_passport_access(struct store *st, const struct access_token *t);

/* A refresh token of Passport's. */
struct passport_refresh {
	struct digest digest;	/* of its id */
	struct id access_token;	/* of the same pair */
	int64_t expires_at, spent_at;
};

/*
 * store_passport_refresh(st, t, g):
 * Store t, and make its access token a member of the family of g; 0 if t is there.
 * store_passport_later(st, t): the same where nobody knows yet what was granted.
 */
int store_passport_refresh(struct store *st,
    const struct passport_refresh *t, const struct granted *g);
int store_passport_later(struct store *st, const struct passport_refresh *t);

/*
 * store_passport_map(st, map):
 * Keep what --map-scope said, "old=new" words, for tokens that store_passport_later
 * stored.  store_passport_map_find(st, a, map): put it to *map; "" if there is none.
 */
int store_passport_map(struct store *st, const char *map);
int store_passport_map_find(struct store *st, struct arena *a, const char **map);

/*
 * store_passport_find(st, d, out):
 * Find a token that store_passport_later stored.
 * store_passport_adopt(st, t, g):
 * It was shown, and its text says what was granted: store it as
 * store_passport_refresh does.  1; 0 if that was revoked meanwhile; -1.
 */
int store_passport_find(struct store *st, const struct digest *d,
    struct passport_refresh *out);
int store_passport_adopt(struct store *st, const struct passport_refresh *t,
    const struct granted *g);

/*
 * store_passport_end(st, user, client):
 * What the user allowed the client is revoked (0: all): so are tokens that
 * store_passport_later stored.
 */
int store_passport_end(struct store *st, int64_t user, int64_t client);

/*
 * store_passport_alone(st, a, after, out, n):
 * List access tokens of users that are in no family, behind the id after, n at most.
 */
int store_passport_alone(struct store *st, struct arena *a,
    const struct id *after, struct access_token *out, size_t n);

/* A live access token, with the client that has it. */
struct passport_token {
	struct id id;
	const char *client_id, *name, *scope; /* name: NULL if it is not personal */
	int64_t created_at, expires_at;
};

/*
 * store_passport_tokens(st, a, user, now, is_personal, out, n):
 * List the live tokens that the user gave to apps, but not to the site's own clients
 * (grant password); or their personal tokens.  The newest comes first.
 */
int store_passport_tokens(struct store *st, struct arena *a, int64_t user,
    int64_t now, int is_personal, struct passport_token *out, size_t n);

/* What Passport gave and what still lives. */
struct passport_live {
	int64_t hashes;		/* users whose hash is kept */
	int64_t personal, access, refresh;
	int64_t last;		/* when the last access token ends; 0: there is none */
};

int store_passport_live(struct store *st, int64_t now, struct passport_live *out);

/* Revoke all that still lives, and let hashes be renewed. */
int store_passport_finish(struct store *st, int64_t now);

/* store_client_keeps_sub(st, id): is the text id the sub of a client's own tokens? */
int store_client_keeps_sub(struct store *st, const char *id);
/* store_user_has_sub(st, number, text): is it what the tokens of a user say? */
int store_user_has_sub(struct store *st, int64_t number, const char *text);
/* store_passport_number(st, number): no user gets that number from now on. */
int store_passport_number(struct store *st, int64_t number);

#endif
