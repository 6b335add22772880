/* store_user.h: the people who sign in. */
#ifndef CARNET_STORE_USER_H
#define CARNET_STORE_USER_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;

struct user {
	int64_t id;
	const char *email;	/* or NULL */
	const char *name;
	const char *password;	/* its hash */
	const char *scope;	/* words, "*", or NULL */
	const char *login;	/* user name, or NULL */
	const char *subject;	/* what tokens call them; NULL: the id */
	const char *groups;	/* words, or NULL */
	const char *claims;	/* a JSON object, or NULL */
	int64_t created_at, disabled_at, email_verified_at; /* 0: not so */
	int64_t factors;	/* how many second factors they have */
	int hash_is_kept;	/* a sign-in does not renew the hash */
	int64_t credential;	/* version: rises with each new password or factor */
};

/* store_user_label(u): what people call them: address, user name or subject. */
static inline const char *
store_user_label(const struct user *u)
{
	return u->email != NULL ? u->email
	    : u->login != NULL	? u->login
				: u->subject;
}

int store_user_by_email(
    struct store *st, struct arena *a, const char *email, struct user *out);
int store_user_by_login(
    struct store *st, struct arena *a, const char *login, struct user *out);
int store_user_by_subject(
    struct store *st, struct arena *a, const char *subject, struct user *out);
int store_user_by_id(
    struct store *st, struct arena *a, int64_t id, struct user *out);
/*
 * store_user_add(st, u):
 * Add u, with the number u->id if that is not 0; else put one there.  Return 0 if
 * address, user name, subject or number is taken.
 */
int store_user_add(struct store *st, struct user *u);
/* Store email, login, name and scope of u; 0 as above, or if u->id is unknown. */
int store_user_change(struct store *st, const struct user *u);
/* The same for all but password and created_at. */
int store_user_replace(struct store *st, const struct user *u);
/* Store an address that was confirmed at; 0 if it is taken, or the user is gone. */
int store_user_set_email(
    struct store *st, int64_t id, const char *email, int64_t at);
/* Store a user name; NULL: none.  0 as above. */
int store_user_set_login(struct store *st, int64_t id, const char *login);
/* Store a hash.  If old is not NULL and not the hash in use, return 0. */
int store_user_set_password(
    struct store *st, int64_t id, const char *old, const char *hash);
/* The same for a new hash of the same password: the credential's version stays. */
int store_user_renew_hash(
    struct store *st, int64_t id, const char *old, const char *hash);
/*
 * store_user_is_current(st, id, credential):
 * Within a write transaction, return 1 if the user exists and is not disabled, and
 * has that version of the credential (CREDENTIAL_ANY: any); else 0; -1 on a database
 * error.  What was checked with another version does not stand.
 */
#define CREDENTIAL_ANY (-1)
int store_user_is_current(struct store *st, int64_t id, int64_t credential);
/* at: Unix seconds, and the clients are told: store_logout.h; 0: enabled again. */
int store_user_set_disabled(struct store *st, int64_t id, int64_t at);
/* The hashes of one class (hash.h) that users brought along. */
struct user_hashes {
	const char *kind;
	int64_t n;
};

/*
 * store_user_hashes(st, a, out, n):
 * Put the classes of hashes that are not ours to out, the most frequent first, n
 * at most; it looks at all of these hashes.  Return how many classes, or -1.
 */
int store_user_hashes(struct store *st, struct arena *a,
    struct user_hashes *out, size_t n);
/* List users whose id is greater than after, in order; return how many, n at most. */
int store_user_list(struct store *st, struct arena *a, int64_t after,
    struct user *out, size_t n);

#endif
