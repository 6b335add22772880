/* user_int.h: the parts of a sign-in, for user*.c alone. */
#ifndef CARNET_USER_INT_H
#define CARNET_USER_INT_H

struct attempt;
struct oerr;
struct req;
struct user;

/*
 * user_refuse(rq, password, hash, why):
 * After passwd_verify(password, hash): the work that each refusal costs, and
 * invalid_grant.
 *
 * user_renew_hash(rq, u, password, is_new):
 * The password is right: store a new hash of it for u.  is_new: it is another one than
 * the old hash was made from.  Return NULL, also if it cannot be stored, which is
 * logged; invalid_grant if the user has another password by now.
 */
const struct oerr *user_refuse(struct req *rq, const char *password,
    const char *hash, const char *why);
const struct oerr *user_renew_hash(
    struct req *rq, struct user *u, const char *password, int is_new);

/*
 * user_elsewhere.c.
 * With the setting password_check, whether a password is right is that program's word
 * (verifier.h), and the user is who it says.  With password_check_keep, a hash of what
 * it found right is stored and asked first.  If it does not answer, the stored hash
 * decides; a password that does not fit it may still be right, so the answer is 503
 * then.
 *
 * user_elsewhere(rq, at, form, password, out):
 * Within the attempt at, check the password of form (identity.h; NULL: a name that no
 * user can have), and fill out.  An unknown person becomes a user (vouched.h).  Return
 * NULL; invalid_grant, which is the same, and takes the same time, for a wrong password,
 * and for an unknown, refused or disabled user; or 503.
 *
 * user_elsewhere_confirm(rq, at, u, password): the same for a user who is signed in.
 */
const struct oerr *user_elsewhere(struct req *rq, struct attempt *at,
    const char *form, const char *password, struct user *out);
const struct oerr *user_elsewhere_confirm(struct req *rq, struct attempt *at,
    const struct user *u, const char *password);

#endif
