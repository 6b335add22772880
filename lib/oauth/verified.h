/* verified.h: tokens whose signature and claims were checked before. */
#ifndef CARNET_VERIFIED_H
#define CARNET_VERIFIED_H

#include <stdint.h>

#include "acr.h"
#include "id.h"
#include "jwk.h"

struct digest;
struct req;

/* What a token says of itself. */
struct claims {
	struct id id;
	int64_t expires_at, not_before;
	uint64_t is_for; /* FOR_ bits of bearer.h; 0: for somebody else */
	enum acr acr;
	int64_t auth_time; /* of the user's sign-in; 0: not known */
	char jkt[KID_LEN + 1]; /* the key that it is bound to; "": to none */
	char by_cert;	/* jkt is of a certificate (RFC 8705) */
};

/*
 * A signature costs a quarter of a millisecond to check, and a caller sends the
 * same token many times.  What is remembered is only that this very token, by
 * its SHA-256, was found good under today's keys and configuration, until when,
 * for what, and its id.  Whether it has been revoked, and what its client and user
 * may have, is read from the database each time.
 */

/*
 * verified_find(rq, d, out):
 * Return 1 and put what the token says to out if the token with digest d is
 * known and has not expired; else 0.
 */
int verified_find(struct req *rq, const struct digest *d, struct claims *out);

/* verified_add(rq, d, says): remember it, perhaps in another's place. */
void verified_add(
    struct req *rq, const struct digest *d, const struct claims *says);

#endif
