/* test_url.c: percent-coding, forms and queries, over all byte values. */
#include "scratch.h"

#include "buf.h"
#include "url.h"

static const char *
encoded(const char *s)
{
	struct buf b;

	buf_init(&b, a, 0);
	url_encode(&b, s);
	assert_int_equal(strlen(b.data), b.len);
	return b.data;
}

/* Fail unless s decodes to the len bytes at want. */
static void
assert_decodes(const char *s, int plus, const char *want, size_t len)
{
	size_t n = 999;
	char *out = url_decode(a, s, strlen(s), plus, &n);

	assert_non_null(out);
	assert_int_equal(n, len);
	assert_memory_equal(out, want, len);
	assert_int_equal(out[len], '\0');
}

/* RFC 3986 section 2.3 */
static void
only_unreserved_characters_stand_for_themselves(void **state)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "abcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";

	(void)state;
	for (int c = 1; c < 256; c++) {
		char one[] = { (char)c, '\0' }, hex[4];

		snprintf(hex, sizeof(hex), "%%%02X", (unsigned)c);
		assert_string_equal(
		    encoded(one), strchr(unreserved, c) != NULL ? one : hex);
	}
	assert_string_equal(encoded(""), "");
}

/* RFC 3986 section 3.3 */
static void
a_path_keeps_what_a_segment_may_have(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, a, 0);
	url_encode_path(&b, "/a/~b!$&'()*+,;=:@/?#[]\"\\ %\xc3");
	assert_string_equal(
	    b.data, "/a/~b!$&'()*+,;=:@/%3F%23%5B%5D%22%5C%20%25%C3");
}

static void
every_byte_round_trips(void **state)
{
	char all[256];

	(void)state;
	for (int c = 1; c < 256; c++)
		all[c - 1] = (char)c;
	all[255] = '\0';
	assert_decodes(encoded(all), 0, all, 255);
	assert_decodes(encoded(all), 1, all, 255);
}

static void
hex_digits_of_either_case_decode(void **state)
{
	char lower[4], upper[4];

	(void)state;
	for (int c = 0; c < 256; c++) {
		char want = (char)c;

		snprintf(lower, sizeof(lower), "%%%02x", (unsigned)c);
		snprintf(upper, sizeof(upper), "%%%02X", (unsigned)c);
		assert_decodes(lower, 0, &want, 1);
		assert_decodes(upper, 0, &want, 1);
	}
	assert_decodes("%aF%Fa", 0, "\xaf\xfa", 2);
}

/* RFC 3986 section 2.1: '%' and two hex digits, else it is no encoding. */
static void
a_percent_without_two_hex_digits_is_refused(void **state)
{
	static const char hex[] = "0123456789ABCDEFabcdef";
	char text[] = "%00";
	size_t n;

	(void)state;
	assert_null(url_decode(a, "%", 1, 0, &n));
	assert_null(url_decode(a, "ab%", 3, 0, &n));
	assert_null(url_decode(a, "%4", 2, 0, &n));
	assert_null(url_decode(a, "%41", 2, 0, &n)); /* the 1 is not ours */
	assert_null(url_decode(a, "%%41", 4, 0, &n));
	assert_null(url_decode(a, "%u0041", 6, 0, &n));
	for (size_t place = 1; place < 3; place++) {
		for (int c = 0; c < 256; c++) {
			int good = c != 0 && strchr(hex, c) != NULL;

			text[place] = (char)c;
			assert_int_equal(
			    url_decode(a, text, 3, 0, &n) != NULL, good);
		}
		text[place] = '0';
	}
}

static void
plus_is_a_space_in_forms_and_not_in_paths(void **state)
{
	(void)state;
	assert_decodes("a+b%2Bc%20d", 1, "a b+c d", 7);
	assert_decodes("a+b%2Bc%20d", 0, "a+b+c d", 7);
}

static void
other_bytes_decode_to_themselves(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		char text[] = { (char)c, '\0' };

		if (c == '%')
			continue;
		assert_decodes(text, 0, text, 1);
		assert_decodes(text, 1, c == '+' ? " " : text, 1);
	}
}

/* The length shows it: a caller who sees len != strlen can refuse. */
static void
nul_is_decoded_and_counted(void **state)
{
	(void)state;
	assert_decodes("a%00b", 0, "a\0b", 3);
}

/* Fail unless the form has exactly these pairs: name, value, ..., NULL. */
static void
assert_form(const char *form, const char *const want[])
{
	const char *s = form;
	size_t len = strlen(form);
	struct url_pair pair;

	for (; *want != NULL; want += 2) {
		assert_int_equal(url_form_next(a, &s, &len, &pair), 1);
		assert_string_equal(pair.name, want[0]);
		assert_string_equal(pair.value, want[1]);
		assert_int_equal(pair.name_len, strlen(want[0]));
		assert_int_equal(pair.value_len, strlen(want[1]));
	}
	assert_int_equal(url_form_next(a, &s, &len, &pair), 0);
	assert_int_equal(url_form_next(a, &s, &len, &pair), 0);
	assert_int_equal(len, 0);
	assert_ptr_equal(s, form + strlen(form));
}

#define FORM(form, ...) \
	assert_form(form, (const char *const[]){ __VA_ARGS__, NULL })

/*
 * The caller sees both values of a name that is sent twice (RFC 6749 section
 * 3.1).
 */
static void
a_form_splits_into_its_pairs_in_order(void **state)
{
	(void)state;
	FORM("a=1", "a", "1");
	FORM("a=1&b=2&a=3", "a", "1", "b", "2", "a", "3");
	FORM("a=1&a=1", "a", "1", "a", "1");
	FORM("scope=x+y&u=http%3A%2F%2Fh%3Fq%3D1%26r", "scope", "x y", "u",
	    "http://h?q=1&r");
	FORM("a%3Db=c%26d", "a=b", "c&d");
	FORM("a+b=1;c=2", "a b", "1;c=2");
}

static void
empty_pairs_are_passed_over(void **state)
{
	(void)state;
	FORM("", NULL);
	FORM("&", NULL);
	FORM("&&&", NULL);
	FORM("&a=1", "a", "1");
	FORM("a=1&", "a", "1");
	FORM("a=1&&&b=2&&", "a", "1", "b", "2");
}

static void
name_or_value_may_be_missing(void **state)
{
	(void)state;
	FORM("a", "a", "");
	FORM("a=", "a", "");
	FORM("a&b", "a", "", "b", "");
	FORM("=1", "", "1");
	FORM("=", "", "");
	FORM("a=b=c", "a", "b=c");
	FORM("a==", "a", "=");
}

static void
a_badly_encoded_name_or_value_is_refused(void **state)
{
	static const char *const bad[] = { "%=1", "a%4=1", "a=%", "a=%zz",
		"%zz", "&a=%4&" };
	struct url_pair pair;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *s = bad[i];
		size_t len = strlen(s);

		assert_int_equal(url_form_next(a, &s, &len, &pair), -1);
	}
}

/* A half %4 is not completed by the next pair. */
static void
pairs_are_decoded_each_on_its_own(void **state)
{
	const char *s = "a=%4&1=2";
	size_t len = strlen(s);
	struct url_pair pair;

	(void)state;
	assert_int_equal(url_form_next(a, &s, &len, &pair), -1);
	assert_int_equal(url_form_next(a, &s, &len, &pair), 1);
	assert_string_equal(pair.name, "1");
	assert_string_equal(pair.value, "2");
}

static void
only_len_bytes_of_a_form_are_read(void **state)
{
	const char *s = "a=1&b=2";
	size_t len = 6;
	struct url_pair pair;

	(void)state;
	assert_int_equal(url_form_next(a, &s, &len, &pair), 1);
	assert_int_equal(url_form_next(a, &s, &len, &pair), 1);
	assert_string_equal(pair.name, "b");
	assert_string_equal(pair.value, "");
	assert_int_equal(url_form_next(a, &s, &len, &pair), 0);
	s = "abc&d=e";
	len = 2; /* neither '&' nor '=' is ours */
	assert_int_equal(url_form_next(a, &s, &len, &pair), 1);
	assert_string_equal(pair.name, "ab");
	assert_string_equal(pair.value, "");
	assert_int_equal(url_form_next(a, &s, &len, &pair), 0);
}

static void
nuls_in_a_form_are_kept(void **state)
{
	static const char form[] = "a\0b=%00c";
	const char *s = form;
	size_t len = sizeof(form) - 1;
	struct url_pair pair;

	(void)state;
	assert_int_equal(url_form_next(a, &s, &len, &pair), 1);
	assert_int_equal(pair.name_len, 3);
	assert_memory_equal(pair.name, "a\0b", 4);
	assert_int_equal(pair.value_len, 2);
	assert_memory_equal(pair.value, "\0c", 3);
}

/* RFC 6749 section 3.1.2: the query of the URI must be retained. */
static void
a_query_is_begun_or_carried_on(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, a, 0);
	buf_str(&b, "https://client.example/cb");
	url_query_add(&b, "code", "a b&c");
	assert_string_equal(b.data, "https://client.example/cb?code=a%20b%26c");
	url_query_add(&b, "st=te", "");
	assert_string_equal(
	    b.data, "https://client.example/cb?code=a%20b%26c&st%3Dte=");
	buf_init(&b, a, 0);
	buf_str(&b, "https://client.example/cb?x=1");
	url_query_add(&b, "code", "\r\nSet-Cookie: a#\xc3\xa9");
	assert_string_equal(b.data,
	    "https://client.example/cb?x=1"
	    "&code=%0D%0ASet-Cookie%3A%20a%23%C3%A9");
}

#define TEST(name) TEST_IN(name, scratch_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_unreserved_characters_stand_for_themselves),
		TEST(a_path_keeps_what_a_segment_may_have),
		TEST(every_byte_round_trips),
		TEST(hex_digits_of_either_case_decode),
		TEST(a_percent_without_two_hex_digits_is_refused),
		TEST(plus_is_a_space_in_forms_and_not_in_paths),
		TEST(other_bytes_decode_to_themselves),
		TEST(nul_is_decoded_and_counted),
		TEST(a_form_splits_into_its_pairs_in_order),
		TEST(empty_pairs_are_passed_over),
		TEST(name_or_value_may_be_missing),
		TEST(a_badly_encoded_name_or_value_is_refused),
		TEST(pairs_are_decoded_each_on_its_own),
		TEST(only_len_bytes_of_a_form_are_read),
		TEST(nuls_in_a_form_are_kept),
		TEST(a_query_is_begun_or_carried_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
