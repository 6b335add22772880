/* totp.c: codes of an app on a phone: TOTP (RFC 6238), by liboath. */
#include "totp.h"

#include <liboath/oath.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "crypto.h"
#include "url.h"

#define SIDE 1 /* steps to either side */

int
totp_code(const struct totp_secret *s, int64_t step,
    char out[static TOTP_DIGITS + 1])
{
	return oath_hotp_generate((const char *)s->byte, TOTP_SECRET_LEN,
		   (uint64_t)step, TOTP_DIGITS, 0, OATH_HOTP_DYNAMIC_TRUNCATION,
		   out) == OATH_OK
	    ? 0
	    : -1;
}

/* Without spaces, as some apps show codes in two halves; anything else stays. */
static void
without_spaces(const char *typed, char out[static TOTP_DIGITS + 2])
{
	size_t n = 0;

	for (; *typed != '\0' && n < TOTP_DIGITS + 1; typed++)
		if (*typed != ' ')
			out[n++] = *typed;
	out[n] = '\0';
}

int64_t
totp_find(const struct totp_secret *s, const char *typed, int64_t now,
    int64_t after)
{
	const int64_t at = now / TOTP_STEP_S;
	char want[TOTP_DIGITS + 1], got[TOTP_DIGITS + 2];
	struct digest d, typed_d;
	int64_t found = 0;

	without_spaces(typed, got);
	digest_of(got, strlen(got), &typed_d);
	for (int64_t step = at - SIDE; step <= at + SIDE; step++) {
		if (totp_code(s, step, want) < 0)
			continue;
		digest_of(want, strlen(want), &d);
		if (digest_equal(&d, &typed_d) && step > after)
			found = step;
	}
	explicit_bzero(want, sizeof(want));
	explicit_bzero(got, sizeof(got));
	return found;
}

char *
totp_text(struct arena *a, const struct totp_secret *s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char *text = arena_alloc(a, TOTP_SECRET_LEN * 8 / 5 + 1);
	unsigned bits = 0, n_bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < TOTP_SECRET_LEN; i++) {
		bits = bits << 8 | s->byte[i];
		for (n_bits += 8; n_bits >= 5; n_bits -= 5)
			text[n++] = digits[bits >> (n_bits - 5) & 31];
		bits &= (1u << n_bits) - 1;
	}
	text[n] = '\0';
	return text;
}

/* Both names are in the label too, where older apps look for them. */
char *
totp_uri(struct arena *a, const struct totp_secret *s, const char *site,
    const char *user)
{
	struct buf b;

	buf_init(&b, a, 256);
	buf_str(&b, "otpauth://totp/");
	url_encode(&b, site);
	buf_char(&b, ':');
	url_encode(&b, user);
	url_query_add(&b, "secret", totp_text(a, s));
	buf_str(&b, "&issuer=");
	url_encode(&b, site);
	return b.data;
}
