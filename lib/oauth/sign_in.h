/* sign_in.h: from what somebody proved to a session, by one way or in two steps. */
#ifndef CARNET_SIGN_IN_H
#define CARNET_SIGN_IN_H

#include "acr.h"

struct oerr;
struct proof;
struct req;
struct user;
struct visitor;

/*
 * sign_in_wanted(rq, to):
 * Return the least acr that the request wants which waits behind the sign-in, at the
 * path to; ACR_NONE: any.
 */
enum acr sign_in_wanted(struct req *rq, const char *to);

/*
 * sign_in_go(rq, v, u, p, to):
 * u proved p: a password, a ticket, a passkey.  u is as it was read before that was
 * checked.  Begin a session and send the browser to the path to; or, if a second
 * factor is wanted that p does not have, to the second step.  Return NULL;
 * invalid_grant if u has another password or factor by now; or another error.
 */
const struct oerr *sign_in_go(struct req *rq, struct visitor *v,
    const struct user *u, const struct proof *p, const char *to);

/*
 * sign_in_second(rq, v, why):
 * The second step of the visitor, who is half signed in: check the code of the form,
 * or add the factor that it has, and begin the session.  *why is NULL if that is done;
 * else what to tell them.  If the user has recovery codes from now on, the answer is
 * the page that shows them.
 *
 * sign_in_ask_second(rq, v, to, status, why):
 * Answer with the page of the second step; why may be NULL.
 */
const struct oerr *sign_in_second(struct req *rq, struct visitor *v,
    const char *to, const char **why);
const struct oerr *sign_in_ask_second(struct req *rq, struct visitor *v,
    const char *to, int status, const char *why);

#endif
