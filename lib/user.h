/* user.h: who signs in. */
#ifndef CARNET_USER_H
#define CARNET_USER_H

struct arena;
struct oerr;
struct req;
struct user;

/*
 * user_email(a, text):
 * Return the e-mail address in text in the form it is stored in (lower case), or
 * NULL if it is none: one '@', no space, a domain, at most 254 bytes.
 */
char *user_email(struct arena *a, const char *text);

/*
 * user_authenticate(rq, email, password, out):
 * Check the password and fill out.  Every refusal is the same invalid_grant and
 * takes the same time: unknown, wrong, disabled.  A hash made in an older way is
 * replaced.  Too many failures are answered with oerr_throttled, whatever the
 * password.  It may be changed the next moment: who stores what it opens asks
 * store_user_stands in the same transaction.
 */
const struct oerr *user_authenticate(struct req *rq, const char *email,
    const char *password, struct user *out);

#endif
