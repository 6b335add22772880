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
 * Give a cookie to a browser without one, so that the form about to be shown is
 * bound to it.  Call it only where a form is shown: a page of another site sends
 * its form without the cookie (SameSite), and an answer that set a new one would
 * sign the user out.
 */
void session_begin(struct req *rq, struct visitor *v);

/*
 * session_check_csrf(rq, v):
 * Return NULL if the form came from a page that we gave to this browser as it is
 * signed in now.  &oerr_stale_form: the form may be another site's, or ours from
 * before the sign-in.  Nothing that it asks for is done, and the page is shown
 * again, with SESSION_STALE on it, so that the person decides anew.
 * &oerr_foreign_form: the form has no token; all of ours have one.
 */
#define SESSION_STALE \
    "This page was older than your sign-in, so nothing was done. Look at it" \
    " once more, and press the button again."
const struct oerr *session_check_csrf(struct req *rq, const struct visitor *v);

/*
 * session_is_current(rq, v):
 * Within a write transaction: return 1 if the visitor who was signed in when the
 * request came is still signed in; 0; or -1.
 */
int session_is_current(struct req *rq, const struct visitor *v);

/*
 * session_sign_in(rq, v, u):
 * Begin a session of u, whose password was given, under a new id: an id that was
 * planted in the browser before is worth nothing (session fixation).  If the
 * password was changed since then, return invalid_grant.
 */
const struct oerr *session_sign_in(
    struct req *rq, struct visitor *v, const struct user *u);

/* session_sign_out(rq, v): end the session, here and in the browser. */
const struct oerr *session_sign_out(struct req *rq, struct visitor *v);

#endif
