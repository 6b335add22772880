/* test_utf8.c: which texts are UTF-8 (RFC 3629 section 4). */
#include "unit.h"

#include "utf8.h"

/*
 * Count in memory of exactly this size: a sanitizer sees a read past its end.
 */
static ssize_t
count(const char *s, size_t len)
{
	char *copy = malloc(len + (len == 0));
	ssize_t n;

	assert_non_null(copy);
	memcpy(copy, s, len);
	n = utf8_count(copy, len);
	free(copy);
	return n;
}

/* Write the code point as if every value were allowed; return the length. */
static size_t
put(uint32_t c, char *s)
{
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		s[i] = (char)(0x80 | (c & 0x3f));
	s[0] = (char)(n == 1 ? c : first[n] | c);
	return n;
}

static void
empty_text_has_no_characters(void **state)
{
	(void)state;
	assert_int_equal(count("", 0), 0);
}

static void
one_byte_is_a_character_if_ascii_and_not_nul(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char s[] = { (char)c };

		assert_int_equal(count(s, 1), c > 0 && c < 0x80 ? 1 : -1);
	}
}

static void
two_bytes_are_one_character_two_or_none(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		for (int d = 0; d < 256; d++) {
			char s[] = { (char)c, (char)d };
			int want = -1;

			if (c > 0 && c < 0x80 && d > 0 && d < 0x80)
				want = 2;
			if (c >= 0xc2 && c <= 0xdf && d >= 0x80 && d <= 0xbf)
				want = 1;
			assert_int_equal(count(s, 2), want);
		}
	}
}

/* Every number up to 0x1fffff that four bytes can spell. */
static void
every_code_point_is_a_character_but_surrogates(void **state)
{
	char s[4];
	int good;

	(void)state;
	for (uint32_t c = 1; c <= 0x1fffff; c++) {
		good = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
		if (count(s, put(c, s)) != (good ? 1 : -1))
			fail_msg("U+%04X", (unsigned)c);
	}
}

/* A check that looks for the short '/' or '<' does not see an overlong one. */
static void
overlong_forms_are_refused(void **state)
{
	static const struct {
		const char *s;
		int want;
	} rows[] = {
		{ "\xc0\x80", -1 },
		{ "\xc0\xaf", -1 },
		{ "\xc1\xbf", -1 },
		{ "\xc2\x80", 1 },
		{ "\xe0\x80\xaf", -1 },
		{ "\xe0\x9f\xbf", -1 },
		{ "\xe0\xa0\x80", 1 },
		{ "\xf0\x80\x80\xaf", -1 },
		{ "\xf0\x8f\xbf\xbf", -1 },
		{ "\xf0\x90\x80\x80", 1 },
		{ "\xf8\x88\x80\x80\x80", -1 },
		{ "\xfc\x84\x80\x80\x80\x80", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    count(rows[i].s, strlen(rows[i].s)), rows[i].want);
}

static void
boundaries_of_surrogates_and_the_last_character_hold(void **state)
{
	(void)state;
	assert_int_equal(count("\xed\x9f\xbf", 3), 1);
	assert_int_equal(count("\xed\xa0\x80", 3), -1);
	assert_int_equal(count("\xed\xbf\xbf", 3), -1);
	assert_int_equal(count("\xee\x80\x80", 3), 1);
	assert_int_equal(count("\xef\xbf\xbf", 3), 1);
	assert_int_equal(count("\xf4\x8f\xbf\xbf", 4), 1);
	assert_int_equal(count("\xf4\x90\x80\x80", 4), -1);
	assert_int_equal(count("\xf5\x80\x80\x80", 4), -1);
}

static void
a_character_cut_short_is_refused(void **state)
{
	static const uint32_t points[] = { 0x80, 0x7ff, 0x800, 0xffff, 0x10000,
		0x10ffff };
	char s[5];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		len = put(points[i], s);
		for (size_t n = 1; n < len; n++) {
			assert_int_equal(count(s, n), -1);
			assert_int_equal(utf8_count(s, n), -1);
			assert_int_equal(count(s + n, len - n), -1);
		}
	}
}

/* Every value of each byte after the first. */
static void
a_byte_that_is_no_continuation_is_refused(void **state)
{
	static const uint32_t points[] = { 0x100, 0x1000, 0x40000 };
	char s[4], broken[4];
	size_t len;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		len = put(points[i], s);
		for (size_t place = 1; place < len; place++) {
			for (int c = 0; c < 256; c++) {
				memcpy(broken, s, len);
				broken[place] = (char)c;
				assert_int_equal(count(broken, len),
				    c >= 0x80 && c <= 0xbf ? 1 : -1);
			}
		}
	}
}

static void
characters_are_counted_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(
	    count("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91z", 11), 5);
}

static void
one_bad_byte_or_nul_spoils_the_whole(void **state)
{
	(void)state;
	assert_int_equal(count("good\xff", 5), -1);
	assert_int_equal(count("\xff good", 6), -1);
	assert_int_equal(count("a\0b", 3), -1);
	assert_int_equal(count("ab\0", 3), -1);
	assert_int_equal(count("\0", 1), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_text_has_no_characters),
		cmocka_unit_test(one_byte_is_a_character_if_ascii_and_not_nul),
		cmocka_unit_test(two_bytes_are_one_character_two_or_none),
		cmocka_unit_test(
		    every_code_point_is_a_character_but_surrogates),
		cmocka_unit_test(overlong_forms_are_refused),
		cmocka_unit_test(
		    boundaries_of_surrogates_and_the_last_character_hold),
		cmocka_unit_test(a_character_cut_short_is_refused),
		cmocka_unit_test(a_byte_that_is_no_continuation_is_refused),
		cmocka_unit_test(characters_are_counted_not_bytes),
		cmocka_unit_test(one_bad_byte_or_nul_spoils_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
