/* b64.c: base64 and base64url (RFC 4648); time depends on length only. */
#include "b64.h"

#include <stdint.h>

/*
 * Digits are computed, not looked up in a table: a look-up leaves traces of the
 * secret in the cache, where an attacker on the same machine reads them.  A
 * mask is all ones if the value is in a range, else zero.
 */
static unsigned
mask_le(unsigned x, unsigned y)
{
	return 0U - ((x - y - 1) >> 31 & 1); /* x <= y, both below 2^31 */
}

static unsigned
in_range(unsigned c, char first, char last)
{
	return mask_le((unsigned)first, c) & mask_le(c, (unsigned)last);
}

/* c is v + 'A'; each range above 25 adds its own distance to its characters. */
static char
digit(unsigned v)
{
	unsigned c = v + 'A';

	c += mask_le(26, v) & ('a' - 26U - 'A');
	c += mask_le(52, v) & ('0' - 52U - ('a' - 26U));
	c += mask_le(62, v) & ('-' - 62U - ('0' - 52U));
	c += mask_le(63, v) & ('_' - 63U - ('-' - 62U));
	return (char)c;
}

/* Return the value of c, or all ones; c62 and c63 are the last two digits. */
static unsigned
value(unsigned c, char c62, char c63)
{
	unsigned is_upper = in_range(c, 'A', 'Z');
	unsigned is_lower = in_range(c, 'a', 'z');
	unsigned is_digit = in_range(c, '0', '9');
	unsigned is_62 = in_range(c, c62, c62);
	unsigned is_63 = in_range(c, c63, c63);
	unsigned v;

	v = (is_upper & (c - 'A')) | (is_lower & (c - 'a' + 26)) |
	    (is_digit & (c - '0' + 52)) | (is_62 & 62) | (is_63 & 63);
	return v | ~(is_upper | is_lower | is_digit | is_62 | is_63);
}

size_t
b64url_encode(const void *data, size_t len, char *out)
{
	const uint8_t *p = data;
	size_t n = 0;
	unsigned v;

	for (; len >= 3; len -= 3, p += 3) {
		v = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];
		out[n++] = digit(v >> 18);
		out[n++] = digit(v >> 12 & 63);
		out[n++] = digit(v >> 6 & 63);
		out[n++] = digit(v & 63);
	}
	if (len > 0) {
		v = (unsigned)p[0] << 16 | (len > 1 ? (unsigned)p[1] << 8 : 0);
		out[n++] = digit(v >> 18);
		out[n++] = digit(v >> 12 & 63);
		if (len > 1)
			out[n++] = digit(v >> 6 & 63);
	}
	out[n] = '\0';
	return n;
}

static ssize_t
decode(const char *s, size_t len, char c62, char c63, uint8_t *out)
{
	unsigned acc = 0, bad = 0, v;
	size_t n = 0;

	if (len % 4 == 1)
		return -1;
	for (size_t i = 0; i < len; i++) {
		v = value((unsigned char)s[i], c62, c63);
		bad |= v & ~63U;
		acc = acc << 6 | (v & 63);
		switch (i % 4) {
		case 1:
			out[n++] = (uint8_t)(acc >> 4);
			break;
		case 2:
			out[n++] = (uint8_t)(acc >> 2);
			break;
		case 3:
			out[n++] = (uint8_t)acc;
			break;
		}
	}
	if (len % 4 == 2)
		bad |= acc & 15;
	if (len % 4 == 3)
		bad |= acc & 3;
	return bad ? -1 : (ssize_t)n;
}

ssize_t
b64url_decode(const char *s, size_t len, void *out)
{
	return decode(s, len, '-', '_', out);
}

ssize_t
b64_decode(const char *s, size_t len, void *out)
{
	if (len % 4 != 0)
		return -1;
	if (len > 0 && s[len - 1] == '=')
		len -= s[len - 2] == '=' ? 2 : 1;
	return decode(s, len, '+', '/', out);
}
