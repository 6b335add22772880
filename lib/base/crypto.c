/*
 * crypto.c: digests, random bytes, comparison in constant time.
 *
 * These use Nettle, the library below GnuTLS, because Nettle needs no
 * initialisation.  GnuTLS takes as long to initialise as a whole CGI request
 * without a key.
 */
#include "crypto.h"

#include <err.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <string.h>
#include <unistd.h>

#include "b64.h"

void
digest_of(const void *data, size_t len, struct digest *out)
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, len, data);
	sha256_digest(&ctx, DIGEST_LEN, out->byte);
	explicit_bzero(&ctx, sizeof(ctx));
}

void
digest_512(const void *data, size_t len, uint8_t out[static DIGEST_512_LEN])
{
	struct sha512_ctx ctx;

	sha512_init(&ctx);
	sha512_update(&ctx, len, data);
	sha512_digest(&ctx, DIGEST_512_LEN, out);
	explicit_bzero(&ctx, sizeof(ctx));
}

void
digest_seal(const struct digest *key, const char *text, struct digest *out)
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, DIGEST_LEN, key->byte);
	hmac_sha256_update(&ctx, strlen(text), (const uint8_t *)text);
	hmac_sha256_digest(&ctx, DIGEST_LEN, out->byte);
	explicit_bzero(&ctx, sizeof(ctx));
}

int
digest_equal(const struct digest *a, const struct digest *b)
{
	return memeql_sec(a->byte, b->byte, DIGEST_LEN);
}

void
crypto_random(void *out, size_t len)
{
	if (getentropy(out, len) < 0)
		err(111, "crypto: no random bytes");
}

void
secret_make(char out[static SECRET_TEXT_LEN + 1], struct digest *d)
{
	uint8_t secret[SECRET_LEN];

	crypto_random(secret, sizeof(secret));
	digest_of(out, b64url_encode(secret, sizeof(secret), out), d);
	explicit_bzero(secret, sizeof(secret));
}
