/* test_b64.c: base64 and base64url, over all byte values. */
#include "unit.h"

#include "b64.h"

static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789-_";
static const char b64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 4648 section 10 */
static const struct {
	const char *plain, *b64, *url;
} vectors[] = {
	{ "", "", "" },
	{ "f", "Zg==", "Zg" },
	{ "fo", "Zm8=", "Zm8" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
};

static void
vectors_of_the_rfc_hold(void **state)
{
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const char *plain = vectors[i].plain, *b64 = vectors[i].b64;
		const char *url = vectors[i].url;
		size_t len = strlen(plain);

		assert_int_equal(b64url_encode(plain, len, out), strlen(url));
		assert_string_equal(out, url);
		assert_int_equal(b64url_decode(url, strlen(url), out), len);
		assert_memory_equal(out, plain, len);
		memset(out, 0, sizeof(out));
		assert_int_equal(b64_decode(b64, strlen(b64), out), len);
		assert_memory_equal(out, plain, len);
	}
}

/* RFC 7515 appendix C: the url alphabet, and no padding. */
static void
the_example_of_rfc_7515_holds(void **state)
{
	static const uint8_t bytes[] = { 3, 236, 255, 224, 193 };
	uint8_t out[8];
	char text[16];

	(void)state;
	assert_int_equal(b64url_encode(bytes, 5, text), 7);
	assert_string_equal(text, "A-z_4ME");
	assert_int_equal(b64url_decode("A-z_4ME", 7, out), 5);
	assert_memory_equal(out, bytes, 5);
	assert_int_equal(b64_decode("A+z/4ME=", 8, out), 5);
	assert_memory_equal(out, bytes, 5);
}

static void
all_lengths_round_trip(void **state)
{
	uint8_t in[64], out[64];
	char text[B64_LEN(64) + 1];
	size_t n;

	(void)state;
	for (size_t len = 0; len <= sizeof(in); len++) {
		for (int seed = 0; seed < 256; seed++) {
			for (size_t i = 0; i < len; i++)
				in[i] = (uint8_t)((size_t)seed + 37 * i);
			n = b64url_encode(in, len, text);
			assert_int_equal(n, B64_LEN(len));
			assert_int_equal(text[n], '\0');
			assert_int_equal(strspn(text, url_digits), n);
			assert_int_equal(b64url_decode(text, n, out), len);
			assert_memory_equal(out, in, len);
		}
	}
}

/*
 * The decoder computes what others read from a table: compare it with a table.
 */
static void
each_digit_has_the_value_of_its_place(void **state)
{
	char text[8], url[] = "AAAA", b64[] = "AAAA";
	uint8_t in[3] = { 0 }, out[3];

	(void)state;
	for (int v = 0; v < 64; v++) {
		in[2] = (uint8_t)v;
		b64url_encode(in, 3, text);
		assert_int_equal(text[3], url_digits[v]);
		url[3] = url_digits[v];
		assert_int_equal(b64url_decode(url, 4, out), 3);
		assert_int_equal(out[2], v);
		b64[3] = b64_digits[v];
		assert_int_equal(b64_decode(b64, 4, out), 3);
		assert_int_equal(out[2], v);
	}
}

/* RFC 4648 section 3.3: a character outside the alphabet is refused. */
static void
foreign_characters_are_refused_anywhere(void **state)
{
	char text[] = "AAAAAAAA";
	uint8_t out[6];
	int is_url, is_b64;

	(void)state;
	for (size_t place = 0; place < 8; place++) {
		for (int c = 0; c < 256; c++) {
			is_url = c != 0 && strchr(url_digits, c) != NULL;
			is_b64 = c != 0 && strchr(b64_digits, c) != NULL;
			text[place] = (char)c;
			assert_int_equal(
			    b64url_decode(text, 8, out), is_url ? 6 : -1);
			if (c != '=' || place != 7)
				assert_int_equal(
				    b64_decode(text, 8, out), is_b64 ? 6 : -1);
		}
		text[place] = 'A';
	}
}

/* RFC 4648 section 3.5: one token has one spelling, or a block list leaks. */
static void
bits_that_encode_nothing_are_refused(void **state)
{
	char two[] = "AA==", three[] = "AAA=";
	uint8_t out[3];

	(void)state;
	for (int v = 0; v < 64; v++) {
		two[1] = three[2] = url_digits[v];
		assert_int_equal(
		    b64url_decode(two, 2, out), v % 16 == 0 ? 1 : -1);
		assert_int_equal(
		    b64url_decode(three, 3, out), v % 4 == 0 ? 2 : -1);
		two[1] = three[2] = b64_digits[v];
		assert_int_equal(b64_decode(two, 4, out), v % 16 == 0 ? 1 : -1);
		assert_int_equal(
		    b64_decode(three, 4, out), v % 4 == 0 ? 2 : -1);
	}
}

static void
impossible_lengths_are_refused(void **state)
{
	char text[65];
	uint8_t out[48];

	(void)state;
	memset(text, 'A', sizeof(text));
	for (size_t len = 0; len <= 64; len++) {
		assert_int_equal(b64url_decode(text, len, out),
		    len % 4 == 1 ? -1 : (int)(len * 3 / 4));
		assert_int_equal(b64_decode(text, len, out),
		    len % 4 != 0 ? -1 : (int)(len * 3 / 4));
	}
}

/* base64url has no padding.  base64 needs it, and only at the end. */
static void
padding_stands_where_it_must_and_nowhere_else(void **state)
{
	static const char *const wrong[] = { "=",
		"==", "===", "====", "A===", "A=", "A==", "AA=", "AAA", "AA",
		"AAA==", "=AAA", "A=AA", "AA=A", "A=A=", "AA==AAAA", "AAA=AAAA",
		"AAAA=", "AAAA==", "AAAA====" };
	static const char *const padded[] = { "AA==", "AAA=", "AAAAAA==" };
	uint8_t out[8];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(
		    b64_decode(wrong[i], strlen(wrong[i]), out), -1);
	for (size_t i = 0; i < sizeof(padded) / sizeof(padded[0]); i++) {
		size_t len = strlen(padded[i]);

		assert_true(b64_decode(padded[i], len, out) > 0);
		assert_int_equal(b64url_decode(padded[i], len, out), -1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_the_rfc_hold),
		cmocka_unit_test(the_example_of_rfc_7515_holds),
		cmocka_unit_test(all_lengths_round_trip),
		cmocka_unit_test(each_digit_has_the_value_of_its_place),
		cmocka_unit_test(foreign_characters_are_refused_anywhere),
		cmocka_unit_test(bits_that_encode_nothing_are_refused),
		cmocka_unit_test(impossible_lengths_are_refused),
		cmocka_unit_test(padding_stands_where_it_must_and_nowhere_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
