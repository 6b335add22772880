/* test_conf.c: carnet.conf: every setting, and every way to get one wrong. */
#include "fixture.h"

#define ISSUER "issuer = https://auth.example\n"
#define DAY 86400

static struct conf *
parse(const char *text)
{
	char error[512] = "";

	conf_free(fx.cf);
	fx.cf =
	    conf_parse(text, "/etc/carnet/carnet.conf", error, sizeof(error));
	if (fx.cf == NULL)
		fail_msg("%s: %s", text, error);
	return fx.cf;
}

/*
 * Fail unless text is refused: the error names that line (0: no line) and has
 * words in it.
 */
static void
assert_refused(const char *text, int line, const char *words)
{
	char error[512] = "";
	const char *place = line == 0
	    ? "/a/c.conf: "
	    : arena_printf(fx.a, "/a/c.conf:%d: ", line);

	if (conf_parse(text, "/a/c.conf", error, sizeof(error)) != NULL)
		fail_msg("taken: %s", text);
	if (strncmp(error, place, strlen(place)) != 0 ||
	    strstr(error, words) == NULL)
		fail_msg("%s: %s", text, error);
	assert_null(strchr(error, '\n'));
}

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

/* Each range allows its two ends, and not one second more. */
static void
times_out_of_range_are_refused(void **state)
{
	static const struct {
		const char *name;
		long min, max;
	} rows[] = { { "access_ttl", 1, 366 * DAY },
		{ "refresh_ttl", 1, 3660 * DAY }, { "refresh_grace", 0, 600 },
		{ "personal_ttl", 1, 3660 * DAY }, { "code_ttl", 1, 600 },
		{ "device_code_ttl", 1, 3600 }, { "device_interval", 1, 60 },
		{ "session_ttl", 60, 366 * DAY } };

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const char *name = rows[i].name;
		const char *text = arena_printf(fx.a, "%s is a time", name);

		parse(
		    arena_printf(fx.a, ISSUER "%s = %ld\n", name, rows[i].min));
		parse(
		    arena_printf(fx.a, ISSUER "%s = %ld\n", name, rows[i].max));
		assert_refused(arena_printf(fx.a, ISSUER "%s = %ld\n", name,
				   rows[i].min - 1),
		    2, text);
		assert_refused(arena_printf(fx.a, ISSUER "%s = %ld\n", name,
				   rows[i].max + 1),
		    2, text);
		assert_refused(
		    arena_printf(fx.a, ISSUER "%s =\n", name), 2, text);
	}
}

static void
a_bad_line_is_refused_with_its_place_and_the_cure(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *words;
	} rows[] = {
		{ "", 0, "issuer is not set" },
		{ "site_name = x\n", 0, "issuer is not set" },
		{ "[scopes]\nissuer = https://a.b\n", 0, "issuer is not set" },
		{ ISSUER "\n\nfoo = 1\n", 4, "unknown setting foo" },
		{ ISSUER "Issuer = x\n", 2, "unknown setting Issuer" },
		{ ISSUER "client_id = x\n", 2, "unknown setting client_id" },
		{ ISSUER "= x\n", 2, "unknown setting" },
		{ ISSUER "[guard]\nx = 1\n", 3,
		    "unknown setting x in [guard]" },
		{ ISSUER "[throttle]\nissuer = https://a.b\n", 3,
		    "unknown setting issuer in [throttle]" },
		{ ISSUER "[password_token]\nscope = x\n", 3,
		    "unknown setting scope in [password_token]" },
		{ ISSUER "nonsense\n", 2, "name = value" },
		{ ISSUER "nonsense", 2, "name = value" },
		{ ISSUER "[scope]\n", 2, "unknown section [scope]" },
		{ ISSUER "[]\n", 2, "unknown section []" },
		{ ISSUER "[scopes\n", 2, "written [name]" },
		{ ISSUER "[\n", 2, "written [name]" },
		{ ISSUER "[scopes] x\n", 2, "written [name]" },
		{ ISSUER ISSUER, 2, "issuer stands twice (first on line 1)" },
		{ "code_ttl = 5\n\n" ISSUER "code_ttl = 5\n", 4,
		    "code_ttl stands twice (first on line 1)" },
		{ ISSUER "[password_token]\nclient_id = a\n[scopes]\n"
			 "[password_token]\nclient_id = a\n",
		    6, "client_id stands twice (first on line 3)" },
		{ ISSUER "[scopes]\na = x\nb = y\na = z\n", 5,
		    "scope a stands twice" },
		{ ISSUER "durability = yes\n", 2, "full or normal" },
		{ ISSUER "durability = Full\n", 2, "full or normal" },
		{ ISSUER "second_factor = yes\n", 2,
		    "second_factor is off, optional or required" },
		{ ISSUER "fresh_ttl = 59\n", 2, "a time of 60 to 86400" },
		{ ISSUER "passport_compat = 1\n", 2, "yes or no" },
		{ ISSUER "passport_compat =\n", 2, "yes or no" },
		{ ISSUER "database =\n", 2, "database is a path" },
		{ ISSUER "keys = \n", 2, "keys is a path" },
		{ ISSUER "templates =\n", 2, "templates is a path" },
		{ ISSUER "auth_header =\n", 2, "name of a header" },
		{ ISSUER "auth_header = X Auth\n", 2, "name of a header" },
		{ ISSUER "auth_header = X_Auth\n", 2, "name of a header" },
		{ ISSUER "auth_header = X-Auth:\n", 2, "name of a header" },
		{ ISSUER "site_colour =\n", 2, "a colour such as" },
		{ ISSUER "site_colour = red\n", 2, "a colour such as" },
		{ ISSUER "site_colour = #12345\n", 2, "a colour such as" },
		{ ISSUER "site_colour = #1234567\n", 2, "a colour such as" },
		{ ISSUER "site_colour = #12345g\n", 2, "a colour such as" },
		{ ISSUER "site_colour = 1234567\n", 2, "a colour such as" },
		{ ISSUER "site_logo =\n", 2, "a path on this host" },
		{ ISSUER "site_logo = logo.svg\n", 2, "a path on this host" },
		{ ISSUER "site_logo = //h/l\n", 2, "a path on this host" },
		{ ISSUER "site_logo = /\\h/l\n", 2, "a path on this host" },
		{ ISSUER "site_logo = https://h\n", 2, "a path on this host" },
		{ ISSUER "help_url =\n", 2, "a page or of a person" },
		{ ISSUER "help_url = help\n", 2, "a page or of a person" },
		{ ISSUER "help_url = //h\n", 2, "a page or of a person" },
		{ ISSUER "help_url = https://\n", 2, "a page or of a person" },
		{ ISSUER "help_url = https://a b\n", 2, "a page or of" },
		{ ISSUER "help_url = javascript:x\n", 2, "a page or of" },
		{ ISSUER "help_url = data:text/html,x\n", 2, "a page or of" },
		{ ISSUER "password_min = 7\n", 2, "a number of 8 to 64" },
		{ ISSUER "password_min = 65\n", 2, "a number of 8 to 64" },
		{ ISSUER "password_min = 9s\n", 2, "a number of 8 to 64" },
		{ ISSUER "cors_origins = *\n", 2, "are origins such as" },
		{ ISSUER "cors_origins = null\n", 2, "are origins such as" },
		{ ISSUER "cors_origins = https://\n", 2, "are origins" },
		{ ISSUER "cors_origins = https://a/b\n", 2, "are origins" },
		{ ISSUER "cors_origins = capacitor://\n", 2, "are origins" },
		{ ISSUER "cors_origins = com.example.app:/x\n", 2,
		    "are origins" },
		{ ISSUER "cors_origins = https://b\xc3\xbc.example\n", 2,
		    "are origins" },
		{ ISSUER "cors_origins = file://h\n", 2, "are origins" },
		{ ISSUER "cors_origins = https://a:65536\n", 2, "are origins" },
		{ ISSUER "cors_origins = https://a ftp://b\n", 2,
		    "are origins" },
		{ ISSUER "cors_origins = https://*.a\n", 2, "are origins" },
		{ ISSUER "cors_origins = https://u@a\n", 2, "are origins" },
		{ ISSUER "default_scopes = a\n[scopes]\nb = B\n", 2,
		    "default_scopes names a, which" },
		{ ISSUER "user_scopes = b ab\n[scopes]\nb = B\n", 2,
		    "user_scopes names ab, which" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		assert_refused(rows[i].text, rows[i].line, rows[i].words);
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

static void
a_scope_may_be_marked_privileged(void **state)
{
	const struct conf *cf = parse(ISSUER
	    "[scopes]\n"
	    "a = privileged: Everything\nb = privileged:\n"
	    "c = Not privileged: at all\nd = privileged\ne:f/g.h-i_9 = x\n");
	static const struct conf_scope want[] = {
		{ "a", "Everything", 1 },
		{ "b", "b", 1 },
		{ "c", "Not privileged: at all", 0 },
		{ "d", "privileged", 0 },
		{ "e:f/g.h-i_9", "x", 0 },
	};

	(void)state;
	assert_int_equal(cf->n_scopes, N(want) + SCOPE_BUILT_IN_COUNT);
	for (size_t i = 0; i < N(want); i++) {
		assert_string_equal(cf->scopes[i].name, want[i].name);
		assert_string_equal(
		    cf->scopes[i].description, want[i].description);
		assert_int_equal(cf->scopes[i].privileged, want[i].privileged);
	}
}

/* RFC 6749 section 3.3, without the characters that would need quoting. */
static void
a_scope_name_is_of_few_characters_and_at_most_64(void **state)
{
	static const char also[] = "-_.:/";
	char name[66];

	(void)state;
	for (int c = 1; c < 256; c++) {
		const char *text =
		    arena_printf(fx.a, ISSUER "[scopes]\na%ca = x\n", c);

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr(also, c) != NULL)
			assert_int_equal(parse(text)->n_scopes, 1 + SCOPE_BUILT_IN_COUNT);
		else if (c != '\n' && c != '=')
			assert_refused(text, 3, "a scope's name is");
	}
	memset(name, 'a', 65);
	name[65] = '\0';
	assert_refused(arena_printf(fx.a, ISSUER "[scopes]\n%s = x\n", name), 3,
	    "1 to 64");
	parse(arena_printf(fx.a, ISSUER "[scopes]\n%s = x\n", name + 1));
	assert_refused(ISSUER "[scopes]\n= x\n", 3, "1 to 64");
	assert_refused(ISSUER "[scopes]\n* = x\n", 3, "1 to 64");
}

/* A set of scopes is one word of bits, which limits their number. */
static void
a_site_has_58_scopes_and_no_more(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, fx.a, 0);
	buf_str(&b, ISSUER "[scopes]\n");
	for (int i = 0; i < SCOPES_OWN_MAX; i++)
		buf_printf(&b, "s%d = x\n", i);
	assert_int_equal(parse(b.data)->n_scopes, 63);
	buf_str(&b, "more = x\n");
	assert_refused(b.data, 61, "more than 58 scopes");
}

/* OpenID Connect Core section 5.4: they are there, and a site may describe its own. */
static void
the_scopes_of_openid_are_built_in(void **state)
{
	const struct conf *cf = parse(ISSUER "[scopes]\na = x\nemail = Mine\n");

	(void)state;
	assert_int_equal(cf->n_scopes, 1 + SCOPE_BUILT_IN_COUNT);
	assert_string_equal(cf->scopes[1].description, "Mine");
	assert_int_equal(cf->built_in[SCOPE_EMAIL], 2);
	assert_string_equal(cf->scopes[2].name, "openid");
	assert_int_equal(cf->built_in[SCOPE_OPENID], 4);
	assert_int_equal(cf->all_built_in, 4 + 8 + 16 + 32);
}

#define TEST(name) TEST_IN(name, fixture_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_set_has_its_default),
		TEST(every_setting_reaches_its_member),
		TEST(comments_blank_lines_and_white_space_do_not_matter),
		TEST(times_are_seconds_or_have_a_unit),
		TEST(times_out_of_range_are_refused),
		TEST(a_bad_line_is_refused_with_its_place_and_the_cure),
		TEST(an_issuer_is_https_or_on_this_machine),
		TEST(slashes_at_the_end_of_the_issuer_are_dropped),
		TEST(paths_are_relative_to_the_file),
		TEST(a_scope_may_be_marked_privileged),
		TEST(a_scope_name_is_of_few_characters_and_at_most_64),
		TEST(a_site_has_58_scopes_and_no_more),
		TEST(the_scopes_of_openid_are_built_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
