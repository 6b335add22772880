/* test_audit.c: the audit trail: lines, size, syslog. */
#include "fixture.h"

#include <sys/wait.h>
#include <syslog.h>

#include "audit.h"
#include "json.h"

static char said[1024];
static int priority;

/* In place of the C library's function, under both of its names. */
void __syslog_chk(int pri, int flag, const char *fmt, ...);

void
__syslog_chk(int pri, int flag, const char *fmt, ...)
{
	va_list ap;

	(void)flag;
	priority = pri;
	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

void
(syslog)(int pri, const char *fmt, ...)
{
	va_list ap;

	priority = pri;
	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

static const struct audit ev = { .at = NOW, .at_us = 42, .request = "r1",
	.event = "token", .outcome = "ok", .user = "a\"b\n@c.example" };

static size_t
size_of(const char *path)
{
	struct stat sb;

	return stat(path, &sb) < 0 ? 0 : (size_t)sb.st_size;
}

static void
an_event_is_one_line_of_json(void **state)
{
	const char *path = fixture_file("audit.log");
	struct json_object *o;
	char text[512] = "";
	struct stat sb;
	FILE *f;

	(void)state;
	audit_write(path, 1 << 20, 0, &ev);
	audit_write(path, 1 << 20, 0, &ev);
	assert_non_null(f = fopen(path, "r"));
	assert_non_null(fgets(text, sizeof(text), f));
	assert_string_equal(text,
	    "{\"at\":\"2023-11-14T22:13:20.000042Z\",\"request\":\"r1\","
	    "\"event\":\"token\",\"outcome\":\"ok\","
	    "\"user\":\"a\\\"b\\n@c.example\"}\n");
	assert_non_null(o = json_parse(fx.a, text, strlen(text)));
	assert_string_equal(json_get_str(o, "user"), ev.user);
	assert_non_null(fgets(text, sizeof(text), f));
	assert_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_int_equal(stat(path, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0600);
	assert_string_equal(said, "");
}

/*
 * Several processes write and turn the file over: no line is torn, and the
 * files do not grow.
 */
static void
the_trail_stays_within_its_size(void **state)
{
	const char *path = fixture_file("audit.log");
	const char *old = fixture_file("audit.log.1");
	const char *const both[] = { path, old };
	char text[512];
	/*
	 * The writers check the size without a lock: the other three may add a
	 * line each.
	 */
	const off_t half = 10000 + 3 * (off_t)sizeof(text);
	int lines = 0, status;
	FILE *f;

	(void)state;
	for (int p = 0; p < 4; p++)
		if (fork() == 0) {
			for (int i = 0; i < 500; i++)
				audit_write(path, 20000 * 4 / 3, 0, &ev);
			_exit(0);
		}
	while (wait(&status) > 0)
		assert_int_equal(status, 0);
	assert_in_range(size_of(path), 1, half);
	assert_in_range(size_of(old), 5000, half);
	for (size_t i = 0; i < N(both); i++) {
		assert_non_null(f = fopen(both[i], "r"));
		for (; fgets(text, sizeof(text), f) != NULL; lines++)
			assert_non_null(json_parse(fx.a, text, strlen(text)));
		fclose(f);
	}
	assert_true(lines > 100);
}

/*
 * Any number of strangers' lines pushes out no other line, and the files keep
 * their size.
 */
static void
strangers_push_out_strangers_alone(void **state)
{
	const char *name[] = { "audit.log", "audit.log.1",
		"audit.log.strangers", "audit.log.strangers.1" };
	const char *path = fixture_file(name[0]);
	struct audit theirs = ev;
	size_t known, all = 0;

	(void)state;
	audit_write(path, 20000, 0, &ev);
	known = size_of(path);
	theirs.is_strangers = 1;
	for (int i = 0; i < 1000; i++)
		audit_write(path, 20000, 0, &theirs);
	assert_int_equal(size_of(path), known);
	for (int i = 0; i < 1000; i++)
		audit_write(path, 20000, 0, &ev);
	for (size_t i = 0; i < N(name); i++)
		all += size_of(fixture_file(name[i]));
	assert_true(all <= 20000);
	assert_in_range(size_of(fixture_file(name[1])), 7000, 7500);
	assert_in_range(size_of(fixture_file(name[3])), 2000, 2500);
}

static void
a_size_of_0_is_no_file(void **state)
{
	(void)state;
	audit_write(fixture_file("audit.log"), 0, 0, &ev);
	assert_int_equal(access(fixture_file("audit.log"), F_OK), -1);
}

static void
a_trail_that_cannot_be_written_is_logged(void **state)
{
	(void)state;
	audit_write(fixture_file("no/audit.log"), 1 << 20, 0, &ev);
	assert_non_null(strstr(fx.log, "no/audit.log: No such file"));
}

static void
syslog_gets_the_line_too(void **state)
{
	(void)state;
	audit_write(fixture_file("audit.log"), 0, 1, &ev);
	assert_int_equal(priority, LOG_AUTHPRIV | LOG_INFO);
	assert_non_null(strstr(said, "carnet: {\"at\":"));
	assert_non_null(strstr(said, "\"event\":\"token\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN(an_event_is_one_line_of_json, fixture_dir),
		TEST_IN(the_trail_stays_within_its_size, fixture_dir),
		TEST_IN(strangers_push_out_strangers_alone, fixture_dir),
		TEST_IN(a_size_of_0_is_no_file, fixture_dir),
		TEST_IN(a_trail_that_cannot_be_written_is_logged, fixture_dir),
		TEST_IN(syslog_gets_the_line_too, fixture_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
