/* request.h: a request is held against its endpoint's row; for cgi.c alone. */
#ifndef CARNET_REQUEST_H
#define CARNET_REQUEST_H

#include <stddef.h>

struct conn; /* where the request comes from: conn.h */
struct endpoint;
struct oerr;
struct req;

/*
 * request_begin(rq):
 * Read method and path, and see that the program is asked in a role of its own:
 * from an authorizer (FastCGI 1.0 section 6.3) 200 is a yes, which none but the
 * guard may say.  Return NULL, or the error.
 */
const struct oerr *request_begin(struct req *rq);

/*
 * request_check(rq, c):
 * Method, path, media type and length as the endpoint takes them; then the
 * parameters, or the JSON, are read into rq.  Return NULL, or the error.
 */
const struct oerr *request_check(struct req *rq, struct conn *c);

/*
 * request_wants(rq, ep):
 * By the variables alone (rq->env): how many bytes of the body must have come
 * before the request is looked at; 0 if none is read.  What is refused without
 * its body (404, 405, 413, 415) does not wait for it.
 */
size_t request_wants(const struct req *rq, const struct endpoint *ep);

/*
 * request_length(rq):
 * By the variables alone: how many bytes of a body a plain CGI program may read
 * (RFC 3875 section 4.2), whether it needs them or not; SIZE_MAX: to their end.
 */
size_t request_length(const struct req *rq);

#endif
