/* test_conf_file.c: the file of the configuration, and where it is found. */
#include "fixture.h"

#define ISSUER "issuer = https://auth.example\n"

static void
write_file(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static void
a_file_is_read_as_its_text(void **state)
{
	const char *path = fixture_file("c.conf");
	char error[256];

	(void)state;
	write_file(path, ISSUER, strlen(ISSUER));
	assert_non_null(fx.cf = conf_load(path, error, sizeof(error)));
	assert_string_equal(fx.cf->issuer, "https://auth.example");
	assert_string_equal(fx.cf->database, fixture_file("data/carnet.db"));
}

static void
a_file_that_cannot_be_read_is_named_with_the_reason(void **state)
{
	const char *path = fixture_file("c.conf"), *big;
	char error[256], tiny[8];

	(void)state;
	assert_null(conf_load(path, error, sizeof(error)));
	assert_string_equal(
	    error, arena_printf(fx.a, "%s: No such file or directory", path));
	assert_null(conf_load(fx.dir, error, sizeof(error)));
	assert_non_null(strstr(error, "not a file of at most 1 MiB"));
	write_file(path, ISSUER "\0x", strlen(ISSUER) + 2);
	assert_null(conf_load(path, error, sizeof(error)));
	assert_non_null(strstr(error, "a NUL byte"));
	big = arena_alloc(fx.a, (1 << 20) + 1);
	write_file(path, big, (1 << 20) + 1);
	assert_null(conf_load(path, error, sizeof(error)));
	assert_non_null(strstr(error, "at most 1 MiB"));
	write_file(path, "x\n", 2);
	assert_null(conf_load(path, tiny, sizeof(tiny)));
	assert_true(strlen(tiny) < sizeof(tiny));
}

/* The order in which the configuration is looked for. */
static void
the_file_is_found_by_argument_environment_and_program(void **state)
{
	const char *conf = fixture_file("carnet.conf");
	const char *program = fixture_file("cgi-bin/token");

	(void)state;
	unsetenv("CARNET_CONF");
	assert_int_equal(mkdir(fixture_file("cgi-bin"), 0700), 0);
	write_file(program, "", 0);
	assert_string_equal(
	    conf_find(NULL, program), "/etc/carnet/carnet.conf");
	assert_string_equal(
	    conf_find(NULL, "/no/such/program"), "/etc/carnet/carnet.conf");
	write_file(conf, "", 0);
	assert_string_equal(conf_find(NULL, program), conf);
	setenv("CARNET_CONF", "", 1);
	assert_string_equal(conf_find(NULL, program), conf);
	setenv("CARNET_CONF", "/from/env", 1);
	assert_string_equal(conf_find(NULL, program), "/from/env");
	assert_string_equal(conf_find("/from/arg", program), "/from/arg");
	unsetenv("CARNET_CONF");
}

#define TEST(name) TEST_IN(name, fixture_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_read_as_its_text),
		TEST(a_file_that_cannot_be_read_is_named_with_the_reason),
		TEST(the_file_is_found_by_argument_environment_and_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
