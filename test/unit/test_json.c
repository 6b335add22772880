/* test_json.c: reading JSON strictly. */
#include "scratch.h"

#include <json-c/json.h>

#include "buf.h"
#include "json.h"

static struct buf b;

static int
setup(void **state)
{
	scratch_setup(state);
	buf_init(&b, a, 0);
	return 0;
}

static struct json_object *
parse(const char *s)
{
	return json_parse(a, s, strlen(s));
}

static void
assert_all(const char *const *texts, size_t n, int good)
{
	for (size_t i = 0; i < n; i++)
		if ((parse(texts[i]) != NULL) != good)
			fail_msg(
			    "%s: %s", good ? "refused" : "taken", texts[i]);
}

static void
all_kinds_of_value_are_parsed(void **state)
{
	static const char *const good[] = { "1", "-0", "0.5", "-1.25e-03",
		"1E+5", "10", "0e1", "\"a\"", "\"\"", "true", "false", "{}",
		"[]", "[null]", "{\"\":0}", "[[],{},\"\",0,[true,false]]",
		"{\"a\":{\"b\":[{\"c\":null}]},\"b\":-0.0}",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\udd11\"",
		"\"\x7f\xc3\xa9\xf0\x9f\x94\x91\"" };

	(void)state;
	assert_all(good, N(good), 1);
	assert_int_equal(json_object_get_int(parse("1")), 1);
	assert_null(parse("null")); /* json-c's null is NULL */
	assert_string_equal(json_object_get_string(parse("\"a\"")), "a");
}

static void
white_space_around_and_inside_is_fine(void **state)
{
	static const char *const good[] = { " 1", "1 ", "1\n", "\t\r\n1\n\r\t ",
		"{} ", "[ 1 , 2 ]\n", "{ \"a\" : 1 ,\n\"b\"\t:\r2 } " };

	(void)state;
	assert_all(good, N(good), 1);
}

static void
nothing_is_no_value(void **state)
{
	static const char *const bad[] = { "", " ", "\n\t" };

	(void)state;
	assert_all(bad, N(bad), 0);
}

static void
what_follows_the_value_is_refused(void **state)
{
	static const char *const bad[] = { "1 2", "{}{}", "{} x", "[]]", "{}}",
		"\"a\"b", "1,", "true false", "{}\v", "{}\f", "{}\xc2\xa0",
		"{}\x01" };

	(void)state;
	assert_all(bad, N(bad), 0);
	assert_null(json_parse(a, "{}\0", 3));
	assert_null(json_parse(a, "1\0002", 3));
	assert_non_null(json_parse(a, "{}x", 2));
	assert_non_null(json_parse(a, "12", 1));
}

/* RFC 8259 sections 2 to 7; json-c takes some of these, even when strict. */
static void
what_is_not_json_is_refused(void **state)
{
	static const char *const bad[] = { "{", "[", "\"", "\"a", "{\"a\"",
		"{\"a\":", "{\"a\":1", "[1", "[1,", "[1,]", "[,1]", "[1,,2]",
		"{,}", "{\"a\":1,}", "{\"a\" 1}", "{\"a\"}", "{a:1}", "{1:1}",
		"[1 2]", "[1:2]", "[}", "{]", "'a'", "{'a':1}", "True", "NULL",
		"nul", "tru", "NaN", "[NaN]", "Infinity", "-Infinity",
		"{\"a\":Infinity}", "undefined", "/**/1", "1//", "#", "\\",
		"\"\\x\"", "\"\\'\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\\"",
		"\xef\xbb\xbf{}" };

	(void)state;
	assert_all(bad, N(bad), 0);
}

/* RFC 8259 section 6 */
static void
numbers_are_spelt_as_json_spells_them(void **state)
{
	static const char *const good[] = { "[0]", "[-0]", "[10,20]", "[1.0]",
		"[0.01]", "[1e05]", "[1e-05]", "[1.5E+00]", "[100.001]" };
	static const char *const bad[] = { "01", "-01", "00", "[-00.5]", "1.",
		"[1.]", "1.e5", ".5", "-.5", "+1", "-", "[-]", "--1", "1e",
		"1e+", "1e1.5", "1-2", "1.2.3", "0x10", "1_000",
		"{\"a\":[0,01]}", "[1,2.]" };

	(void)state;
	assert_all(good, N(good), 1);
	assert_all(bad, N(bad), 0);
}

/* RFC 8259 section 7 */
static void
bare_control_characters_in_strings_are_refused(void **state)
{
	char text[] = "{\"a\":\"x?y\"}", name[] = "{\"x?y\":1}";

	(void)state;
	for (int c = 1; c < 0x80; c++) {
		if (c == '"' || c == '\\')
			continue;
		text[7] = name[3] = (char)c;
		assert_int_equal(parse(text) != NULL, c >= 0x20);
		assert_int_equal(parse(name) != NULL, c >= 0x20);
	}
}

/* RFC 8259 section 8.1, RFC 3629 */
static void
invalid_utf8_is_refused(void **state)
{
	static const char *const bad[] = { "\"\xff\"", "\"\x80\"", "\"\xc3\"",
		"\"\xc3(\"", "\"\xc0\x80\"", "\"\xe0\x80\xaf\"",
		"\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"",
		"{\"\xff\":1}", "{\"a\":[\"\xc1\xbf\"]}" };

	(void)state;
	assert_all(bad, N(bad), 0);
}

/* RFC 7515 section 10.12: two readers could see two different values. */
static void
a_member_named_twice_is_refused_at_any_level(void **state)
{
	static const char *const bad[] = { "{\"a\":1,\"a\":1}",
		"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":1,\"\\u0061\":2}",
		"{\"a/\":1,\"a\\/\":2}", "{\"\":1,\"\":2}",
		"{\"x\":{\"a\":1,\"a\":2}}", "[{\"a\":1,\"a\":2}]",
		"[0,[[{\"x\":[{\"a\":{},\"a\":{}}]}]]]",
		"{\"a\":{\"b\":1},\"a\":{\"b\":1}}", "{\"\\\"\":1,\"\\\"\":2}",
		"{\"a:b\":1,\"a:b\":2}", "{\"\\\\\":1,\"\\\\\":2}",
		"{\"\\\":\":1,\"\\\":\":2}", "{\"a\":null,\"a\":null}",
		"{\"s\":\"}:{\",\"s\":\":\"}" };

	(void)state;
	assert_all(bad, N(bad), 0);
}

/* Quotes and colons in strings do not confuse the search for duplicates. */
static void
members_that_only_look_alike_are_fine(void **state)
{
	static const char *const good[] = { "{\"a\":1,\"A\":2}",
		"{\"a\":{\"a\":{\"a\":1}}}", "[{\"a\":1},{\"a\":2}]",
		"{\"a:b\":1,\"a\":\"b\"}", "{\"\\\"a\\\":\":1,\"a\":2}",
		"{\"\\\\\":1,\"\\\"\":2}", "{\"u\":\"http://h:80/\"}",
		"{\"a\":\"\\\\\",\"b\":\":\\\"\"}", "\"a:b\"", "[\":\",\":\"]",
		"{\"a\":\"\\\":\",\"b\":[\"{\\\"a\\\":1}\"]}" };

	(void)state;
	assert_all(good, N(good), 1);
}

/* json-c ends a name at its NUL, and would read "aud\u0000x" as "aud". */
static void
a_nul_in_a_name_is_refused(void **state)
{
	static const char *const bad[] = { "{\"aud\\u0000x\":1}",
		"{\"\\u0000\":1}", "{\"a\\\\\\u0000\":1}",
		"{\"v\":[{\"a\\u0000\" :1}]}", "{\"a\":1,\"a\\u0000b\":2}" };
	static const char *const good[] = { "{\"a\\\\u0000\":1}",
		"{\"a\":\"\\u0000\",\"b\":1}", "{\"a\\u0001\":1}" };

	(void)state;
	assert_all(bad, N(bad), 0);
	assert_all(good, N(good), 1);
}

/* n arrays, one inside the other, and a number in the innermost. */
static struct json_object *
nested(size_t n, const char *open, const char *close)
{
	buf_init(&b, a, 0);
	for (size_t i = 0; i < n; i++)
		buf_str(&b, open);
	buf_char(&b, '1');
	for (size_t i = 0; i < n; i++)
		buf_str(&b, close);
	return parse(b.data);
}

static void
deeper_than_16_levels_is_refused(void **state)
{
	(void)state;
	assert_non_null(nested(15, "[", "]")); /* and the 1 is the 16th */
	assert_null(nested(16, "[", "]"));
	assert_non_null(nested(15, "{\"a\":", "}"));
	assert_null(nested(16, "{\"a\":", "}"));
	assert_null(nested(100000, "[", "]"));
}

static void
a_string_member_is_found(void **state)
{
	struct json_object *o;

	(void)state;
	o = parse("{\"s\":\"x\",\"e\":\"\",\"n\":1,\"u\":null,\"b\":true,"
		  "\"o\":{\"i\":\"y\"},\"l\":[\"z\"]}");
	assert_string_equal(json_get_str(o, "s"), "x");
	assert_string_equal(json_get_str(o, "e"), "");
	for (const char *name = "nubolix"; *name != '\0'; name++) {
		char one[] = { *name, '\0' };

		assert_null(json_get_str(o, one));
	}
	assert_null(json_get_str(parse("[\"s\"]"), "s"));
	assert_null(json_get_str(parse("\"s\""), "s"));
	assert_null(json_get_str(NULL, "s"));
}

/*
 * A text that is cut at a NUL could equal another text (RFC 6749 appendix A).
 */
static void
a_string_with_nul_is_not_given_out(void **state)
{
	struct json_object *o;

	(void)state;
	o = parse(
	    "{\"a\":\"x\\u0000y\",\"b\":\"\\u0000\",\"c\":\"\\\\u0000\"}");
	assert_non_null(o);
	assert_null(json_get_str(o, "a"));
	assert_null(json_get_str(o, "b"));
	assert_string_equal(json_get_str(o, "c"), "\\u0000");
}

static void
an_integer_member_is_found_or_refused(void **state)
{
	static const struct {
		const char *value;
		int rc;
		int64_t n;
	} rows[] = {
		{ "0", 1, 0 },
		{ "-0", 1, 0 },
		{ "1516239022", 1, 1516239022 },
		{ "-5", 1, -5 },
		{ "1516239022.123456", 1, 1516239022 },
		{ "-1.9", 1, -1 },
		{ "1.5e9", 1, 1500000000 },
		{ "8999999999999999", 1, 8999999999999999 },
		{ "-8999999999999999", 1, -8999999999999999 },
		{ "9000000000000000", -1, 0 },
		{ "-9000000000000000", -1, 0 },
		{ "9223372036854775807", -1, 0 },
		{ "-9223372036854775808", -1, 0 },
		{ "18446744073709551615", -1, 0 },
		{ "123456789012345678901234567890", -1, 0 },
		{ "-123456789012345678901234567890", -1, 0 },
		{ "1e16", -1, 0 },
		{ "-1e300", -1, 0 },
		{ "1e400", -1, 0 },
		{ "\"1\"", -1, 0 },
		{ "\"\"", -1, 0 },
		{ "true", -1, 0 },
		{ "null", -1, 0 },
		{ "[1]", -1, 0 },
		{ "{}", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct json_object *o;
		int64_t n = 0;

		o = parse(arena_printf(a, "{\"exp\":%s}", rows[i].value));
		assert_non_null(o);
		if (json_get_int(o, "exp", &n) != rows[i].rc)
			fail_msg("%s", rows[i].value);
		if (rows[i].rc == 1)
			assert_int_equal(n, rows[i].n);
	}
}

static void
an_integer_that_is_not_there_is_told_apart(void **state)
{
	int64_t n = 7;

	(void)state;
	assert_int_equal(json_get_int(parse("{\"a\":1}"), "b", &n), 0);
	assert_int_equal(json_get_int(parse("[1]"), "b", &n), 0);
	assert_int_equal(json_get_int(NULL, "b", &n), 0);
	assert_int_equal(n, 7);
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_kinds_of_value_are_parsed),
		TEST(white_space_around_and_inside_is_fine),
		TEST(nothing_is_no_value),
		TEST(what_follows_the_value_is_refused),
		TEST(what_is_not_json_is_refused),
		TEST(numbers_are_spelt_as_json_spells_them),
		TEST(bare_control_characters_in_strings_are_refused),
		TEST(invalid_utf8_is_refused),
		TEST(a_member_named_twice_is_refused_at_any_level),
		TEST(members_that_only_look_alike_are_fine),
		TEST(a_nul_in_a_name_is_refused),
		TEST(deeper_than_16_levels_is_refused),
		TEST(a_string_member_is_found),
		TEST(a_string_with_nul_is_not_given_out),
		TEST(an_integer_member_is_found_or_refused),
		TEST(an_integer_that_is_not_there_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
