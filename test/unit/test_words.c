/* test_words.c: lists of words with spaces between. */
#include "unit.h"

#include "arena.h"
#include "words.h"

static void
assert_words(const char *s, const char *const want[])
{
	size_t n;

	for (; *want != NULL; want++, s += n) {
		assert_int_equal(words_next(&s, &n), 1);
		assert_int_equal(n, strlen(*want));
		assert_memory_equal(s, *want, n);
	}
	assert_int_equal(words_next(&s, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(*s, '\0');
}

#define WORDS(s, ...) \
	assert_words(s, (const char *const[]){ __VA_ARGS__, NULL })

static void
words_are_what_spaces_leave(void **state)
{
	(void)state;
	WORDS("", NULL);
	WORDS("   ", NULL);
	WORDS("a", "a");
	WORDS("one two", "one", "two");
	WORDS("  one   two  ", "one", "two");
	WORDS("a a", "a", "a");
}

/* A list with another white space is one word, and not several. */
static void
only_a_space_parts_words(void **state)
{
	(void)state;
	WORDS("a\tb\nc\xc2\xa0"
	      "d,e",
	    "a\tb\nc\xc2\xa0"
	    "d,e");
}

static void
a_word_is_found_wherever_it_stands(void **state)
{
	(void)state;
	assert_int_equal(words_have("one two three", "one"), 1);
	assert_int_equal(words_have("one two three", "two"), 1);
	assert_int_equal(words_have("one two three", "three"), 1);
	assert_int_equal(words_have("  one  ", "one"), 1);
	assert_int_equal(words_have("*", "*"), 1);
}

/* "read-posts" does not give "read", and "no-admin" does not give "admin". */
static void
a_part_of_a_word_is_not_the_word(void **state)
{
	(void)state;
	assert_int_equal(words_have("read-posts", "read"), 0);
	assert_int_equal(words_have("read-posts", "posts"), 0);
	assert_int_equal(words_have("read", "read-posts"), 0);
	assert_int_equal(words_have("Read", "read"), 0);
	assert_int_equal(words_have("xread readx", "read"), 0);
}

static void
of_a_longer_text_only_len_bytes_are_the_word(void **state)
{
	(void)state;
	assert_int_equal(words_have_n("read-posts", "read-posts", 4), 0);
	assert_int_equal(words_have_n("write read", "read-posts", 4), 1);
	assert_int_equal(words_have_n("read", "read-posts", 10), 0);
	assert_int_equal(words_have_n(NULL, "read", 4), 0);
	assert_int_equal(words_have_n("read", "read", 0), 0);
}

static void
nothing_is_in_an_empty_list_and_no_list_holds_nothing(void **state)
{
	(void)state;
	assert_int_equal(words_have(NULL, "a"), 0);
	assert_int_equal(words_have("", "a"), 0);
	assert_int_equal(words_have(" ", "a"), 0);
	assert_int_equal(words_have("a b", ""), 0);
	assert_int_equal(words_have("", ""), 0);
	assert_int_equal(words_have("a b", "a b"), 0);
	assert_int_equal(words_have("a b", " "), 0);
}

/* carnet.conf(5), mail_command. */
static void
quotes_keep_the_spaces_of_a_word(void **state)
{
	static const struct {
		const char *text, *words[4];
		int n;
	} rows[] = {
		{ "", { NULL }, 0 },
		{ "  ", { NULL }, 0 },
		{ "a b", { "a", "b" }, 2 },
		{ " a  b ", { "a", "b" }, 2 },
		{ "\"a b\" c", { "a b", "c" }, 2 },
		{ "a\" \"b", { "a b" }, 1 },
		{ "\"\" x", { "", "x" }, 2 },
		{ "\"\"", { "" }, 1 },
		{ "a\"b", { NULL }, -1 },
		{ "\"", { NULL }, -1 },
	};
	struct arena *a = arena_new();
	char **word;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		assert_int_equal(
		    words_quoted(a, rows[i].text, &word), rows[i].n);
		for (int k = 0; k < rows[i].n; k++)
			assert_string_equal(word[k], rows[i].words[k]);
		if (rows[i].n >= 0)
			assert_null(word[rows[i].n]);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_keep_the_spaces_of_a_word),
		cmocka_unit_test(words_are_what_spaces_leave),
		cmocka_unit_test(only_a_space_parts_words),
		cmocka_unit_test(a_word_is_found_wherever_it_stands),
		cmocka_unit_test(a_part_of_a_word_is_not_the_word),
		cmocka_unit_test(of_a_longer_text_only_len_bytes_are_the_word),
		cmocka_unit_test(
		    nothing_is_in_an_empty_list_and_no_list_holds_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
