/* input.h: what was sent, as query, form or JSON, becomes the parameters. */
#ifndef CARNET_INPUT_H
#define CARNET_INPUT_H

#include <stddef.h>

struct conn; /* where the request comes from: conn.h */
struct oerr;
struct req;

/*
 * input_read(rq, c):
 * Read the query, and the body from c, as the endpoint takes them, into
 * rq->param[] or rq->json.  Media type and length are checked first.  Return NULL,
 * or the error; an error of 400 of a lenient endpoint goes to rq->param_error.
 */
const struct oerr *input_read(struct req *rq, struct conn *c);

/*
 * input_size(rq):
 * By rq->env and rq->ep alone: how many bytes of a POST's body input_read will
 * read; 0 if it refuses the request without reading the body.
 */
size_t input_size(const struct req *rq);

/*
 * input_length(rq):
 * By rq->env alone: how many bytes of a body a plain CGI program may read (RFC
 * 3875 section 4.2), whether it needs them or not; SIZE_MAX: to their end.
 */
size_t input_length(const struct req *rq);

/*
 * input_form(rq, text, len):
 * Read a form body or a query into rq->param[].  Names that are not of the
 * vocabulary (param.h) are ignored; an empty value is as if it were not sent (RFC
 * 6749 section 3.1).  A name sent twice, a value too long or malformed is
 * invalid_request; of resource, invalid_target: a token is for one (RFC 8707
 * section 2 lets a client name several, and a server refuse them).
 */
const struct oerr *input_form(struct req *rq, const char *text, size_t len);

/* input_json(rq): the same for the members of the object rq->json. */
const struct oerr *input_json(struct req *rq);

#endif
