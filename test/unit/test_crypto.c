/* test_crypto.c: digests, random, generated secrets. */
#include "unit.h"

#include <nettle/memops.h>

#include "b64.h"
#include "crypto.h"

static struct {
	int calls;
	size_t len;
	int lies;
} equal_spy;

/*
 * In place of Nettle's function.  A comparison that stops at the first
 * difference, as memcmp does, cannot be told from this one by time: 32 bytes
 * are too few.
 */
int
nettle_memeql_sec(const void *a, const void *b, size_t n)
{
	equal_spy.calls++;
	equal_spy.len = n;
	return (memcmp(a, b, n) == 0) ^ equal_spy.lies;
}

static void
assert_digest(const char *text, const char *hex)
{
	char got[2 * DIGEST_LEN + 1];
	struct digest d;

	digest_of(text, strlen(text), &d);
	for (int i = 0; i < DIGEST_LEN; i++)
		snprintf(got + 2 * i, 3, "%02x", d.byte[i]);
	assert_string_equal(got, hex);
}

/* FIPS 180-4, the examples of NIST for SHA-256. */
static void
a_digest_is_sha_256(void **state)
{
	(void)state;
	assert_digest("abc",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_digest("",
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_digest(
	    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void
digests_that_differ_in_one_bit_are_not_equal(void **state)
{
	struct digest d, e;

	(void)state;
	digest_of("abc", 3, &d);
	e = d;
	assert_int_equal(digest_equal(&d, &e), 1);
	for (int bit = 0; bit < 8 * DIGEST_LEN; bit++) {
		e.byte[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(digest_equal(&d, &e), 0);
		assert_int_equal(digest_equal(&e, &d), 0);
		e = d;
	}
}

/* All bytes of both decide, and nothing else. */
static void
digests_are_compared_in_constant_time(void **state)
{
	struct digest d, e;

	(void)state;
	digest_of("abc", 3, &d);
	digest_of("abd", 3, &e);
	for (int lies = 0; lies < 2; lies++) {
		equal_spy.lies = lies;
		equal_spy.calls = 0;
		assert_int_equal(digest_equal(&d, &d), !lies);
		assert_int_equal(digest_equal(&d, &e), lies);
		assert_int_equal(equal_spy.calls, 2);
		assert_int_equal(equal_spy.len, DIGEST_LEN);
	}
	equal_spy.lies = 0;
}

static void
random_bytes_fill_what_was_asked_and_no_more(void **state)
{
	uint8_t out[34], seen[32] = { 0 };

	(void)state;
	for (size_t len = 0; len <= 32; len++) {
		memset(out, 0, sizeof(out));
		crypto_random(out + 1, len);
		assert_int_equal(out[0], 0);
		for (size_t i = len + 1; i < sizeof(out); i++)
			assert_int_equal(out[i], 0);
	}
	memset(out, 0, sizeof(out));
	/* The odds that a byte is zero 64 times are 2^-512. */
	for (int n = 0; n < 64; n++) {
		crypto_random(out, 32);
		for (int i = 0; i < 32; i++)
			seen[i] |= out[i];
	}
	for (int i = 0; i < 32; i++)
		assert_int_not_equal(seen[i], 0);
}

/* The text has all 256 bits, and the digest is the digest of the text. */
static void
a_secret_is_43_digits_of_base64url_with_their_digest(void **state)
{
	char text[SECRET_TEXT_LEN + 2];
	uint8_t bytes[SECRET_LEN];
	struct digest d, want;

	(void)state;
	for (int n = 0; n < 100; n++) {
		memset(text, '!', sizeof(text));
		secret_make(text, &d);
		assert_int_equal(strlen(text), SECRET_TEXT_LEN);
		assert_int_equal(text[SECRET_TEXT_LEN + 1], '!');
		assert_int_equal(
		    b64url_decode(text, strlen(text), bytes), SECRET_LEN);
		digest_of(text, strlen(text), &want);
		assert_int_equal(digest_equal(&d, &want), 1);
	}
}

static void
no_secret_is_made_twice(void **state)
{
	static char texts[200][SECRET_TEXT_LEN + 1];
	struct digest d;

	(void)state;
	for (int i = 0; i < 200; i++) {
		secret_make(texts[i], &d);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(texts[i], texts[k]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digest_is_sha_256),
		cmocka_unit_test(digests_that_differ_in_one_bit_are_not_equal),
		cmocka_unit_test(digests_are_compared_in_constant_time),
		cmocka_unit_test(random_bytes_fill_what_was_asked_and_no_more),
		cmocka_unit_test(
		    a_secret_is_43_digits_of_base64url_with_their_digest),
		cmocka_unit_test(no_secret_is_made_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
