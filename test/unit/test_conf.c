/* test_conf.c: carnet.conf: every setting, and the forms that a value may have. */
#include "conf_text.h"

static void
what_is_not_set_has_its_default(void **state)
{
	const struct conf *cf = parse(ISSUER);

	(void)state;
	assert_string_equal(cf->path, "/etc/carnet/carnet.conf");
	assert_string_equal(cf->issuer, "https://auth.example");
	assert_string_equal(cf->database, "/etc/carnet/data/carnet.db");
	assert_string_equal(cf->state, "/etc/carnet/data");
	assert_string_equal(cf->audit_log, "/etc/carnet/data/audit.log");
	assert_string_equal(cf->keys, "/etc/carnet/keys");
	assert_null(cf->templates);
	assert_string_equal(cf->site_name, "carnet");
	assert_string_equal(cf->site_colour, "#0b5d54");
	assert_null(cf->site_logo);
	assert_null(cf->help_url);
	assert_int_equal(cf->password_min, 8);
	assert_int_equal(cf->login_create, 1);
	assert_int_equal(cf->login_match_email, 0);
	assert_null(cf->auth_header);
	assert_string_equal(cf->audiences, "");
	assert_null(cf->cors_origins);
	assert_string_equal(cf->default_scopes, "");
	assert_null(cf->user_scopes);
	assert_int_equal(cf->access_ttl, 3600);
	assert_int_equal(cf->refresh_ttl, 30 * DAY);
	assert_int_equal(cf->refresh_grace, 30);
	assert_int_equal(cf->personal_ttl, 180 * DAY);
	assert_int_equal(cf->code_ttl, 60);
	assert_int_equal(cf->device_code_ttl, 600);
	assert_int_equal(cf->device_interval, 5);
	assert_int_equal(cf->session_ttl, 12 * 3600);
	assert_int_equal(cf->durability_full, 1);
	assert_int_equal(cf->second_factor, FACTOR_OPTIONAL);
	assert_int_equal(cf->fresh_ttl, 600);
	assert_int_equal(cf->passport_compat, 0);
	assert_null(cf->password_client_id);
	assert_null(cf->password_client_secret);
	assert_int_equal(cf->n_scopes, SCOPE_BUILT_IN_COUNT);
}

static void
every_setting_reaches_its_member(void **state)
{
	const struct conf *cf = parse(ISSUER
	    "database = db/tokens.db\nkeys = /var/lib/keys\n"
	    "templates = pages\nsite_name = My = site # one\n"
	    "site_colour = #09afAF\nsite_logo = /logo.svg?v=1\n"
	    "help_url = mailto:help@example.org\npassword_min = 12\n"
	    "login_create = no\nlogin_match_email = yes\n"
	    "auth_header = X-Authorization\n"
	    "audiences = https://a.example https://b.example\n"
	    "cors_origins = https://app.example http://localhost:3000\n"
	    "default_scopes = read\nuser_scopes = read write\n"
	    "access_ttl = 1\nrefresh_ttl = 2\nrefresh_grace = 3\n"
	    "personal_ttl = 4\ncode_ttl = 5\ndevice_code_ttl = 6\n"
	    "device_interval = 7\nsession_ttl = 80\n"
	    "durability = normal\npassport_compat = yes\n"
	    "second_factor = required\n"
	    "[scopes]\nread = Read\nwrite = Write\n"
	    "[password_token]\nclient_id = id\nclient_secret = the secret\n"
	    "[guard]\n[throttle]\n");

	(void)state;
	assert_string_equal(cf->database, "/etc/carnet/db/tokens.db");
	assert_string_equal(cf->keys, "/var/lib/keys");
	assert_string_equal(cf->templates, "/etc/carnet/pages");
	assert_string_equal(cf->site_name, "My = site # one");
	assert_string_equal(cf->site_colour, "#09afAF");
	assert_string_equal(cf->site_logo, "/logo.svg?v=1");
	assert_string_equal(cf->help_url, "mailto:help@example.org");
	assert_int_equal(cf->password_min, 12);
	assert_int_equal(cf->login_create, 0);
	assert_int_equal(cf->login_match_email, 1);
	assert_string_equal(cf->auth_header, "X-Authorization");
	assert_string_equal(
	    cf->audiences, "https://a.example https://b.example");
	assert_string_equal(
	    cf->cors_origins, "https://app.example http://localhost:3000");
	assert_string_equal(cf->default_scopes, "read");
	assert_string_equal(cf->user_scopes, "read write");
	assert_int_equal(cf->access_ttl, 1);
	assert_int_equal(cf->refresh_ttl, 2);
	assert_int_equal(cf->refresh_grace, 3);
	assert_int_equal(cf->personal_ttl, 4);
	assert_int_equal(cf->code_ttl, 5);
	assert_int_equal(cf->device_code_ttl, 6);
	assert_int_equal(cf->device_interval, 7);
	assert_int_equal(cf->session_ttl, 80);
	assert_int_equal(cf->durability_full, 0);
	assert_int_equal(cf->second_factor, FACTOR_REQUIRED);
	assert_int_equal(cf->passport_compat, 1);
	assert_string_equal(cf->password_client_id, "id");
	assert_string_equal(cf->password_client_secret, "the secret");
}

static void
comments_blank_lines_and_white_space_do_not_matter(void **state)
{
	const struct conf *cf =
	    parse("\n# a comment = x\n  \t\r\n\t issuer\t=  https://a.b  \t\r\n"
		  "   # another\nsite_name=x\n \t[scopes] \r\nread=\n"
		  "code_ttl = a scope");

	(void)state;
	assert_string_equal(cf->issuer, "https://a.b");
	assert_string_equal(cf->site_name, "x");
	assert_int_equal(cf->n_scopes, 2 + SCOPE_BUILT_IN_COUNT);
	assert_int_equal(cf->code_ttl, 60); /* its name in another section */
	assert_string_equal(cf->scopes[0].description, "read");
	assert_string_equal(cf->scopes[1].description, "a scope");
}

static void
times_are_seconds_or_have_a_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t want; /* -1: refused */
	} rows[] = { { "0", 0 }, { "90", 90 }, { "30s", 30 }, { "10m", 600 },
		{ "2h", 7200 }, { "30d", 30 * DAY }, { "007", 7 }, { "0d", 0 },
		{ "2147483647", 2147483647 },
		{ "2147483647d", INT64_C(2147483647) * DAY },
		{ "2147483648", -1 }, { "99999999999999999999", -1 },
		{ "", -1 }, { "s", -1 }, { "d30", -1 }, { "-1", -1 },
		{ "+1", -1 }, { " 1", -1 }, { "1 ", -1 }, { "1 h", -1 },
		{ "1.5h", -1 }, { "1H", -1 }, { "1w", -1 }, { "1hh", -1 },
		{ "1h30m", -1 }, { "0x10", -1 }, { "1e3", -1 } };
	int64_t n;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		n = -7;
		assert_int_equal(
		    conf_time(rows[i].text, &n), rows[i].want < 0 ? -1 : 0);
		assert_int_equal(n, rows[i].want < 0 ? -7 : rows[i].want);
	}
}

/* RFC 8414 section 2: https, no query, no fragment; http to ourselves alone. */
static void
an_issuer_is_https_or_on_this_machine(void **state)
{
	static const char *const good[] = { "https://a", "https://a.example",
		"https://a.example:8443", "https://a.example/auth",
		"http://127.0.0.1", "http://127.0.0.1:8080",
		"http://localhost:8080/x", "http://[::1]:8080",
		"https://[2001:db8::1]:1" };
	static const char *const bad[] = { "", "https", "https:", "https://",
		"https:///", "https://:443", "https://a?x=1", "https://a?",
		"https://a#x", "https://a#", "https://u@a", "https://u:p@a",
		"https://a b", "https://a\"b", "https://a<b", "https://a\\b",
		"http://a.example", "http://127.0.0.2", "http://127.0.0.10",
		"http://localhost.example", "http://127.0.0.1.example",
		"http://[::1]x", "http://", "ftp://127.0.0.1", "HTTPS://a",
		"//a", "a.example", "https://a/\t/b", "https://a\x7f",
		"https://a/\xc3\xa9" };

	(void)state;
	for (size_t i = 0; i < N(good); i++)
		assert_string_equal(
		    parse(arena_printf(fx.a, "issuer = %s\n", good[i]))->issuer,
		    good[i]);
	for (size_t i = 0; i < N(bad); i++)
		assert_refused(arena_printf(fx.a, "issuer = %s\n", bad[i]), 1,
		    "issuer is an https URL");
}

/*
 * An issuer has one spelling, as "iss" is compared byte for byte (RFC 9207
 * section 2.4).
 */
static void
slashes_at_the_end_of_the_issuer_are_dropped(void **state)
{
	(void)state;
	assert_string_equal(
	    parse("issuer = https://a/\n")->issuer, "https://a");
	assert_string_equal(
	    parse("issuer = https://a/b//\n")->issuer, "https://a/b");
	assert_string_equal(
	    parse("issuer = http://[::1]/\n")->issuer, "http://[::1]");
}

static void
paths_are_relative_to_the_file(void **state)
{
	static const struct {
		const char *file, *keys;
	} rows[] = { { "/etc/carnet/c.conf", "/etc/carnet/keys" },
		{ "/c.conf", "/keys" }, { "c.conf", "keys" },
		{ "a/b/c.conf", "a/b/keys" }, { "./c.conf", "./keys" } };
	char error[256];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		conf_free(fx.cf);
		fx.cf = conf_parse(ISSUER "database = /x/y\n", rows[i].file,
		    error, sizeof(error));
		assert_string_equal(fx.cf->keys, rows[i].keys);
		assert_string_equal(fx.cf->database, "/x/y");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_set_has_its_default),
		TEST(every_setting_reaches_its_member),
		TEST(comments_blank_lines_and_white_space_do_not_matter),
		TEST(times_are_seconds_or_have_a_unit),
		TEST(an_issuer_is_https_or_on_this_machine),
		TEST(slashes_at_the_end_of_the_issuer_are_dropped),
		TEST(paths_are_relative_to_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
