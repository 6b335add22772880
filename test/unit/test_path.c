/* test_path.c: a request's path gets one spelling. */
#include "fixture.h"

#include "path.h"

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_dir, fixture_end)

/* RFC 3986 section 6.2.2: spellings that a server takes for the same path. */
static void
every_spelling_has_one_normal_form(void **state)
{
	static const struct {
		const char *target, *path;
	} rows[] = {
		{ "/", "/" },
		{ "//", "/" },
		{ "/.", "/" },
		{ "/./", "/" },
		{ "/a", "/a" },
		{ "/a/", "/a" },
		{ "/a//", "/a" },
		{ "//a///b", "/a/b" },
		{ "/./a/./b/.", "/a/b" },
		{ "/x/../a", "/a" },
		{ "/a/b/..", "/a" },
		{ "/a/..", "/" },
		{ "/x/y/../../a", "/a" },
		{ "/a/b?c=/../d", "/a/b" },
		{ "/a?", "/a" },
		{ "/a?x#y", "/a" },
		{ "/%61", "/a" },
		{ "/x/%2e%2E/a", "/a" },
		{ "/x/.%2e/a", "/a" },
		{ "/%2e/a", "/a" },
		{ "/a%2Fb", "/a/b" },
		{ "/a%2fb", "/a/b" },
		{ "/x%2f..%2fa", "/a" },
		{ "/a+b", "/a+b" },
		{ "/%2561", "/%61" },
		{ "/a%20b", "/a b" },
		{ "/...", "/..." },
		{ "/..a", "/..a" },
		{ "/.a", "/.a" },
		{ "/a;x", "/a;x" },
		{ "/A", "/A" },
		{ "/%C3%A9", "/\xc3\xa9" },
		{ "http://h/a", "/a" },
		{ "http://h", "/" },
		{ "HTTPS://h:1?/b", "/" },
		{ "http://h//a/../b", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const char *got = path_normal(fx.a, rows[i].target, 0);

		if (rows[i].path == NULL
			? got != NULL
			: got == NULL || strcmp(got, rows[i].path) != 0)
			fail_msg("%s: %s", rows[i].target,
			    got == NULL ? "refused" : got);
	}
}

/* Servers read these in different ways, or should not serve them. */
static void
what_can_be_read_in_two_ways_is_refused(void **state)
{
	static const char *const targets[] = { "", "a", "*", "a/b", "?", "#",
		"//../a", "/..", "/../a", "/a/../../b", "/%2e%2e/a", "/a%",
		"/a%2", "/a%zz", "/a%00", "/a%00/b", "/a%0a", "/a\x01", "/a%7f",
		"/a#/../b", "/a#", "/a//../b", "/a/b//c/../d", "/a/..;/b",
		"/a/.;/b", "/a/..;x=1/b", "/a/%2e.%3b/b", "://h/a", "http:/a",
		"http//a", "host:80" };

	(void)state;
	for (size_t i = 0; i < N(targets); i++)
		if (path_normal(fx.a, targets[i], 0) != NULL)
			fail_msg("taken: %s", targets[i]);
}

static void
letters_are_folded_where_asked(void **state)
{
	(void)state;
	assert_string_equal(path_normal(fx.a, "/A/%42c", PATH_FOLD), "/a/bc");
	assert_string_equal(path_normal(fx.a, "/A/%42c", 0), "/A/Bc");
}

static void
an_encoded_slash_is_kept_where_asked(void **state)
{
	(void)state;
	assert_string_equal(
	    path_normal(fx.a, "/a%2fb/%2F/c", PATH_KEEP_SLASH), "/a%2Fb/%2F/c");
	assert_null(path_normal(fx.a, "/a%2f%2", PATH_KEEP_SLASH));
	assert_string_equal(
	    path_normal(fx.a, "/x%2F../a", PATH_KEEP_SLASH), "/x%2F../a");
}

/* Tomcat cuts a segment at ';'.  Windows takes a backslash for a slash. */
static void
servers_read_some_paths_in_their_own_way(void **state)
{
	static const struct {
		const char *target;
		unsigned reading;
		const char *path;
	} rows[] = {
		{ "/a;x/b", PATH_CUT_PARAM, "/a/b" },
		{ "/a%3bx=1;y/b;", PATH_CUT_PARAM, "/a/b" },
		{ "/a;x%2fy/b", PATH_CUT_PARAM, "/a/y/b" },
		{ "/a;x%2fy/b", PATH_CUT_PARAM | PATH_KEEP_SLASH, "/a/b" },
		{ "/a/;x/b", PATH_CUT_PARAM, "/a/b" },
		{ "/a/;x/../b", PATH_CUT_PARAM, NULL },
		{ "/a/..;x/b", PATH_CUT_PARAM, NULL },
		{ "/a;x/../b", PATH_CUT_PARAM, "/b" },
		{ "/a;.", PATH_WINDOWS, "/a;" },
		{ "/a/b", PATH_CUT_PARAM, "/a/b" },
		{ "/a\\b", PATH_WINDOWS, "/a/b" },
		{ "/a\\b", PATH_CUT_PARAM, "/a\\b" },
		{ "/%5ca%5C/b", PATH_WINDOWS, "/a/b" },
		{ "/a/x%5c..%5c..%5cb", PATH_WINDOWS, "/b" },
		{ "/x\\..\\..\\b", PATH_WINDOWS, NULL },
		{ "/a./b%20/c%20.", PATH_WINDOWS, "/a/b/c" },
		{ "/a./b", 0, "/a./b" },
		{ "/a/./b/../c", PATH_WINDOWS, "/a/c" },
		{ "/a/.../b", PATH_WINDOWS, NULL },
		{ "/a/..%20/b", PATH_WINDOWS, NULL },
		{ "/a.;x/b", PATH_CUT_PARAM | PATH_WINDOWS, "/a/b" },
		{ "/a;x%5cb", PATH_READINGS, "/a/b" },
		{ "/a/..a/.b", PATH_READINGS, "/a/..a/.b" },
		{ "/a%2520b", PATH_TWICE, "/a b" },
		{ "/a%252fb", PATH_TWICE, "/a/b" },
		{ "/a%25252fb", PATH_TWICE, "/a/b" },
		{ "/a%2525", PATH_TWICE, "/a%" },
		{ "/100%25", PATH_TWICE, "/100%" },
		{ "/a%25zz", PATH_TWICE, "/a%zz" },
		{ "/x/../a", PATH_TWICE, "/a" },
		{ "/x/%2e%2e/a", PATH_TWICE, "/a" },
		{ "/x/%252e%252e/a", PATH_TWICE, NULL },
		{ "/x/.%252e/a", PATH_TWICE, NULL },
		{ "/x/%252E", PATH_TWICE, NULL },
		{ "/x/%25252e%25252e/a", PATH_TWICE, NULL },
		{ "/x/%25%32%65%252e/a", PATH_TWICE, NULL },
		{ "/x/%252e%252e%25zz/a", PATH_TWICE, "/x/..%zz/a" },
		{ "/x/..%252fa", PATH_TWICE, NULL },
		{ "/x/..%252fa", PATH_TWICE | PATH_KEEP_SLASH, NULL },
		{ "/x/..%255ca", PATH_TWICE | PATH_WINDOWS, NULL },
		{ "/x/..%253b/a", PATH_TWICE, NULL },
		{ "/x/../y/%252e./a", PATH_TWICE, NULL },
		{ "/a%2500", PATH_TWICE, NULL },
		{ "/a%250ab", PATH_TWICE, NULL },
		{ "/a%252525252525", PATH_TWICE, NULL },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const char *got =
		    path_normal(fx.a, rows[i].target, rows[i].reading);

		if (rows[i].path == NULL
			? got != NULL
			: got == NULL || strcmp(got, rows[i].path) != 0)
			fail_msg("%s: %s", rows[i].target,
			    got == NULL ? "refused" : got);
	}
}

/*
 * A path that all servers read alike has one reading.  Look at each of the
 * others.
 */
static void
a_target_with_one_reading_is_known(void **state)
{
	static const char *const plain[] = { "/", "//", "/a/b.html", "/.a/..b",
		"/a?x=%2f;.", "/a?#", "http://h:1/a" };
	static const char *const not[] = { "/a%2fb", "/a;x", "/a\\b", "/a b", "/a.",
		"/a./b", "/a.?x", "/./b", "/..", "/a#b" };

	(void)state;
	for (size_t i = 0; i < N(plain); i++) {
		assert_true(path_has_one_reading(plain[i]));
		for (unsigned as = 2; as <= PATH_READINGS; as += 2)
			assert_string_equal(path_normal(fx.a, plain[i], as),
			    path_normal(fx.a, plain[i], 0));
	}
	for (size_t i = 0; i < N(not); i++)
		assert_false(path_has_one_reading(not[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_spelling_has_one_normal_form),
		TEST(what_can_be_read_in_two_ways_is_refused),
		TEST(letters_are_folded_where_asked),
		TEST(an_encoded_slash_is_kept_where_asked),
		TEST(servers_read_some_paths_in_their_own_way),
		TEST(a_target_with_one_reading_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
