/* fuzz_b64.c: base64url and base64: each byte string has one spelling. */
#include "fuzz.h"

#include "b64.h"

/* The digit's value by a table, or -1: slow, and written in another way. */
static int
value(const char *alphabet, char c)
{
	const char *p = c == '\0' ? NULL : strchr(alphabet, c);

	return p == NULL ? -1 : (int)(p - alphabet);
}

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* Bit by bit: the number of bytes, or -1. */
static ssize_t
slow_decode(const char *alphabet, const char *s, size_t len, uint8_t *out)
{
	size_t bits = len * 6 / 8 * 8;
	int v, bit;

	memset(out, 0, len);
	for (size_t i = 0; i < len; i++) {
		if ((v = value(alphabet, s[i])) < 0)
			return -1;
		for (size_t j = 0; j < 6; j++) {
			bit = v >> (5 - j) & 1;
			if (i * 6 + j < bits)
				out[(i * 6 + j) / 8] |=
				    (uint8_t)(bit << (7 - (i * 6 + j) % 8));
			else if (bit)
				return -1;
		}
	}
	return len % 4 == 1 ? -1 : (ssize_t)(bits / 8);
}

static void
check(const char *s, size_t len, int is_url)
{
	size_t digits = len;
	char *copy = malloc(len + 1);
	uint8_t *got = malloc(len * 3 / 4 + 1), *want = calloc(1, len + 1);
	ssize_t n, expected;

	memcpy(copy, s, len);
	n = is_url ? b64url_decode(copy, len, got) : b64_decode(copy, len, got);
	if (!is_url && len % 4 == 0)
		while (digits > 0 && len - digits < 2 && s[digits - 1] == '=')
			digits--;
	expected =
	    slow_decode(is_url ? LETTERS "-_" : LETTERS "+/", s, digits, want);
	if (!is_url && len % 4 != 0)
		expected = -1;
	assert(n == expected);
	if (n > 0)
		assert(memcmp(got, want, (size_t)n) == 0);
	if (n >= 0 && is_url) {
		assert(b64url_encode(got, (size_t)n, copy) == len);
		assert(len == 0 || memcmp(copy, s, len) == 0);
	}
	free(copy);
	free(got);
	free(want);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(B64_LEN(size) + 1);
	uint8_t *back = malloc(size + 1);
	size_t len = b64url_encode(data, size, text);

	assert(len == B64_LEN(size) && text[len] == '\0');
	assert(b64url_decode(text, len, back) == (ssize_t)size);
	assert(size == 0 || memcmp(back, data, size) == 0);
	check((const char *)data, size, 1);
	check((const char *)data, size, 0);
	free(text);
	free(back);
	return 0;
}
