/* pushed.h: authorization requests that clients push (RFC 9126). */
#ifndef CARNET_PUSHED_H
#define CARNET_PUSHED_H

#include <stdint.h>

#include "crypto.h"

struct client;
struct oerr;
struct req;

#define PUSHED_URI "urn:ietf:params:oauth:request_uri:"
#define PUSHED_TTL_S 90 /* until a browser comes with it */

/* A request that was pushed, and came back. */
struct pushed {
	struct digest digest;
	int64_t opened_at;	/* when a browser first came with it */
};

/*
 * pushed_store(rq, cl, uri):
 * Store the parameters of the request, which were checked, and put to *uri the
 * request_uri by which a browser brings them, one time, within PUSHED_TTL_S.  Public
 * clients and strangers, and so anybody, get only so many for one address.  Return NULL, or the error.
 */
const struct oerr *pushed_store(
    struct req *rq, const struct client *cl, const char **uri);

/*
 * pushed_keep(rq, cl):
 * The request is that of an object which the browser brought by value (RFC 9101): store it
 * in the same way, so that it stays as it is through sign-in and consent, and let the
 * request be as if the browser had brought its request_uri.  The same object has the same
 * one, so that nobody stores many.  Return NULL, or the error.
 */
const struct oerr *pushed_keep(
    struct req *rq, const struct client *cl, const char *object);

/* pushed_is_sent(rq): return 1 if the request has a request_uri of this kind. */
int pushed_is_sent(const struct req *rq);

/*
 * pushed_open(rq, cl, out):
 * The parameters of the request are from now on those that the client cl pushed.  The
 * first call gives the person at the browser ten minutes.  Return NULL; or the error,
 * for that person, if cl pushed no such request, or it has expired or was used.
 */
const struct oerr *pushed_open(
    struct req *rq, const struct client *cl, struct pushed *out);

/*
 * pushed_spend(rq, p):
 * Within a write transaction: the request is decided.  Return 1; 0 if it was decided
 * before; -1 on a database error, logged.
 *
 * pushed_end(rq, p): the same in a transaction of its own; an error is only logged.
 */
int pushed_spend(struct req *rq, const struct pushed *p);
void pushed_end(struct req *rq, const struct pushed *p);

#endif
