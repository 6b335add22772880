/* check.h: the endpoint's row accepts or refuses the request. */
#ifndef CARNET_CHECK_H
#define CARNET_CHECK_H

#include <stddef.h>

struct oerr;
struct req;

/*
 * check_begin(rq):
 * Read method and path, and check the FastCGI role.  Only the guard may be an
 * authorizer (FastCGI 1.0 section 6.3): there a 200 lets the request pass, and the
 * other programs answer 200 for other reasons.  Return NULL, or the error.
 */
const struct oerr *check_begin(struct req *rq);

/*
 * check_row(rq):
 * Return NULL if the endpoint takes the path and the method, and there is the
 * configuration and the database that it uses; else the error.
 */
const struct oerr *check_row(struct req *rq);

/*
 * check_wants(rq):
 * Return how many bytes of the body must come before the request is served; 0 if
 * none is read.  A request that is refused without its body (404, 405, 413, 415)
 * does not wait for it.  Only rq->env and rq->ep need be set.
 */
size_t check_wants(const struct req *rq);

#endif
