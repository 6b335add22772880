/* jwk.h: public keys as JSON (RFC 7517, RFC 7518 section 6, RFC 8037). */
#ifndef CARNET_JWK_H
#define CARNET_JWK_H

#include "b64.h"
#include "crypto.h"
#include "key.h"

struct buf;
struct json_object;

#define KID_LEN B64_LEN(DIGEST_LEN)

/*
 * jwk_thumbprint(k, out):
 * Put the SHA-256 thumbprint of k (RFC 7638) in base64url to out: our kid.
 * Return 0, or -1 logged.
 */
int jwk_thumbprint(const struct key *k, char out[static KID_LEN + 1]);

/* jwk_same_thumbprint(x, y): 1 if the two texts are the same; in constant time. */
int jwk_same_thumbprint(const char *x, const char *y);

/* jwk_write(b, k, kid): append the public key as a JWK.  Return 0, or -1. */
int jwk_write(struct buf *b, const struct key *k, const char *kid);

/*
 * jwk_read(o):
 * Return the public key in the object o, if it is for signatures by an algorithm
 * that this server has and that fits the type of the key; else NULL.
 */
struct key *jwk_read(struct json_object *o);

/*
 * jwk_read_as(o, alg):
 * The same for a key that somebody else made, and that may be for more than one
 * algorithm: the key as one of alg, if it says nothing against that.  An RSA key has at
 * most 4096 bits, and an exponent of 32: others take long.
 *
 * jwk_is_secret(o): Return 1 if o is a symmetric key, or has a private member (RFC 7518
 * sections 6.2.2, 6.3.2 and 6.4).
 */
struct key *jwk_read_as(struct json_object *o, enum alg alg);
int jwk_is_secret(struct json_object *o);

#endif
