/* crypto.h: digests, random bytes, comparison in constant time. */
#ifndef CARNET_CRYPTO_H
#define CARNET_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_LEN 32
#define SECRET_LEN 32		/* bytes of a generated secret or token */
#define SECRET_TEXT_LEN 43	/* the same in base64url */

/* A SHA-256.  It is a struct, so that it cannot be handed to strcmp. */
struct digest {
	uint8_t byte[DIGEST_LEN];
};

/* digest_of(data, len, out): put the SHA-256 of data to out. */
void digest_of(const void *data, size_t len, struct digest *out);

/*
 * digest_512(data, len, out): put the SHA-512 of data, of DIGEST_512_LEN bytes, to out.
 */
#define DIGEST_512_LEN 64
void digest_512(
    const void *data, size_t len, uint8_t out[static DIGEST_512_LEN]);

/*
 * digest_seal(key, text, out):
 * Put the HMAC (RFC 2104) of text to out.  key is the digest of a secret.
 */
void digest_seal(
    const struct digest *key, const char *text, struct digest *out);

/* digest_equal(a, b): compare in constant time; return 1 if they are equal. */
int digest_equal(const struct digest *a, const struct digest *b);

/*
 * crypto_random(out, len):
 * Fill out with random bytes, 256 at most; never fails.
 */
void crypto_random(void *out, size_t len);

/*
 * secret_make(out, d):
 * Make a secret of 256 random bits.  Put its text, base64url and a NUL, to out,
 * and the digest of that text, which is all that is stored, to d.
 */
void secret_make(char out[static SECRET_TEXT_LEN + 1], struct digest *d);

#endif
