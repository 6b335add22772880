/* store_user.h: the people who sign in. */
#ifndef CARNET_STORE_USER_H
#define CARNET_STORE_USER_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;

struct user {
	int64_t id;
	const char *email, *name;
	const char *password;	/* its hash */
	const char *scope;	/* words, "*", or NULL */
	const char *login;	/* user name, or NULL */
	int64_t created_at, disabled_at; /* 0: not disabled */
};

int store_user_by_email(
    struct store *st, struct arena *a, const char *email, struct user *out);
int store_user_by_login(
    struct store *st, struct arena *a, const char *login, struct user *out);
int store_user_by_id(
    struct store *st, struct arena *a, int64_t id, struct user *out);
/* Add u, and put its number to u->id; 0 if the e-mail or user name is taken. */
int store_user_add(struct store *st, struct user *u);
/* Store email, login, name and scope of u; 0 as above, or if u->id is unknown. */
int store_user_change(struct store *st, const struct user *u);
/* Store a hash.  If old is not NULL and not the hash in use, return 0. */
int store_user_set_password(
    struct store *st, int64_t id, const char *old, const char *hash);
/*
 * store_user_is_current(st, id, password):
 * Within a write transaction, return 1 if the user exists and is not disabled, and
 * password (NULL: any) is the hash in use; else 0; -1 on a database error.
 */
int store_user_is_current(struct store *st, int64_t id, const char *password);
/* at: Unix seconds, or 0 to enable the user again. */
int store_user_set_disabled(struct store *st, int64_t id, int64_t at);
/*
 * store_user_bcrypt_cost(st, out):
 * Put to *out the highest cost of all bcrypt hashes of users, 0 if there are none.
 * It reads all users.  Return 1, or -1 on a database error.
 */
int store_user_bcrypt_cost(struct store *st, int *out);
/* List users whose id is greater than after, in order; return how many, n at most. */
int store_user_list(struct store *st, struct arena *a, int64_t after,
    struct user *out, size_t n);

#endif
