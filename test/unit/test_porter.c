/* test_porter.c: one file is opened for a process that may not read beside it. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "porter.h"

static const char *path;
static int porter;

static int
setup(void **state)
{
	if (fixture_dir(state) < 0)
		return -1;
	path = fixture_file("carnet.conf");
	return (porter = porter_start(path)) < 0 ? -1 : 0;
}

static int
end(void **state)
{
	porter_end(porter);
	assert_true(wait(NULL) > 0);
	return fixture_end(state);
}

static void
put(const char *text)
{
	const char *new = fixture_file("new");
	FILE *f = fopen(new, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(new, path), 0);
}

static const char *
got(void)
{
	char text[32] = "";
	int fd = porter_open(porter);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	return arena_str(fx.a, text);
}

static void
it_is_the_file_that_is_there_now(void **state)
{
	(void)state;
	put("first");
	assert_string_equal(got(), "first");
	assert_string_equal(got(), "first");
	put("second");
	assert_string_equal(got(), "second");
}

static void
it_tells_why_not(void **state)
{
	(void)state;
	errno = 0;
	assert_int_equal(porter_open(porter), -1);
	assert_int_equal(errno, ENOENT);
	put("there again");
	assert_string_equal(got(), "there again");
}

/* The only child of this process. */
static pid_t
child(void)
{
	const char *name = arena_printf(
	    fx.a, "/proc/self/task/%d/children", (int)getpid());
	FILE *f = fopen(name, "r");
	int pid = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	fclose(f);
	return pid;
}

static void
one_that_was_killed_opens_nothing(void **state)
{
	(void)state;
	put("first");
	assert_int_equal(kill(child(), SIGKILL), 0);
	assert_int_equal(porter_open(porter), -1);
}

static void
a_signal_to_all_does_not_end_it(void **state)
{
	(void)state;
	put("first");
	assert_string_equal(got(), "first"); /* it waits for questions */
	assert_int_equal(kill(child(), SIGTERM), 0);
	assert_int_equal(kill(child(), SIGHUP), 0);
	assert_string_equal(got(), "first");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    it_is_the_file_that_is_there_now, setup, end),
		cmocka_unit_test_setup_teardown(it_tells_why_not, setup, end),
		cmocka_unit_test_setup_teardown(
		    one_that_was_killed_opens_nothing, setup, end),
		cmocka_unit_test_setup_teardown(
		    a_signal_to_all_does_not_end_it, setup, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
