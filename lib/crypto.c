/* crypto.c: digests, random, constant-time compare; on GnuTLS, as key.c is. */
#include "crypto.h"

#include <err.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "b64.h"

void
digest_of(const void *data, size_t len, struct digest *out)
{
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data, len, out->byte) < 0)
		errx(111, "crypto: no SHA-256");
}

int
digest_equal(const struct digest *a, const struct digest *b)
{
	return gnutls_memcmp(a->byte, b->byte, DIGEST_LEN) == 0;
}

void
crypto_random(void *out, size_t len)
{
	if (gnutls_rnd(GNUTLS_RND_RANDOM, out, len) < 0)
		errx(111, "crypto: no random bytes");
}

void
secret_make(char out[static SECRET_TEXT_LEN + 1], struct digest *d)
{
	uint8_t secret[SECRET_LEN];

	crypto_random(secret, sizeof(secret));
	digest_of(out, b64url_encode(secret, sizeof(secret), out), d);
	explicit_bzero(secret, sizeof(secret));
}
