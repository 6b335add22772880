/* test_redirect.c: redirect URIs (RFC 6749 section 3.1.2, RFC 8252 section 7).
 */
#include "unit.h"

#include "arena.h"
#include "redirect.h"

static void
a_uri_matches_itself_alone(void **state)
{
	static const char known[] = "https://a.example/cb  com.example.app:/cb";

	(void)state;
	assert_true(redirect_matches(known, "https://a.example/cb"));
	assert_true(redirect_matches(known, "com.example.app:/cb"));
	assert_false(redirect_matches(known, "https://a.example/cb/"));
	assert_false(redirect_matches(known, "https://a.example/c"));
	assert_false(redirect_matches(known, "https://a.example:443/cb"));
	assert_false(redirect_matches(known, ""));
	assert_false(redirect_matches("", ""));
}

/* RFC 8252 section 7.3. */
static void
the_port_of_a_loopback_uri_is_free(void **state)
{
	static const char known[] = "http://127.0.0.1/cb http://[::1]:80/?x";

	(void)state;
	assert_true(redirect_matches(known, "http://127.0.0.1:1/cb"));
	assert_true(redirect_matches(known, "http://127.0.0.1:65535/cb"));
	assert_true(redirect_matches(known, "http://[::1]/?x"));
	assert_false(redirect_matches(known, "http://127.0.0.1:65536/cb"));
	assert_false(redirect_matches(known, "http://127.0.0.1:/cb"));
	assert_false(redirect_matches(known, "http://127.0.0.1:000001/cb"));
	assert_false(redirect_matches(known, "http://localhost:1/cb"));
	assert_false(redirect_matches(known, "https://127.0.0.1:1/cb"));
}

/* Found by fuzzing: the rest behind the digits was taken for the path. */
static void
a_port_ends_the_authority(void **state)
{
	(void)state;
	assert_false(redirect_matches(
	    "http://localhost:1x/cb", "http://localhost:2x/cb"));
	assert_false(redirect_matches(
	    "http://localhost:1@a.example/", "http://localhost:2@a.example/"));
	assert_false(redirect_is_sound("http://localhost:80x/cb"));
	assert_true(redirect_is_sound("http://localhost:80?x"));
	assert_true(redirect_is_sound("http://localhost:80"));
}

static void
what_may_be_registered(void **state)
{
	static const char *const good[] = { "https://a.example",
		"https://a.example/cb?x=@y", "http://[::1]:1/", "a.b:/",
		"com.example.app:cb" };
	static const char *const bad[] = { "", ":", "a", "javascript:alert(1)",
		"https://", "https:///x", "https://:1/", "https://?x",
		"https://u@a.example/", "https://a.example/#x",
		"https://a.example/\\x", "https://a.example/\"",
		"https://a.example/<b>", "https://a.example/ x",
		"https://a.example/\t", "https://a.example/\x7f",
		"https://a.example/\xc3\xa9", "http://a.example/",
		"http://localhostx/", "http://127.0.0.1@a.example/",
		"http://localhost:x/", "A.B:/", "a.b:", "a.b_c:/" };

	(void)state;
	for (size_t i = 0; i < N(good); i++)
		if (!redirect_is_sound(good[i]))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < N(bad); i++)
		if (redirect_is_sound(bad[i]))
			fail_msg("taken: %s", bad[i]);
}

static void
what_is_longer_than_a_uri_may_be_matches_nothing(void **state)
{
	char longer[2100];

	(void)state;
	memset(longer, 'a', sizeof(longer));
	memcpy(longer, "https://", 8);
	longer[2048] = '\0';
	assert_true(redirect_is_sound(longer));
	assert_true(redirect_matches(longer, longer));
	longer[2048] = 'a';
	longer[2049] = '\0';
	assert_false(redirect_is_sound(longer));
	assert_false(redirect_matches(longer, longer));
}

/* The host that the consent page shows. */
static void
the_host_of_a_uri(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(
	    redirect_host(a, "https://a.example:8/cb?x"), "a.example:8");
	assert_string_equal(redirect_host(a, "http://[::1]:1?x"), "[::1]:1");
	assert_string_equal(redirect_host(a, "a.b:/x"), "a.b");
	arena_free(a);
}

/*
 * Found by fuzzing: an app's scheme that begins with "http" was shown with a
 * host.
 */
static void
an_apps_own_scheme_may_begin_with_http(void **state)
{
	static const char uri[] = "https.a.b://bank.example/cb";
	struct arena *a = arena_new();

	(void)state;
	assert_true(redirect_is_sound(uri));
	assert_string_equal(redirect_host(a, uri), "https.a.b");
	arena_free(a);
}

/*
 * RFC 6454 section 4; RFC 8252 section 7.3: the port is free for a loopback
 * address.
 */
static void
the_origin_of_a_redirect_uri_may_call(void **state)
{
	static const struct {
		const char *registered, *origin;
		int may;
	} rows[] = {
		{ "https://a.example/cb", "https://a.example", 1 },
		{ "x:/y https://A.example:443/cb", "https://a.example", 1 },
		{ "https://a.example:8443/", "https://a.example:8443", 1 },
		{ "https://a.example:8443/", "https://a.example", 0 },
		{ "https://a.example/", "https://a.example:8443", 0 },
		{ "https://a.example/", "https://A.example", 0 },
		{ "https://a.example/", "https://a.example/", 0 },
		{ "https://a.example/", "http://a.example", 0 },
		{ "http://localhost/callback", "http://localhost:19002", 1 },
		{ "http://localhost/callback", "http://localhost", 1 },
		{ "http://localhost:3000/cb", "http://localhost:19002", 1 },
		{ "http://[::1]/cb", "http://[::1]:19002", 1 },
		{ "http://127.0.0.1/cb", "http://127.0.0.1:1", 1 },
		{ "http://localhost/cb", "http://127.0.0.1:1", 0 },
		{ "http://localhost/cb", "https://localhost:1", 0 },
		{ "http://localhost/cb", "http://localhost.evil.example", 0 },
		{ "http://localhost/cb", "http://localhost:1x", 0 },
		{ "com.example.app://home/cb", "com.example.app://home", 1 },
		{ "com.example.app:/cb", "com.example.app:", 0 },
		{ "https://a.example/", "null", 0 },
		{ "https://a.example/", "", 0 },
		{ "", "https://a.example", 0 },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		if (redirect_allows_origin(
			a, rows[i].registered, rows[i].origin) != rows[i].may)
			fail_msg("%s %s", rows[i].registered, rows[i].origin);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_uri_matches_itself_alone),
		cmocka_unit_test(the_port_of_a_loopback_uri_is_free),
		cmocka_unit_test(a_port_ends_the_authority),
		cmocka_unit_test(what_may_be_registered),
		cmocka_unit_test(
		    what_is_longer_than_a_uri_may_be_matches_nothing),
		cmocka_unit_test(the_origin_of_a_redirect_uri_may_call),
		cmocka_unit_test(the_host_of_a_uri),
		cmocka_unit_test(an_apps_own_scheme_may_begin_with_http),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
