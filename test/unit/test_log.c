/* test_log.c: one line for each event, whatever the event has in it. */
#include "unit.h"

#include <unistd.h>

#include "log.h"

static char line[4096];
static int lines;

static void
keep(void *ctx, const char *text)
{
	assert_ptr_equal(ctx, &lines);
	assert_true(strlen(text) < sizeof(line));
	memcpy(line, text, strlen(text) + 1);
	lines++;
}

static int
setup(void **state)
{
	(void)state;
	lines = 0;
	log_to(keep, &lines);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	log_to(NULL, NULL);
	log_request(NULL);
	return 0;
}

static void
an_event_is_one_line_with_the_name_of_the_program(void **state)
{
	(void)state;
	log_event("%s has %d", "a thing", 3);
	assert_int_equal(lines, 1);
	assert_string_equal(line, "carnet: a thing has 3");
}

static void
a_line_names_its_request(void **state)
{
	(void)state;
	log_request("abc123");
	log_event("x");
	assert_string_equal(line, "carnet: request=abc123 x");
	log_request(NULL);
	log_event("x");
	assert_string_equal(line, "carnet: x");
}

/*
 * A line break from a client would forge a line of the log.  Terminals obey
 * U+009B and U+202E too.
 */
static void
what_is_not_ascii_becomes_question_marks(void **state)
{
	char want[] = "carnet: <?>";

	(void)state;
	for (int c = 1; c < 256; c++) {
		want[9] = (char)(c < 0x20 || c >= 0x7f ? '?' : c);
		log_event("<%c>", c);
		assert_string_equal(line, want);
	}
	log_event("a\r\ncarnet: request=x forged\x1b[2J");
	assert_string_equal(line, "carnet: a??carnet: request=x forged?[2J");
	log_request("a\nb");
	log_event("x");
	assert_string_equal(line, "carnet: request=a?b x");
}

static void
a_line_too_long_is_cut(void **state)
{
	char text[3000];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_event("%s", text);
	assert_int_equal(lines, 1);
	assert_int_equal(strlen(line), 1023);
	assert_memory_equal(line, "carnet: xxx", 11);
	log_request("0123456789abcdef");
	log_event("%s", text);
	assert_int_equal(strlen(line), 1023);
	/* A line of the longest size is whole. */
	log_request(NULL);
	text[1023 - strlen("carnet: ")] = '\0';
	log_event("%s", text);
	assert_string_equal(line + 8, text);
}

static void
lines_go_to_standard_error_by_default(void **state)
{
	int out[2], saved = dup(STDERR_FILENO);
	char got[64] = "";

	(void)state;
	assert_int_equal(pipe(out), 0);
	dup2(out[1], STDERR_FILENO);
	log_to(NULL, NULL);
	log_event("hello");
	dup2(saved, STDERR_FILENO);
	close(out[1]);
	assert_int_equal(read(out[0], got, sizeof(got) - 1), 14);
	close(out[0]);
	close(saved);
	assert_string_equal(got, "carnet: hello\n");
	assert_int_equal(lines, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_is_one_line_with_the_name_of_the_program),
		TEST(a_line_names_its_request),
		TEST(what_is_not_ascii_becomes_question_marks),
		TEST(a_line_too_long_is_cut),
		TEST(lines_go_to_standard_error_by_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
