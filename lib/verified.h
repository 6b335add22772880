/* verified.h: tokens whose signature and claims were checked before. */
#ifndef CARNET_VERIFIED_H
#define CARNET_VERIFIED_H

#include "store.h"

struct req;

/*
 * A signature costs a quarter of a millisecond to check, and a caller sends the
 * same token many times.  What is remembered is only that this very token, by
 * its SHA-256, was found good under today's keys and configuration, until when,
 * and its id.  Whether it has been revoked is read from the database each time.
 */

/*
 * verified_find(rq, d, out):
 * Return 1 and put the token's id to out if the token with digest d is known
 * and has not expired; else 0.
 */
int verified_find(struct req *rq, const struct digest *d, struct id *out);

/* verified_add(rq, d, id, expires_at): remember it, perhaps in another's place. */
void verified_add(struct req *rq, const struct digest *d, const struct id *id,
    int64_t expires_at);

#endif
