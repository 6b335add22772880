/* handoff.h: the site signs its people in, and vouches for them with a ticket. */
#ifndef CARNET_HANDOFF_H
#define CARNET_HANDOFF_H

struct oerr;
struct req;
struct visitor;

/*
 * handoff_begin(rq, to):
 * Answer with a redirect to the site's sign-in page (login_url), from where the
 * browser comes back with a ticket and then goes to to.  The parameters prompt
 * (login) and max_age go along, and the ticket must keep them; so does acr_values, if
 * the request that waits at to wants a second factor.  The parameter email goes along
 * as login_hint.  Return NULL or an error.
 */
const struct oerr *handoff_begin(struct req *rq, const char *to);

/*
 * handoff_end(rq, v, to):
 * The browser is back: sign in who the ticket vouches for, and send the browser to
 * where it was going, or to the second step.  Return NULL; or an error whose
 * description is for the person, with *to set to that place, or NULL if it is not
 * known.
 */
const struct oerr *handoff_end(
    struct req *rq, struct visitor *v, const char **to);

#endif
