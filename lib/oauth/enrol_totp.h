/* enrol_totp.h: a user adds an authenticator app (TOTP), and deletes it. */
#ifndef CARNET_ENROL_TOTP_H
#define CARNET_ENROL_TOTP_H

struct id;
struct oerr;
struct recovery;
struct req;
struct tmpl_data;
struct user;

/*
 * enrol_offer(rq, u, sealed, d):
 * Put to d what a page shows of a new TOTP: totp_secret (text), qr_path and qr_size,
 * and totp, the secret encrypted, which the form sends back.  sealed is what it sent
 * back, to show the same one again; NULL, or one that is out of date: make a new one.
 * Return NULL, or the error.
 */
const struct oerr *enrol_offer(struct req *rq, const struct user *u,
    const char *sealed, struct tmpl_data *d);

/*
 * enrol_totp(rq, u, why, made):
 * Store the TOTP of the form: fields totp, name (empty: a default) and code, which
 * shows that the user's app has the secret.  u is as it was when the form was checked;
 * its credential and factors are brought up to date.  The first factor comes with
 * recovery codes.  Return NULL, and in *why NULL or what is wrong with the form; or
 * the error.
 */
const struct oerr *enrol_totp(struct req *rq, struct user *u, const char **why,
    struct recovery *made);

/* enrol_totp_delete(rq, u, id, n): delete it; *n is 0 if u has no such one. */
const struct oerr *enrol_totp_delete(
    struct req *rq, struct user *u, const struct id *id, int *n);

#endif
