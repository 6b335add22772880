/* check.h: does the endpoint's row take the request? */
#ifndef CARNET_CHECK_H
#define CARNET_CHECK_H

#include <stddef.h>

struct oerr;
struct req;

/*
 * check_begin(rq):
 * Read method and path.  The web server must ask a program in a role that is the
 * program's own: to an authorizer's question (FastCGI 1.0 section 6.3) 200 means
 * yes, and only the guard may say that.  Return NULL, or the error.
 */
const struct oerr *check_begin(struct req *rq);

/*
 * check_row(rq):
 * Return NULL if the endpoint takes path and method, and has the configuration
 * and the database that it uses; or the error.
 */
const struct oerr *check_row(struct req *rq);

/*
 * check_wants(rq):
 * By rq->env and rq->ep alone: how many bytes of the body must have come before
 * the request is served; 0 if none is read.  A request that is refused without
 * its body (404, 405, 413, 415) does not wait for it.
 */
size_t check_wants(const struct req *rq);

#endif
