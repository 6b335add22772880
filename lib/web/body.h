/* body.h: the body of a request: its media type, its size, its bytes. */
#ifndef CARNET_BODY_H
#define CARNET_BODY_H

#include <stddef.h>

struct buf;
struct conn; /* where the request comes from: conn.h */
struct oerr;
struct req;

/*
 * body_read(rq, c, b, kind):
 * Read the body from c into b, with a NUL behind it, and put BODY_FORM, BODY_JSON
 * or BODY_MULTIPART to *kind.  Media type and length are checked first.  Return NULL, or the error.
 */
const struct oerr *body_read(
    struct req *rq, struct conn *c, struct buf *b, unsigned *kind);

/*
 * body_size(rq):
 * Return how many bytes of a POST's body body_read will read; 0 if it refuses the
 * request without reading the body.  Only rq->env and rq->ep need be set.
 */
size_t body_size(const struct req *rq);

/*
 * body_length(rq):
 * Return how many bytes of a body a plain CGI program may read (RFC 3875 section
 * 4.2), even if it needs none; SIZE_MAX: up to the end.  Only rq->env need be set.
 */
size_t body_length(const struct req *rq);

#endif
