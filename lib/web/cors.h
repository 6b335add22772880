/* cors.h: which sites' scripts may call (Fetch, section 3.2). */
#ifndef CARNET_CORS_H
#define CARNET_CORS_H

struct oerr;
struct req;

/*
 * cors_answer(rq):
 * If the request comes from a script of an allowed origin, add the headers that let
 * the script read the answer.  The setting cors_origins has the allowed origins;
 * without it they are the origins of the redirect URIs of public clients, such as
 * single-page apps.  Return 1 if the origin is allowed.
 */
int cors_answer(struct req *rq);

/*
 * cors_check(rq):
 * Call cors_answer.  Return an error if the origin is not allowed and the endpoint
 * spends codes or tokens; else NULL.  A browser sends a form without a preflight,
 * and does not let the script read the answer: the code would be lost.
 */
const struct oerr *cors_check(struct req *rq);

/* cors_preflight(rq): if the request is a preflight, answer it and return 1. */
int cors_preflight(struct req *rq);

#endif
