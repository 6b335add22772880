/* enrol.h: a user adds and deletes second factors and recovery codes. */
#ifndef CARNET_ENROL_H
#define CARNET_ENROL_H

#include "totp.h"

struct digest;
struct id;
struct oerr;
struct req;
struct store;
struct tmpl_data;
struct totp;
struct user;

#define FACTOR_NAME_MAX 60	/* characters */
#define RECOVERY_N 10		/* codes */
#define RECOVERY_TEXT_LEN 19	/* xxxx-xxxx-xxxx-xxxx: 80 bits */

/* The recovery codes of a user, which are shown once. */
struct recovery {
	char text[RECOVERY_N][RECOVERY_TEXT_LEN + 1];
	int n;			/* 0: none was made */
};

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
 * enrol_add(rq, u, add, factor, why, made):
 * Add a second factor in one transaction: if u still has the credential that they had
 * when the factor was checked, add(st, factor) stores it, and returns 1, 0 if it may not
 * be added, or -1; then their factors are counted.  u is brought up to date.  Who has
 * no recovery codes gets some.  Return NULL, and in *why NULL or why it was not added;
 * or the error.
 */
const struct oerr *enrol_add(struct req *rq, struct user *u,
    int (*add)(struct store *st, const void *factor), const void *factor,
    const char **why, struct recovery *made);

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

/* enrol_recovery(rq, u, made): make new recovery codes; the old ones end. */
const struct oerr *enrol_recovery(
    struct req *rq, const struct user *u, struct recovery *made);

/* enrol_show_recovery(r, d): put them to the list recovery_codes, each a {{code}}. */
void enrol_show_recovery(const struct recovery *r, struct tmpl_data *d);

/*
 * enrol_open(rq, t, out): decrypt the secret of t.  Return 1; 0 if it is not of this
 * key or of this user, logged; -1 if there is no key, logged.
 */
int enrol_open(struct req *rq, const struct totp *t, struct totp_secret *out);

/*
 * enrol_recovery_digest(typed, d):
 * Put the digest of a recovery code to d, whatever its case, with or without dashes
 * and spaces.  Return 1; 0 if typed is no recovery code.
 */
int enrol_recovery_digest(const char *typed, struct digest *d);

#endif
