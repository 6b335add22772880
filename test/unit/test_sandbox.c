/* test_sandbox.c: what a program gives up once it serves. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

#define NO_SANDBOX 77

/* What is tried in a process of its own, inside; 0: it went as it should. */
static int
inside(int (*attempt)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (!sandbox_enter())
			_exit(NO_SANDBOX);
		_exit(attempt());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_SANDBOX) {
		print_message("no seccomp here\n");
		skip();
	}
	return WEXITSTATUS(status);
}

static int
is_refused(long rc)
{
	return rc == -1 && errno == EPERM ? 0 : 1;
}

static int
start_a_program(void)
{
	char *const args[] = { NULL, NULL };

	return is_refused(execve("/bin/true", args, args));
}

static int
start_a_process(void)
{
	return is_refused(fork());
}

static int
open_a_network_socket(void)
{
	return is_refused(socket(AF_INET, SOCK_STREAM, 0)) ||
	    is_refused(socket(AF_INET6, SOCK_DGRAM, 0)) ||
	    is_refused(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int
look_into_others(void)
{
	return is_refused(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)) ||
	    is_refused(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL,
		0, 0));
}

/* Files, and syslog's socket. */
static int
do_what_is_needed(void)
{
	char path[] = "/tmp/carnet-unit-XXXXXX";
	int fd = mkstemp(path), s = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (fd < 0 || s < 0 || write(fd, "x", 1) != 1 || fsync(fd) != 0 ||
	    unlink(path) != 0 || close(fd) != 0 || close(s) != 0)
		return 1;
	return open("/dev/null", O_RDONLY) < 0;
}

static void
what_is_never_done_is_refused(void **state)
{
	(void)state;
	assert_int_equal(inside(start_a_program), 0);
	assert_int_equal(inside(start_a_process), 0);
	assert_int_equal(inside(open_a_network_socket), 0);
	assert_int_equal(inside(look_into_others), 0);
}

static void
what_is_needed_goes_on(void **state)
{
	(void)state;
	assert_int_equal(inside(do_what_is_needed), 0);
}

static void
there_is_no_core_dump(void **state)
{
	struct rlimit r;
	int status;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0) {
		sandbox_quiet();
		_exit(getrlimit(RLIMIT_CORE, &r) != 0 || r.rlim_cur != 0 ||
		    r.rlim_max != 0 || prctl(PR_GET_DUMPABLE) != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_never_done_is_refused),
		cmocka_unit_test(what_is_needed_goes_on),
		cmocka_unit_test(there_is_no_core_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
