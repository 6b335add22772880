/* request.h: a request is held against its endpoint's row; for cgi.c alone. */
#ifndef CARNET_REQUEST_H
#define CARNET_REQUEST_H

#include <stddef.h>
#include <sys/types.h>

struct conn; /* where the request comes from: cgi.c */
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

/* cgi_expect(c, n): the body has so many bytes, or is read up to so many. */
void cgi_expect(struct conn *c, size_t n);

/* cgi_read(c, out, size): of the body; how many bytes, 0 or less at its end. */
ssize_t cgi_read(struct conn *c, char *out, size_t size);

#endif
