/* store_factor.h: second factors of users: TOTPs and recovery codes. */
#ifndef CARNET_STORE_FACTOR_H
#define CARNET_STORE_FACTOR_H

#include "store.h"
#include "totp.h"

#define TOTPS_MAX 10	   /* of one user */

/* A secret that an app on the user's phone makes codes from (RFC 6238). */
struct totp {
	struct id id;
	int64_t user;
	const char *name;
	uint8_t sealed[TOTP_SEALED_LEN]; /* its secret: keys_close */
	int64_t last_step;	/* codes of this step and of older ones are used up */
	int64_t created_at, last_used_at; /* 0: never */
};

/* Within a write transaction: */
int store_totp_add(struct store *st, const struct totp *t);
/* Note that the code of step was used at now; 0 if it, or a later one, was before. */
int store_totp_use(
    struct store *st, const struct id *id, int64_t step, int64_t now);
/* Delete one of the user's; 0 if it is not theirs. */
int store_totp_delete(struct store *st, int64_t user, const struct id *id);

/* List those of the user, the oldest first; return how many, n at most. */
int store_totp_list(struct store *st, struct arena *a, int64_t user,
    struct totp *out, size_t n);

/*
 * Recovery codes are stored as digests.
 *
 * store_recovery_add(st, user, d): within a write transaction, add one.
 * store_recovery_use(st, user, d): within a write transaction, spend the unspent code
 * with digest d; 0 if there is none.
 * store_recovery_delete(st, user): within a write transaction, delete all of them.
 * store_recovery_left(st, user): how many are unspent, or -1.
 */
int store_recovery_add(
    struct store *st, int64_t user, const struct digest *d);
int store_recovery_use(
    struct store *st, int64_t user, const struct digest *d);
int store_recovery_delete(struct store *st, int64_t user);
int store_recovery_left(struct store *st, int64_t user);

/*
 * store_factor_changed(st, user):
 * Within a write transaction, after a factor of the user was added or deleted: count
 * their factors (struct user), and raise the version of the credential.  Who has none
 * left loses the recovery codes.  Return 1, 0 if the user is gone, or -1.
 */
int store_factor_changed(struct store *st, int64_t user);

/*
 * store_factor_reset(st, user):
 * Within a write transaction, delete all factors and recovery codes of the user, and
 * end their sessions.  Return 1, 0 or -1 as above.
 */
int store_factor_reset(struct store *st, int64_t user);

#endif
