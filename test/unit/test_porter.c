/* test_porter.c: one file is opened for a process that may not read beside it. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
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

/* What a sandboxed process may not do itself; and it gets no file. */
static void
one_of_a_socket_connects_to_it_alone(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct stat sb;
	char status[4096], byte = 'x';
	int s, fd, door;
	size_t n;
	FILE *f;

	(void)state;
	porter_end(porter);
	assert_true(wait(NULL) > 0);
	door = porter = porter_start_peer(path);
	assert_true(door >= 0);
	assert_int_equal(porter_open(door), -1);
	assert_int_equal(errno, ENOENT);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s, 4), 0);
	assert_true((fd = porter_open(door)) >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_not_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fstat(fd, &sb), 0);
	assert_true(S_ISSOCK(sb.st_mode));
	assert_int_equal(write(fd, &byte, 1), 1);
	close(fd);
	assert_true((fd = accept(s, NULL, NULL)) >= 0);
	byte = 0;
	assert_int_equal(read(fd, &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(fd);
	close(s);
	/* A file in its place is not opened. */
	assert_int_equal(unlink(path), 0);
	put("a file");
	assert_int_equal(porter_open(door), -1);
	assert_int_equal(errno, ECONNREFUSED);
	f = fopen(arena_printf(fx.a, "/proc/%d/status", (int)child()), "r");
	assert_non_null(f);
	n = fread(status, 1, sizeof(status) - 1, f);
	status[n] = '\0';
	fclose(f);
#if !defined(__SANITIZE_ADDRESS__)
	assert_non_null(strstr(status, "Seccomp:\t2"));
#endif
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
		    one_of_a_socket_connects_to_it_alone, setup, end),
		cmocka_unit_test_setup_teardown(
		    a_signal_to_all_does_not_end_it, setup, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
