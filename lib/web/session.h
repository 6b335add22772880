/* session.h: sign-in session, CSRF token. */
#ifndef CARNET_SESSION_H
#define CARNET_SESSION_H

#include "store_session.h"
#include "store_user.h"

struct oerr;
struct req;

#define CSRF_LEN 43

/* Who is at the browser. */
struct visitor {
	int signed_in;
	struct user user;	/* if signed in */
	struct session session;	/* if signed in */
	char cookie[SECRET_TEXT_LEN + 1];
	char csrf[CSRF_LEN + 1]; /* for every form; bound to the cookie */
};

/*
 * session_load(rq, v):
 * Find out who sent the request, by its cookie.
 */
const struct oerr *session_load(struct req *rq, struct visitor *v);

/*
 * session_begin(rq, v):
 * Give a browser without a cookie one, so that the form about to be shown is
 * bound to it.  Only where a form is shown: a page elsewhere that sends a form
 * here sends it without the cookie (SameSite), and an answer that set one would
 * sign the user out.
 */
void session_begin(struct req *rq, struct visitor *v);

/*
 * session_check_csrf(rq, v):
 * Return NULL if the form came from a page that we gave to this browser as it is
 * signed in now.  &oerr_stale_form: it may be another site's, or ours and from
 * before the sign-in; nothing that it asks for is done, and the page is shown
 * again, with SESSION_STALE on it, for the person to decide anew.
 * &oerr_foreign_form: it has no token, as none of our forms.
 */
#define SESSION_STALE \
    "This page was older than your sign-in, so nothing was done. Look at it" \
    " once more, and press the button again."
const struct oerr *session_check_csrf(struct req *rq, const struct visitor *v);

/*
 * session_stands(rq, v):
 * Within a write transaction: is who was signed in when the request came signed
 * in still?  Return 1, 0, or -1.
 */
int session_stands(struct req *rq, const struct visitor *v);

/*
 * session_sign_in(rq, v, u):
 * Begin a session of u, whose password was given, under a new id: one that was
 * planted in the browser before is worth nothing (session fixation).  If the
 * password was changed since it is invalid_grant.
 */
const struct oerr *session_sign_in(
    struct req *rq, struct visitor *v, const struct user *u);

/* session_sign_out(rq, v): end the session, here and in the browser. */
const struct oerr *session_sign_out(struct req *rq, struct visitor *v);

#endif
