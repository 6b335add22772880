/* hash_nt.c: hashes of Windows, of a password in UTF-16; crypt(3) knows ASCII alone. */
#include "hash_int.h"

#include <nettle/base16.h>
#include <nettle/md4.h>
#include <string.h>
#include <unistr.h>

#define DIGITS (2 * MD4_DIGEST_SIZE)

int
hash_fits_nt(const char *password, const char *hash)
{
	const uint8_t *p = (const uint8_t *)password;
	uint8_t digest[MD4_DIGEST_SIZE], unit[4];
	char text[DIGITS];
	uint16_t utf16[2];
	struct md4_ctx ctx;
	ucs4_t c;
	int units;

	md4_init(&ctx);
	for (size_t left = strlen(password), n; left > 0; p += n, left -= n) {
		n = (size_t)u8_mbtouc(&c, p, left);
		units = u16_uctomb(utf16, c, 2);
		for (int i = 0; i < units; i++) {
			unit[2 * i] = utf16[i] & 0xff;
			unit[2 * i + 1] = utf16[i] >> 8;
		}
		md4_update(&ctx, 2 * (size_t)units, unit);
	}
	md4_digest(&ctx, sizeof(digest), digest);
	base16_encode_update(text, sizeof(digest), digest);
	explicit_bzero(&ctx, sizeof(ctx));
	explicit_bzero(unit, sizeof(unit));
	explicit_bzero(utf16, sizeof(utf16));
	return hash_equal(text, hash + 4, DIGITS);
}
