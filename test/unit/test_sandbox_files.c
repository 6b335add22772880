/* test_sandbox_files.c: which files a program can open once it serves. */
#include "inside.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

/* Two directories, and a file that is in neither of them. */
static char mine[] = "/tmp/carnet-unit-XXXXXX";
static char theirs[] = "/tmp/carnet-read-XXXXXX";
static char outside[] = "/tmp/carnet-file-XXXXXX";

static int
enter_files(void)
{
	const struct sandbox_place places[] = {
		{ .path = mine, .writes = 1 }, { .path = theirs },
	};

	return sandbox_files(places, sizeof(places) / sizeof(places[0]));
}

static int
inside_files(int (*attempt)(void))
{
	return inside_of("Landlock", enter_files, attempt);
}

static const char *
in(const char *dir, const char *name)
{
	static char path[2][64];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static int
is_barred(long rc)
{
	return rc == -1 && errno == EACCES ? 0 : 1;
}

static int
open_what_lies_elsewhere(void)
{
	return is_barred(open(outside, O_RDONLY)) ||
	    is_barred(open("/etc/passwd", O_RDONLY)) ||
	    is_barred(open(outside, O_WRONLY)) || is_barred(unlink(outside)) ||
	    is_barred(open("/tmp", O_RDONLY | O_DIRECTORY)) ||
	    is_barred(open("/tmp/carnet-new", O_WRONLY | O_CREAT, 0600)) ||
	    is_barred(open(in(mine, "link"), O_RDONLY));
}

static int
write_where_it_may_read(void)
{
	int fd = open(in(theirs, "a"), O_RDONLY);

	return fd < 0 || is_barred(open(in(theirs, "a"), O_WRONLY)) ||
	    is_barred(open(in(theirs, "b"), O_WRONLY | O_CREAT, 0600)) ||
	    is_barred(unlink(in(theirs, "a")));
}

/* It can make neither links nor directories nor pipes. */
static int
make_what_is_no_file(void)
{
	return is_barred(symlink("/etc", in(mine, "s"))) ||
	    is_barred(mkdir(in(mine, "d"), 0700)) ||
	    is_barred(mkfifo(in(mine, "f"), 0600));
}

/* The database, its log and the audit trail are written in these ways. */
static int
write_ones_own(void)
{
	int fd = open(in(mine, "a"), O_RDWR | O_CREAT, 0600);

	return fd < 0 || write(fd, "x", 1) != 1 || ftruncate(fd, 0) != 0 ||
	    rename(in(mine, "a"), in(mine, "b")) != 0 ||
	    unlink(in(mine, "b")) != 0 ||
	    open(mine, O_RDONLY | O_DIRECTORY) < 0 ||
	    open("/dev/urandom", O_RDONLY) < 0;
}

static void
no_other_file_is_opened(void **state)
{
	(void)state;
	assert_int_equal(inside_files( open_what_lies_elsewhere), 0);
	assert_int_equal(inside_files( write_where_it_may_read), 0);
	assert_int_equal(inside_files( make_what_is_no_file), 0);
	assert_int_equal(inside_files( write_ones_own), 0);
}

/* Else it could not open a file that is made there later. */
static void
a_place_that_is_not_there_changes_nothing(void **state)
{
	const struct sandbox_place places[] = {
		{ .path = mine }, { .path = "/tmp/carnet-unit-is-not-there" },
	};
	int rc;

	(void)state;
	if ((rc = sandbox_files(places, 2)) == 0) {
		print_message("no Landlock here\n");
		skip();
	}
	assert_int_equal(rc, -1);
	assert_int_equal(errno, ENOENT);
	assert_true(open(outside, O_RDONLY) >= 0);
	assert_true(open("/etc/passwd", O_RDONLY) >= 0);
}

static int abstract = -1; /* a listening socket, and its name */
static struct sockaddr_un name_of = { .sun_family = AF_UNIX };

static int
reach_others(void)
{
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	if (is_refused(connect(s, (struct sockaddr *)&name_of,
		sizeof(sa_family_t) + 12)))
		return 1;
	return is_refused(kill(getppid(), SIGURG)) ? 2 : kill(getpid(), 0);
}

/* Version 6 of Landlock; SIGURG does nothing. */
static void
others_get_no_signal_and_no_connection(void **state)
{
	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 6) {
		print_message("no scopes here\n");
		skip();
	}
	snprintf(name_of.sun_path + 1, 12, "c%010d", (int)getpid());
	abstract = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(abstract, (struct sockaddr *)&name_of,
			     sizeof(sa_family_t) + 12), 0);
	assert_int_equal(listen(abstract, 1), 0);
	assert_int_equal(inside_files( reach_others), 0);
	close(abstract);
}

static int
make_places(void **state)
{
	int fd;

	(void)state;
	if (mkdtemp(mine) == NULL || mkdtemp(theirs) == NULL ||
	    mkstemp(outside) < 0 || symlink(outside, in(mine, "link")) != 0 ||
	    (fd = open(in(theirs, "a"), O_WRONLY | O_CREAT, 0600)) < 0)
		return -1;
	return close(fd);
}

static int
remove_places(void **state)
{
	(void)state;
	unlink(in(mine, "link"));
	unlink(in(theirs, "a"));
	unlink(outside);
	return rmdir(mine) | rmdir(theirs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_other_file_is_opened),
		cmocka_unit_test(a_place_that_is_not_there_changes_nothing),
		cmocka_unit_test(others_get_no_signal_and_no_connection),
	};

	return cmocka_run_group_tests(tests, make_places, remove_places);
}
