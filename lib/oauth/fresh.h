/* fresh.h: some acts want a sign-in of the last fresh_ttl. */
#ifndef CARNET_FRESH_H
#define CARNET_FRESH_H

#include <stddef.h>

#include "param.h"

struct oerr;
struct req;
struct user;
struct visitor;

/*
 * What changes how somebody signs in, or outlives the session, must not be done by
 * who finds the browser open.  If session_is_fresh says no, the page asks for the
 * password, or for a second factor, and then goes on with what was asked for.
 *
 * fresh_prove(rq, v, why):
 * Check the proof that the form has, in current_password or in the field of a second
 * factor.  Return NULL, and in *why NULL (the visitor is fresh now), or what to tell
 * them; or an error of status 500 and above.  If *why is set, rq->trail.error is what
 * the status of the page is made of: fresh_ask.
 *
 * fresh_ask(rq, v, action, carried, n, why):
 * Answer with the page that asks.  Its form goes to action, with the n parameters of
 * carried as they came, so that nothing that was typed is lost.  why may be NULL.
 */
const struct oerr *fresh_prove(
    struct req *rq, struct visitor *v, const char **why);
const struct oerr *fresh_ask(struct req *rq, struct visitor *v,
    const char *action, const enum param *carried, size_t n, const char *why);

/*
 * fresh_url(rq, to):
 * The page that asks, for programs that cannot check a proof themselves; it leads back
 * to the path to.
 */
const char *fresh_url(struct req *rq, const char *to);
#define FRESH_ACTION "confirm" /* of that page */

#endif
