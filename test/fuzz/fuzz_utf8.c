/* fuzz_utf8.c: utf8_count counts what an encoder of code points writes. */
#include "fuzz.h"

#include "utf8.h"

/* Append the UTF-8 of a code point (RFC 3629 section 3); return its length. */
static size_t
encode(uint32_t c, uint8_t *out)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
	out[0] = (uint8_t)(lead[n] | c);
	return n;
}

/*
 * Guess the code point at s from its bits; it is one if it encodes to the same
 * bytes.
 */
static size_t
one(const uint8_t *s, size_t len)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? s[0] : s[0] & (0xffU >> (n + 1));
	uint8_t again[4];

	if (n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (s[i] & 0x3f);
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ||
	    encode(c, again) != n || memcmp(again, s, n) != 0)
		return 0;
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ssize_t count = 0;
	size_t n;

	for (size_t i = 0; i < size; i += n, count++)
		if ((n = one(data + i, size - i)) == 0) {
			count = -1;
			break;
		}
	assert(utf8_count((const char *)data, size) == count);
	return 0;
}
