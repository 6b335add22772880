/* passkey.h: passkeys are offered by a page, made, and used (WebAuthn Level 2). */
#ifndef CARNET_PASSKEY_H
#define CARNET_PASSKEY_H

#include "store_passkey.h"
#include "store_proof.h"

struct oerr;
struct req;
struct tmpl_data;
struct user;
struct visitor;

/* What a page asks of the browser. */
enum passkey_ask {
	PASSKEY_MAKE,	/* a new passkey of this user */
	PASSKEY_ALONE,	/* sign in with any passkey that verifies its user */
	PASSKEY_SECOND,	/* one of this user's: they gave their password before */
	PASSKEY_AGAIN,	/* the same of who is signed in; it verifies its user */
};

/*
 * passkey_count(rq, u):
 * Return how many passkeys u has; 0 if there can be none here (passkey_may_be); -1 on a database error, logged.
 */
int passkey_count(struct req *rq, const struct user *u);

/*
 * passkey_offer(rq, v, ask, u, d):
 * Put what templates/passkey.html needs to d: {{passkey_options}}, the options of
 * navigator.credentials as JSON, and {{passkey_challenge}}, which the form sends back.
 * Nothing if there can be none here.  v has a cookie (session_begin), to which the
 * challenge is bound; u is the user, or NULL with PASSKEY_ALONE.  A challenge is
 * sealed, not stored: strangers who open the page fill no disk.  Return NULL, or the
 * error.
 */
const struct oerr *passkey_offer(struct req *rq, const struct visitor *v,
    enum passkey_ask ask, const struct user *u, struct tmpl_data *d);

/*
 * passkey_make(rq, v, out):
 * Check the new passkey that the browser of v sent (parameters challenge and
 * credential); v is signed in.  The caller stores it: store_passkey_add.  Return NULL,
 * and all but the name in out; or the error: &oerr_stale_form if the challenge is too
 * old or another browser's, else invalid_request.
 */
const struct oerr *passkey_make(
    struct req *rq, const struct visitor *v, struct passkey *out);

/*
 * passkey_use(rq, v, ask, u, p):
 * The same for a use: check it, and store it.  With PASSKEY_ALONE the passkey says who
 * u is, and puts them there as they were before the check; else u is the user who was
 * asked.  Return NULL, and in p what the passkey alone proves.  Else the error: &oerr_stale_form as
 * above; &passkey_copied if its counter did not rise: the user is told by mail, as
 * there may be a copy; else invalid_grant or invalid_request.
 */
const struct oerr *passkey_use(struct req *rq, const struct visitor *v,
    enum passkey_ask ask, struct user *u, struct proof *p);

extern const struct oerr passkey_copied;

/* passkey_told(e): what to tell the person of an error of passkey_make or _use. */
const char *passkey_told(const struct oerr *e);

#endif
