/* enrol_secret.h: the secret of a TOTP, encrypted: in its row, and in a form. */
#ifndef CARNET_ENROL_SECRET_H
#define CARNET_ENROL_SECRET_H

#include "b64.h"
#include "store_factor.h"

struct req;
struct totp_secret;
struct user;

/*
 * It is encrypted by keys/factor.key, for one row and one user.  What is encrypted for
 * somebody else, or as an offer, cannot be opened as the secret of a row.
 *
 * enrol_secret_open(rq, t, out):
 * Decrypt the secret of the row t.  Return 1; 0 if it is not of this key or of this
 * user, logged; -1 if there is no key, logged.
 *
 * enrol_secret_close(rq, s, t):
 * Encrypt s for the row t, whose id and user are set.  Return 0, or -1 without a key.
 *
 * enrol_secret_offer(rq, u, s, text):
 * Make a new secret s, and its text for a form.  It is good for u as they are, until
 * they have another factor.  Return 0, or -1 without a key.
 *
 * enrol_secret_offered(rq, u, text, out):
 * Decrypt what the form sent back, or NULL.  Return 1; 0 if it is not of u as they are
 * now; -1 without a key.
 */
#define ENROL_SECRET_TEXT_LEN B64_LEN(TOTP_SEALED_LEN)
int enrol_secret_open(
    struct req *rq, const struct totp *t, struct totp_secret *out);
int enrol_secret_close(
    struct req *rq, const struct totp_secret *s, struct totp *t);
int enrol_secret_offer(struct req *rq, const struct user *u,
    struct totp_secret *s, char text[static ENROL_SECRET_TEXT_LEN + 1]);
int enrol_secret_offered(struct req *rq, const struct user *u,
    const char *text, struct totp_secret *out);

#endif
