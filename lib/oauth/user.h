/* user.h: who signs in. */
#ifndef CARNET_USER_H
#define CARNET_USER_H

#include <stdint.h>

#include "user_password.h"

struct arena;
struct digest;
struct oerr;
struct req;
struct store;
struct user;

/*
 * user_find(st, a, form, out):
 * Find the user of that e-mail address or user name, in the form that identity.h
 * gives.  Return 1, 0 or -1.
 */
int user_find(
    struct store *st, struct arena *a, const char *form, struct user *out);

/*
 * user_authenticate(rq, name, password, out):
 * Check the password of the user whose e-mail address or user name it is, in any
 * spelling, and fill out.  Every refusal is the same invalid_grant and
 * takes the same time: unknown, wrong, disabled.  A hash made in an older way is
 * replaced.  Too many failures are answered with oerr_throttled, whatever the
 * password.  It may be changed the next moment: who stores what it opens asks
 * store_user_is_current in the same transaction.
 */
const struct oerr *user_authenticate(struct req *rq, const char *name,
    const char *password, struct user *out);

/*
 * user_confirm(rq, u, session, password, next, hash):
 * Who is signed in as u gives their password (NULL: none was sent) once more,
 * before an act that lasts longer than the session.  Failures are counted against
 * the session.  If next is not NULL put its hash to *hash, under the same slot.
 * Return NULL; invalid_grant if the password is wrong; or oerr_throttled and its
 * kin.
 */
const struct oerr *user_confirm(struct req *rq, const struct user *u,
    const struct digest *session, const char *password, const char *next,
    const char **hash);

#endif
