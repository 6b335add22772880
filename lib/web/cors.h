/* cors.h: which scripts of other sites may call (Fetch, section 3.2). */
#ifndef CARNET_CORS_H
#define CARNET_CORS_H

struct oerr;
struct req;

/*
 * cors_answer(rq):
 * If the request comes from a script of another origin that is allowed, add the
 * headers that let it read the answer.  Allowed are the configured origins, or,
 * where none are configured, those of the redirect URIs of public clients:
 * single-page apps.  Return 1 if the origin is allowed.
 */
int cors_answer(struct req *rq);

/*
 * cors_check(rq):
 * The same, and return NULL; or, of an endpoint that spends what is presented, an
 * error if the browser would not let the script read the answer: a form is sent
 * without a preflight, and its code would be gone for nothing.
 */
const struct oerr *cors_check(struct req *rq);

/* cors_preflight(rq): answer an OPTIONS request; 1 if it was a preflight. */
int cors_preflight(struct req *rq);

#endif
