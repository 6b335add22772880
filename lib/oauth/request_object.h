/* request_object.h: authorization requests that a client signed (RFC 9101). */
#ifndef CARNET_REQUEST_OBJECT_H
#define CARNET_REQUEST_OBJECT_H

struct client;
struct oerr;
struct req;

/*
 * request_object_take(rq, cl):
 * The parameter request of the client cl is a JWT: check it, and let its claims be the
 * parameters of the request, and no others (RFC 9101 section 6.3).  Return NULL; or
 * invalid_request_object, request_not_supported for a client without keys, or the error
 * that says to come again, as its keys are being fetched.
 */
const struct oerr *request_object_take(struct req *rq, const struct client *cl);

#endif
