/* test_conf_refused.c: carnet.conf: every way to get a line wrong. */
#include "conf_text.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(times_out_of_range_are_refused),
		TEST(a_bad_line_is_refused_with_its_place_and_the_cure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
