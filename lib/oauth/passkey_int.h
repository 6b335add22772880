/* passkey_int.h: what passkey.c and passkey_offer.c share. */
#ifndef CARNET_PASSKEY_INT_H
#define CARNET_PASSKEY_INT_H

#include "passkey.h"
#include "webauthn.h"

#define PASSKEY_TTL_S 300 /* the life of a challenge */

/*
 * passkey_challenge_check(rq, v):
 * Return NULL if the parameter challenge is one that we gave to the browser of v in
 * the last PASSKEY_TTL_S; &oerr_stale_form if not; or another error.
 */
const struct oerr *passkey_challenge_check(
    struct req *rq, const struct visitor *v);

/* passkey_handle(a, user): the user handle: the user's number (section 5.4.3). */
const char *passkey_handle(struct arena *a, int64_t user);

/* passkey_key(a, p): the COSE_Key of p. */
struct octets passkey_key(struct arena *a, const struct passkey *p);

#endif
