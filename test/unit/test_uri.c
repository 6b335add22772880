/* test_uri.c: URIs that mean the same (RFC 3986 section 6.2), and origins. */
#include "fixture.h"

#include "uri.h"

static int
setup(void **state)
{
	if (fixture_dir(state) < 0)
		return -1;
	fixture_conf("");
	return 0;
}

static void
a_uri_has_one_normal_spelling(void **state)
{
	static const struct {
		const char *uri, *normal;
	} rows[] = {
		/* Section 6.2.2, its own example. */
		{ "example://a/b/c/%7Bfoo%7D", "example://a/b/c/%7Bfoo%7D" },
		{ "eXAMPLE://a/./b/../b/%63/%7bfoo%7d",
		    "example://a/b/c/%7Bfoo%7D" },
		/* Section 6.2.3, its own examples. */
		{ "http://example.com", "http://example.com/" },
		{ "http://example.com/", "http://example.com/" },
		{ "http://example.com:/", "http://example.com/" },
		{ "http://example.com:80/", "http://example.com/" },
		{ "https://example.com:443", "https://example.com/" },
		/* An unclosed bracket is no IPv6 address. */
		{ "http://[a::1:", "http://[a::1/" },
		{ "https://example.com:80/", "https://example.com:80/" },
		{ "HTTPS://Example.COM:0443/A", "https://example.com/A" },
		{ "https://h?Q", "https://h/?Q" },
		{ "https://h/?", "https://h/?" },
		{ "https://h/a/", "https://h/a/" },
		{ "https://h//a", "https://h//a" },
		{ "https://h/a/..", "https://h/" },
		{ "https://h/../../a/.", "https://h/a/" },
		{ "https://h/%2e%2E/a", "https://h/a" },
		{ "https://h/%2f%c3%BC?%41", "https://h/%2F%C3%BC?A" },
		{ "https://h/%", "https://h/%" },
		{ "https://h/%4", "https://h/%4" },
		{ "https://U%73er@H/", "https://User@h/" },
		{ "https://[0:0::1]:8443/x", "https://[::1]:8443/x" },
		{ "https://[2001:DB8::A]", "https://[2001:db8::a]/" },
		{ "https://[x]/", "https://[x]/" },
		{ "URN:Api:A", "urn:Api:A" },
		{ "com.Example.app:/X", "com.example.app:/X" },
		/* Anything that is no URI is compared as text. */
		{ "api", "api" },
		{ "/API", "/API" },
		{ "1a://H", "1a://H" },
		{ "https://H:x/", "https://H:x/" },
		{ "https://A:1:2/", "https://A:1:2/" },
		{ "https://H:123456/", "https://H:123456/" },
		{ "", "" },
	};
	const char *got;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		got = uri_normal(fx.a, rows[i].uri);
		assert_string_equal(got, rows[i].normal);
		assert_string_equal(uri_normal(fx.a, got), got);
	}
}

static void
a_word_is_found_and_spelt_as_it_stands(void **state)
{
	static const char words[] = "api https://A.example urn:x";

	(void)state;
	assert_string_equal(uri_find(fx.a, words, "https://a.example:443/"),
	    "https://A.example");
	assert_string_equal(uri_find(fx.a, words, "api"), "api");
	assert_null(uri_find(fx.a, words, "API"));
	assert_null(uri_find(fx.a, words, "https://a.example/x"));
	assert_null(uri_find(fx.a, "", "https://a.example"));
}

/* RFC 6454 sections 4 and 6.2. */
static void
an_origin_is_scheme_host_and_port(void **state)
{
	static const struct {
		const char *uri, *origin;
	} rows[] = {
		{ "https://App.Example/cb?x", "https://app.example" },
		{ "https://app.example:443/", "https://app.example" },
		{ "https://app.example:8443", "https://app.example:8443" },
		{ "http://localhost:80/cb", "http://localhost" },
		{ "http://localhost:3000", "http://localhost:3000" },
		{ "http://[0:0:0:0:0:0:0:1]:3000/", "http://[::1]:3000" },
		{ "http://[::1]/", "http://[::1]" },
		{ "capacitor://localhost", "capacitor://localhost" },
		{ "Com.example.App://Host/cb", "com.example.app://host" },
		{ "com.example.app:/cb", NULL },
		{ "com.example.app:///cb", NULL },
		{ "https://", NULL },
		{ "null", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const char *got = uri_origin(fx.a, rows[i].uri);

		if ((got == NULL) != (rows[i].origin == NULL) ||
		    (got != NULL && strcmp(got, rows[i].origin) != 0))
			fail_msg("%s: %s", rows[i].uri, got);
	}
}

static void
what_may_be_configured_is_an_origin_alone(void **state)
{
	static const char *const good[] = { "https://a", "https://A.b:443/",
		"http://[::1]:3000", "capacitor://localhost", "app://.",
		"tauri://localhost", "ionic://localhost", "app://x.y" };
	static const char *const bad[] = { "*", "null", "a.example", "https://",
		"https://a/b", "https://a?x", "https://a#x", "https://u@a",
		"https://*.a", "file://h", "FILE://h", "ftp://b", "ws://b",
		"app://", "a.b:/x", "https://b\xc3\xbc", "https://a%41",
		"https://a:99999" };

	(void)state;
	for (size_t i = 0; i < N(good); i++)
		if (!uri_is_origin(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < N(bad); i++)
		if (uri_is_origin(bad[i]))
			fail_msg("%s", bad[i]);
}

/* RFC 3986 section 3: a path with "://" somewhere in it is no URI. */
static void
a_scheme_and_two_slashes_begin_an_authority(void **state)
{
	static const char *const no[] = { "", "://h", "/a://h", "1a://h",
		"a=b://h", "a:/h", "a:h", "a//h" };

	(void)state;
	assert_true(uri_has_authority("postgresql://h/d"));
	assert_true(uri_has_authority("a+b-c.1://"));
	for (size_t i = 0; i < N(no); i++)
		if (uri_has_authority(no[i]))
			fail_msg("%s", no[i]);
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_uri_has_one_normal_spelling),
		TEST(a_word_is_found_and_spelt_as_it_stands),
		TEST(an_origin_is_scheme_host_and_port),
		TEST(what_may_be_configured_is_an_origin_alone),
		TEST(a_scheme_and_two_slashes_begin_an_authority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
