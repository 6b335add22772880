/* input.h: parameters from the query, a form or a JSON body. */
#ifndef CARNET_INPUT_H
#define CARNET_INPUT_H

#include <stddef.h>

struct conn; /* where the request comes from: conn.h */
struct oerr;
struct req;

/*
 * input_read(rq, c):
 * Read the query, and the body from c, into rq->param[] or rq->json, as the endpoint
 * takes them.  Media type and length are checked first.  Return NULL, or the error;
 * if the endpoint is lenient, an error of status 400 goes to rq->param_error.
 */
const struct oerr *input_read(struct req *rq, struct conn *c);

/*
 * input_form(rq, text, len):
 * Read a form body or a query into rq->param[].  Names that param.h does not have
 * are ignored.  An empty value is the same as none (RFC 6749 section 3.1).  A name
 * sent twice, or a value too long or malformed, is invalid_request.  For resource it
 * is invalid_target: a token is for one resource (RFC 8707 section 2 lets a client
 * name several, and lets a server refuse them).
 */
const struct oerr *input_form(struct req *rq, const char *text, size_t len);

/* input_json(rq): the same for the members of the object rq->json. */
const struct oerr *input_json(struct req *rq);

#endif
