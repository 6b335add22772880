/* store_token.h: access and refresh tokens. */
#ifndef CARNET_STORE_TOKEN_H
#define CARNET_STORE_TOKEN_H

#include "store.h"
#include "store_granted.h"

struct access_token {
	struct id id;
	int64_t client;
	int64_t user;		/* 0: the client itself */
	struct id family;
	int has_family;
	const char *name;	/* of a personal token, else NULL */
	const char *scope;
	int64_t created_at, expires_at;
	int64_t last_used_at;	/* of a personal token; 0: never */
	struct digest seal;	/* of its text: keys_seal */
	int has_seal;
	int64_t signed_by;	/* keys_number; 0: not known */
};

struct refresh_token {
	struct digest digest;
	struct granted granted;	/* the scope as it was first granted */
	struct id access_token;	/* of the same pair */
	int64_t expires_at, spent_at, revoked_at; /* 0: not spent, not revoked */
	/*
	 * Some rows are no refresh token.  They make a further access token a
	 * member of the family.  came_with is then the refresh token that was
	 * given with it a further time; it is unset if the refresh token does not
	 * rotate.
	 */
	struct digest came_with;
	int has_came_with;
};

/* An access token with its client and its user: what the guard asks for. */
struct access {
	int64_t client, user;	/* user 0: the client itself */
	const char *client_id, *client_grants, *email, *user_name;
	const char *subject, *login;	/* of the user, or NULL */
	const char *scope;	/* as it was given */
	/* The scopes that each may have now: struct client, struct user. */
	const char *client_scope, *user_scope;
	struct id family;
	int has_family;
	int64_t created_at, expires_at;
	const char *name;	/* of a personal token, else NULL */
	int64_t last_used_at;
	int token_revoked, client_revoked, user_disabled;
	struct digest seal;	/* of the token's text */
	int has_seal;
};

/* store_access_label(t): what people call its user, as store_user_label. */
static inline const char *
store_access_label(const struct access *t)
{
	return t->email != NULL ? t->email
	    : t->login != NULL	? t->login
				: t->subject;
}

/*
 * store_access_find(st, a, id, out):
 * Find the access token id, with its client and its user.
 */
int store_access_find(struct store *st, struct arena *a, const struct id *id,
    struct access *out);

/* Within a write transaction: */
int store_access_add(struct store *st, const struct access_token *t);
int store_access_revoke(struct store *st, const struct id *id, int64_t now);
/*
 * store_access_of_key(st, key, since, now, n):
 * Put to *n how many access tokens that live at now were signed by the key.  A row
 * that does not say which key signed it counts if it was made at since or later.
 * It reads all rows.  Return 0, or -1.
 */
int store_access_of_key(struct store *st, int64_t key, int64_t since,
    int64_t now, int64_t *n);
int store_refresh_add(struct store *st, const struct refresh_token *t);

int store_refresh_find(struct store *st, struct arena *a,
    const struct digest *d, struct refresh_token *out);

/*
 * store_refresh_spend(st, d, next, now, grace_s):
 * Within a write transaction, spend the refresh token with digest d at now.  The
 * token with digest next follows it.  Return
 * REFRESH_FIRST: it was unspent.  The access tokens that came with it are revoked,
 * and the caller stores next.
 * REFRESH_AGAIN: it was spent at most grace_s seconds from now (before or after, as
 * the clock may be set), and next is stored, spent or not.  Nothing is revoked.  The
 * caller adds an access token, and a row for it with came_with next.
 * REFRESH_REPLAYED: it is unknown, expired or revoked, it was spent at another
 * time, or another token than next follows it.
 * -1: a database error, logged.
 */
enum { REFRESH_REPLAYED, REFRESH_FIRST, REFRESH_AGAIN };
int store_refresh_spend(struct store *st, const struct digest *d,
    const struct digest *next, int64_t now, int64_t grace_s);

/*
 * store_refresh_keep(st, d, now, expires_at):
 * Within a write transaction, extend the life of the refresh token with digest d to
 * expires_at; a longer life stays.  Return 1; 0 if it is not live; or -1.
 */
int store_refresh_keep(struct store *st, const struct digest *d, int64_t now,
    int64_t expires_at);

/*
 * store_family_find(st, a, access, out):
 * Find what was granted with the access token whose id is access.  Its refresh
 * token tells, as the access token itself may be deleted.  It reads all refresh
 * tokens.
 */
int store_family_find(struct store *st, struct arena *a,
    const struct id *access, struct granted *out);

/*
 * store_family_revoke(st, family, now):
 * Within a write transaction, revoke all refresh tokens of the family and the
 * access tokens of their pairs.  Return the number of refresh tokens.
 */
int store_family_revoke(struct store *st, const struct id *family, int64_t now);

/*
 * List the personal tokens that have neither expired nor been revoked, newest
 * first; if before is not NULL, only those older than it.
 */
int store_personal_list(struct store *st, struct arena *a, int64_t user,
    int64_t now, const struct id *before, struct access_token *out, size_t n);
/* Revoke the user's personal token id; 0 if it is not the user's, or not live. */
int store_personal_revoke(
    struct store *st, int64_t user, const struct id *id, int64_t now);

/* store_access_used(st, id, now): note that a personal token was used. */
int store_access_used(struct store *st, const struct id *id, int64_t now);

#endif
