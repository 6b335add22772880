/* once.h: what counts once is spent with what is given for it. */
#ifndef CARNET_ONCE_H
#define CARNET_ONCE_H

#include <stdint.h>

struct digest;
struct req;

/*
 * once_take(rq, d, expires_at):
 * The request shows what has the digest d, which counts once before expires_at, and
 * whose signature is right.  It is spent now; or, if the endpoint's row has spends_once,
 * by once_spend in the transaction of what is given for it, and at the latest when the
 * request ends.  Return 1; 0 if it was spent before; -1 on a database error, logged.
 */
int once_take(struct req *rq, const struct digest *d, int64_t expires_at);

/*
 * once_spend(rq):
 * Within a write transaction, spend all that the request took.  Return 1, also if it
 * took nothing; 0 if another request was faster: then nothing may be given; -1 on a
 * database error, logged.
 */
int once_spend(struct req *rq);

#endif
