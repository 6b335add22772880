/* test_json_write.c: writing JSON, over all byte values. */
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
each_byte_is_written_so_that_it_reads_back(void **state)
{
	struct json_object *v;

	(void)state;
	for (int c = 0; c < 256; c++) {
		char one[] = { (char)c, '\0' };

		buf_init(&b, a, 0);
		json_strn(&b, NULL, one, 1);
		assert_int_equal(strlen(b.data), b.len);
		v = json_parse(a, b.data, b.len);
		assert_int_equal(v != NULL, c < 0x80);
		if (v == NULL)
			continue; /* a single one is no UTF-8 */
		assert_int_equal(json_object_get_string_len(v), 1);
		assert_int_equal(*json_object_get_string(v), c);
		if (c == 0)
			continue;
		buf_init(&b, a, 0);
		json_open(&b, NULL, '{');
		json_str(&b, one, one);
		json_close(&b, '}');
		assert_string_equal(json_get_str(parse(b.data), one), one);
	}
}

/* RFC 8259 section 7: all that must be escaped is; DEL too, for terminals. */
static void
controls_are_never_written_bare(void **state)
{
	char all[0x80];

	(void)state;
	for (int c = 0; c < 0x80; c++)
		all[c] = (char)c;
	json_strn(&b, NULL, all, sizeof(all));
	for (size_t i = 0; i < b.len; i++)
		assert_in_range(b.data[i], 0x20, 0x7e);
	buf_init(&b, a, 0);
	json_strn(&b, NULL, "\"\\\n\r\x1f\x7f/", 7);
	assert_string_equal(b.data, "\"\\\"\\\\\\n\\u000d\\u001f\\u007f/\"");
}

/* Bytes that need no escape are found eight at a time. */
static void
one_that_must_be_escaped_is_found_at_any_place(void **state)
{
	char text[21];

	(void)state;
	for (int c = 1; c < 0x80; c++) {
		for (size_t at = 0; at < sizeof(text) - 1; at++) {
			memset(text, 'x', sizeof(text) - 1);
			text[sizeof(text) - 1] = '\0';
			text[at] = (char)c;
			buf_init(&b, a, 0);
			json_open(&b, NULL, '{');
			json_str(&b, "s", text);
			json_close(&b, '}');
			for (size_t i = 0; i < b.len; i++)
				assert_in_range(b.data[i], 0x20, 0x7e);
			assert_string_equal(
			    json_get_str(parse(b.data), "s"), text);
		}
	}
}

static void
characters_beyond_ascii_are_written_as_they_are(void **state)
{
	(void)state;
	json_str(&b, NULL, "\xc3\xa9\xf0\x9f\x94\x91");
	assert_string_equal(b.data, "\"\xc3\xa9\xf0\x9f\x94\x91\"");
}

static void
commas_stand_between_values_at_every_level(void **state)
{
	(void)state;
	memset(arena_alloc(a, 64), 'x', 64); /* no comma before the first */
	buf_init(&b, a, 0);
	json_open(&b, NULL, '{');
	json_str(&b, "s", "x");
	json_str(&b, "none", NULL);
	json_open(&b, "o", '{');
	json_int(&b, "min", INT64_MIN);
	json_int(&b, "max", INT64_MAX);
	json_close(&b, '}');
	json_open(&b, "l", '[');
	json_open(&b, NULL, '[');
	json_close(&b, ']');
	json_open(&b, NULL, '{');
	json_close(&b, '}');
	json_truth(&b, NULL, 1);
	json_truth(&b, NULL, 0);
	json_null(&b, NULL);
	json_str(&b, NULL, "[");
	json_str(&b, NULL, "{");
	json_close(&b, ']');
	json_null(&b, "z");
	json_close(&b, '}');
	assert_string_equal(b.data,
	    "{\"s\":\"x\",\"none\":null,"
	    "\"o\":{\"min\":-9223372036854775808,\"max\":9223372036854775807},"
	    "\"l\":[[],{},true,false,null,\"[\",\"{\"],\"z\":null}");
	assert_non_null(parse(b.data));
}

/* RFC 6749 section 3.3: a scope is words with spaces between them. */
static void
words_become_an_array(void **state)
{
	static const struct {
		const char *words, *json;
	} rows[] = {
		{ "", "[]" },
		{ "   ", "[]" },
		{ "a", "[\"a\"]" },
		{ "read write", "[\"read\",\"write\"]" },
		{ "  a  b ", "[\"a\",\"b\"]" },
		{ "a\tb \"", "[\"a\\u0009b\",\"\\\"\"]" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		buf_init(&b, a, 0);
		json_words(&b, NULL, rows[i].words);
		assert_string_equal(b.data, rows[i].json);
	}
	buf_init(&b, a, 0);
	json_open(&b, NULL, '{');
	json_words(&b, "x", "a b");
	json_words(&b, "y", "");
	json_close(&b, '}');
	assert_string_equal(b.data, "{\"x\":[\"a\",\"b\"],\"y\":[]}");
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_byte_is_written_so_that_it_reads_back),
		TEST(controls_are_never_written_bare),
		TEST(one_that_must_be_escaped_is_found_at_any_place),
		TEST(characters_beyond_ascii_are_written_as_they_are),
		TEST(commas_stand_between_values_at_every_level),
		TEST(words_become_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
