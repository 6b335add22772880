/* pkce.c: proof key for code exchange (RFC 7636), S256 alone. */
#include "pkce.h"

#include <string.h>

#include "b64.h"
#include "crypto.h"

#define CHALLENGE_LEN B64_LEN(DIGEST_LEN)

static int
read_challenge(const char *s, struct digest *out)
{
	return strlen(s) == CHALLENGE_LEN &&
	    b64url_decode(s, CHALLENGE_LEN, out->byte) == DIGEST_LEN;
}

int
pkce_is_challenge(const char *s)
{
	struct digest d;

	return read_challenge(s, &d);
}

int
pkce_verify(const char *verifier, const char *challenge)
{
	static const char unreserved[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789-._~";
	size_t len = strlen(verifier);
	struct digest want, got;

	if (len < 43 || len > 128 || strspn(verifier, unreserved) != len ||
	    !read_challenge(challenge, &want))
		return 0;
	digest_of(verifier, len, &got);
	return digest_equal(&want, &got);
}
