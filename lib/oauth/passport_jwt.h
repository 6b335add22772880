/* passport_jwt.h: access tokens that Laravel Passport gave. */
#ifndef CARNET_PASSPORT_JWT_H
#define CARNET_PASSPORT_JWT_H

#include "verified.h"

struct arena;
struct jwt;
struct json_object;
struct keys;

/*
 * passport_claims(o, out, client):
 * Take what the claims o of a token without a kid say: its id here, its times, and to
 * *client the client that it was given to (aud), which must be the one of its row.
 * Return NULL; or, for the log, why it is no token of Passport's.
 */
const char *passport_claims(
    struct json_object *o, struct claims *out, const char **client);

/*
 * passport_signed(a, ks, t):
 * Did one of the RSA keys sign t (RS256)?  Its header does not say which.  Return NULL,
 * or why not.
 */
const char *passport_signed(
    struct arena *a, struct keys *ks, const struct jwt *t);

#endif
