/* jwk_set.h: the public keys of a client (RFC 7517 section 5). */
#ifndef CARNET_JWK_SET_H
#define CARNET_JWK_SET_H

#include "key.h"

struct arena;
struct json_object;

#define JWK_SET_MAX 20 /* keys */
#define JWK_SET_BYTES_MAX (16 * 1024)

/*
 * jwk_set_refused(a, text, is_strict):
 * Why the JSON text is no set of keys that a client may have; NULL: it is one.  A
 * private or a symmetric key in it refuses it always, as then a secret is out in the
 * open.  There must be at least one public key for an algorithm of ours.  If is_strict
 * is set, all keys must be ones, but for those that are for encryption; else the other
 * keys are left alone.  The sentence lives as long as a.
 */
const char *jwk_set_refused(struct arena *a, const char *text, int is_strict);

/*
 * jwk_set_verify(a, text, kid, alg, data, len, sig, sig_len):
 * Is the signature that of a key of the set?  Only keys that are named kid (NULL: all)
 * and that may be used for alg count.  Return 1; 0 if it is not; -1 if there is no
 * key to try, or if kid is NULL and no key fits: the client may have a new one.
 */
int jwk_set_verify(struct arena *a, const char *text, const char *kid,
    enum alg alg, const void *data, size_t len, const void *sig,
    size_t sig_len);

/*
 * jwk_set_has_cert(a, text, der, len):
 * Return 1 if the certificate is that of a key of the set: the first in its x5c (RFC 7517
 * section 4.7).
 */
int jwk_set_has_cert(
    struct arena *a, const char *text, const void *der, size_t len);

#endif
