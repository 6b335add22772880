/* session.h: sign-in session, CSRF token. */
#ifndef CARNET_SESSION_H
#define CARNET_SESSION_H

#include "store_session.h"
#include "store_user.h"

struct oerr;
struct req;

#define CSRF_LEN 43

/* The person at the browser. */
struct visitor {
	int signed_in;
	int is_half;		/* the second step of a sign-in is to come */
	struct user user;	/* if either is so */
	struct session session;	/* the same */
	char cookie[SECRET_TEXT_LEN + 1];
	char csrf[CSRF_LEN + 1]; /* for every form; bound to the cookie */
};

/*
 * session_load(rq, v):
 * Find out by the cookie who sent the request.  Return NULL, or the error.
 */
const struct oerr *session_load(struct req *rq, struct visitor *v);

/*
 * session_begin(rq, v):
 * Give a cookie to a browser that has none, so that a form can be bound to it.  Call
 * it only when a form is shown: a form of another site comes without the cookie
 * (SameSite), and an answer that set a new cookie would sign the user out.
 */
void session_begin(struct req *rq, struct visitor *v);

/*
 * session_check_csrf(rq, v):
 * Return NULL if the form is from a page that we gave to this browser in this
 * session.  Return &oerr_stale_form if it may be from another site, or is ours from
 * before the sign-in: the caller does nothing that it asks for, and shows the page
 * again with SESSION_STALE, so that the person decides anew.  Return
 * &oerr_foreign_form if it has no token: each of our forms has one.
 */
#define SESSION_STALE \
    "This page was older than your sign-in, so nothing was done. Look at it" \
    " once more, and press the button again."
const struct oerr *session_check_csrf(struct req *rq, const struct visitor *v);

/*
 * session_is_current(rq, v):
 * Within a write transaction, return 1 if the visitor, who was signed in when the
 * request came, still is; 0 if not; -1 on error.
 */
int session_is_current(struct req *rq, const struct visitor *v);

/*
 * session_sign_in(rq, v, u, p):
 * Begin a session of u, who proved p; u is as it was read before p was checked.
 * Every way to sign in ends here.  The cookie is new: a cookie that an attacker put
 * into the browser before is worth nothing (session fixation).  If u has another
 * password or factor by now, return invalid_grant.
 */
const struct oerr *session_sign_in(struct req *rq, struct visitor *v,
    const struct user *u, const struct proof *p);

/*
 * session_sign_in_half(rq, v, u, p):
 * The same for the first step of a sign-in: nobody is signed in, and the browser has
 * HALF_TTL_S seconds for the second step, which calls session_sign_in.
 */
#define HALF_TTL_S 600
const struct oerr *session_sign_in_half(struct req *rq, struct visitor *v,
    const struct user *u, const struct proof *p);

/*
 * session_is_fresh(rq, v):
 * Return 1 if the user signed in, or proved that it is them, in the last fresh_ttl.
 *
 * session_confirm(rq, v): they have proved it now.
 */
int session_is_fresh(const struct req *rq, const struct visitor *v);
const struct oerr *session_confirm(struct req *rq, struct visitor *v);

/* session_sign_out(rq, v): delete the session, whole or half, and its cookie. */
const struct oerr *session_sign_out(struct req *rq, struct visitor *v);

#endif
