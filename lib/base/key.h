/* key.h: signing keys: import, export, sign, verify. */
#ifndef CARNET_KEY_H
#define CARNET_KEY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;

#define SIGNATURE_MAX 1024 /* RSA 8192 */

/* The algorithms (RFC 7518 section 3.1, RFC 8037).  No other is accepted. */
enum alg { ALG_ES256, ALG_RS256, ALG_PS256, ALG_EDDSA, ALG_COUNT };

/* alg_name(alg): return the name on the wire, for example "ES256". */
const char *alg_name(enum alg alg);

/*
 * alg_find(name):
 * Return the algorithm of that exact name, -1 if there is none.
 */
int alg_find(const char *name);

/* A key pair, or only a public key, of one algorithm. */
struct key;

/*
 * key_generate(alg, bits):
 * Make a key pair.  bits is the size of an RSA modulus (2048 to 8192); other
 * algorithms ignore it.  Return NULL if GnuTLS fails, logged.
 */
struct key *key_generate(enum alg alg, unsigned bits);

/*
 * key_from_pem(pem, len, alg):
 * Read a private key (PKCS#8 or the older forms) or a public one.  Return NULL,
 * with the reason logged, if pem has no key, the key is not of alg, or it is an
 * RSA key under 2048 bits.
 */
struct key *key_from_pem(const char *pem, size_t len, enum alg alg);

/*
 * key_pem_alg(pem, len):
 * Return the algorithm that the key in pem is for (of RSA: RS256); -1, logged, if
 * there is no key in it, or no algorithm here has such keys.
 */
int key_pem_alg(const char *pem, size_t len);

/*
 * key_to_pem(k, a):
 * Return the private key as PKCS#8 in PEM, in a; NULL if k has none or GnuTLS
 * fails.
 */
char *key_to_pem(const struct key *k, struct arena *a);

/* key_public_pem(k, a): return the public key as PEM, in a; or NULL, logged. */
char *key_public_pem(const struct key *k, struct arena *a);

/* The public numbers of a key, big-endian, as a JWK has them (RFC 7518 6). */
struct key_numbers {
	uint8_t x[1024], y[1024]; /* EC: x, y; OKP: x; RSA: n in x, e in y */
	size_t x_len, y_len;
};

/* key_numbers(k, out): put the numbers to out; return 0, or -1 logged. */
int key_numbers(const struct key *k, struct key_numbers *out);

/*
 * key_from_numbers(alg, n):
 * Return the public key of these numbers; NULL if they are not a sound key: a
 * point off the curve, an RSA modulus that is even, under 2048 bits or of the weak kind
 * that is called ROCA (CVE-2017-15361), an exponent that is even or 1.
 */
struct key *key_from_numbers(enum alg alg, const struct key_numbers *n);

enum alg key_alg(const struct key *k);
unsigned key_bits(const struct key *k);
int key_can_sign(const struct key *k);

/*
 * key_sign(k, data, len, out):
 * Sign data and put the signature in its JWS form (RFC 7518 section 3) to out.
 * Return its length, or -1, logged.
 */
ssize_t key_sign(const struct key *k, const void *data, size_t len,
    uint8_t out[static SIGNATURE_MAX]);

/*
 * key_verify(k, data, len, sig, sig_len):
 * Return 1 if sig is k's signature of data, 0 if it is not.
 */
int key_verify(const struct key *k, const void *data, size_t len,
    const uint8_t *sig, size_t sig_len);

/*
 * key_verify_der(k, data, len, sig, sig_len):
 * The same for a signature as passkeys make it (WebAuthn section 6.5.5): of ECDSA it
 * is DER (RFC 3279 section 2.2.3), of the others as in a JWS.
 */
int key_verify_der(const struct key *k, const void *data, size_t len,
    const uint8_t *sig, size_t sig_len);

/* key_free(k): wipe and free k.  NULL is fine. */
void key_free(struct key *k);

#endif
