/* test_sandbox.c: what a program gives up once it serves. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox.h"

#define NO_SANDBOX 77

/* Two directories, and a file that is in neither. */
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

/* What is tried in a process of its own, inside; 0: it went as it should. */
static int
inside_of(int (*go_in)(void), int (*attempt)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (go_in() != 1)
			_exit(NO_SANDBOX);
		_exit(attempt());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_SANDBOX) {
		print_message("no %s here\n",
		    go_in == enter_files ? "Landlock" : "seccomp");
		skip();
	}
	return WEXITSTATUS(status);
}

static int
enter(void)
{
	return sandbox_enter(0);
}

static int
enter_with_sockets(void)
{
	return sandbox_enter(1);
}

static int
inside(int (*attempt)(void))
{
	return inside_of(enter, attempt);
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
open_a_local_socket(void)
{
	int pair[2];

	return is_refused(socket(AF_UNIX, SOCK_STREAM, 0)) ||
	    is_refused(socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) ||
	    is_refused(connect(0, NULL, 0));
}

/* The parent is alive, and of this user. */
static int
send_a_signal(void)
{
	return is_refused(kill(getppid(), 0)) || is_refused(kill(0, 0)) ||
	    is_refused(syscall(SYS_tgkill, getppid(), getppid(), 0)) ||
	    is_refused(syscall(SYS_tkill, getppid(), 0)) ||
	    is_refused(syscall(
		SYS_rt_sigqueueinfo, getppid(), SIGTERM, NULL)) ||
	    is_refused(syscall(SYS_pidfd_open, getppid(), 0)) ||
	    syscall(SYS_tgkill, getpid(), gettid(), 0) != 0;
}

static int
bring_code(void)
{
	const size_t len = 4096;
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ||
	    is_refused(mprotect(p, len, PROT_READ | PROT_EXEC)) ||
	    mprotect(p, len, PROT_READ) != 0 ||
	    is_refused((long)mmap(NULL, len, PROT_READ | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) ||
	    is_refused(syscall(SYS_memfd_create, "x", 0));
}

static int
become_visible(void)
{
	const struct rlimit none = { 0, 0 };

	return is_refused(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)) ||
	    is_refused(prctl(PR_SET_PTRACER, getppid(), 0, 0, 0)) ||
	    is_refused(prlimit(getppid(), RLIMIT_NOFILE, &none, NULL)) ||
	    prlimit(0, RLIMIT_NOFILE, NULL, NULL) != 0;
}

/* RET_KILL_PROCESS: an old call number of 32 bits, x32 on this processor. */
static int
use_another_abi(void)
{
#if defined(__x86_64__)
	syscall(0x40000000 | SYS_getpid);
	return 1;
#else
	raise(SIGSYS);
	return 1;
#endif
}

/* Memory, time, waiting, one's own end: as libraries need them. */
static int
go_on(void)
{
	struct timespec t = { 0, 1000 };
	struct pollfd p = { .fd = -1 };
	uint8_t chance[16];
	char *big = malloc(8 << 20);
	fd_set none;

	FD_ZERO(&none);
	if (big == NULL || (big = realloc(big, 32 << 20)) == NULL)
		return 1;
	free(big);
	if (getrandom(chance, sizeof(chance), 0) != sizeof(chance) ||
	    clock_gettime(CLOCK_REALTIME, &t) != 0 || time(NULL) == 0)
		return 2;
	t = (struct timespec) { 0, 1000 };
	if (nanosleep(&t, NULL) != 0 || poll(&p, 1, 1) != 0 ||
	    select(0, &none, NULL, NULL, &(struct timeval) { 0, 10 }) != 0)
		return 3;
	return sysconf(_SC_PHYS_PAGES) <= 0 || sysconf(_SC_OPEN_MAX) <= 0
	    ? 4
	    : 0;
}

static int
look_into_others(void)
{
	return is_refused(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)) ||
	    is_refused(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL,
		0, 0));
}

/* Files, and syslog's socket; no other. */
static int
do_what_is_needed(void)
{
	char path[] = "/tmp/carnet-unit-XXXXXX";
	int fd = mkstemp(path), s = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un nobody = { .sun_family = AF_UNIX,
		.sun_path = "/tmp/carnet-is-not-there" };

	if (connect(s, (struct sockaddr *)&nobody, sizeof(nobody)) != -1 ||
	    errno != ENOENT)
		return 2;

	if (fd < 0 || s < 0 || write(fd, "x", 1) != 1 || fsync(fd) != 0 ||
	    unlink(path) != 0 || close(fd) != 0 || close(s) != 0)
		return 1;
	return open("/dev/null", O_RDONLY) < 0;
}

static void *
yield(void *ctx)
{
	*(int *)ctx = setpriority(PRIO_PROCESS, 0, 10) != 0;
	return NULL;
}

/* A thread, which yields the processor; not by a call whose flags cannot be seen. */
static int
start_a_thread(void)
{
	pthread_t id;
	int failed = 1;

	if (pthread_create(&id, NULL, yield, &failed) != 0 ||
	    pthread_join(id, NULL) != 0 || failed)
		return 1;
	if (syscall(SYS_clone3, NULL, 0) != -1 || errno != ENOSYS)
		return 2;
	return 0;
}

static int
slow_others_down(void)
{
	return setpriority(PRIO_PROCESS, (id_t)getppid(), 10) != -1 ||
	    errno != EPERM;
}

/* Each call on the list, whatever its number; none of these does harm. */
static int
make_a_call_that_is_refused(void)
{
	static const long calls[] = { SYS_bpf, SYS_userfaultfd,
		SYS_io_uring_setup, SYS_keyctl, SYS_add_key, SYS_request_key,
		SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns,
		SYS_unshare, SYS_init_module, SYS_finit_module,
		SYS_delete_module, SYS_swapon, SYS_settimeofday,
		SYS_clock_settime, SYS_adjtimex, SYS_setuid, SYS_setgid,
		SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid,
		SYS_listen, SYS_bind, SYS_ptrace, SYS_execve, SYS_execveat,
		SYS_clone, SYS_kill, SYS_tkill, SYS_socketpair,
		SYS_pidfd_send_signal, SYS_setns, SYS_personality, SYS_syslog,
		SYS_inotify_init1, SYS_name_to_handle_at, SYS_open_by_handle_at,
		SYS_mkdirat, SYS_symlinkat, SYS_linkat, SYS_mknodat,
		SYS_fchmodat, SYS_fchownat, SYS_setxattr, SYS_ioctl, SYS_seccomp,
		SYS_shmget, SYS_msgget, SYS_mq_open, SYS_timer_create,
		SYS_sched_setaffinity, SYS_setsid, SYS_setgroups,
		SYS_quotactl, SYS_swapoff, SYS_reboot, SYS_kexec_load, SYS_acct,
		SYS_fanotify_init, SYS_memfd_create, SYS_mlockall, SYS_kcmp,
		SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_getfd,
		SYS_perf_event_open };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (syscall(calls[i], 0, 0, 0, 0, 0, 0) != -1 || errno != EPERM)
			return (int)i + 1;
	return 0;
}

static void
what_is_never_done_is_refused(void **state)
{
	(void)state;
	assert_int_equal(inside(make_a_call_that_is_refused), 0);
	assert_int_equal(inside(start_a_program), 0);
	assert_int_equal(inside(start_a_process), 0);
	assert_int_equal(inside(open_a_network_socket), 0);
	assert_int_equal(inside(open_a_local_socket), 0);
	assert_int_equal(inside_of(enter_with_sockets, open_a_network_socket), 0);
	assert_int_equal(inside(look_into_others), 0);
	assert_int_equal(inside(send_a_signal), 0);
	assert_int_equal(inside(slow_others_down), 0);
	assert_int_equal(inside(bring_code), 0);
	assert_int_equal(inside(become_visible), 0);
}

#define NO_SANDBOX 77

static void
a_call_of_another_kind_ends_it(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0) {
		if (enter() != 1)
			_exit(NO_SANDBOX);
		_exit(use_another_abi());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SANDBOX)
		skip(); /* built with sanitizers, or no seccomp here */
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static void
what_is_needed_goes_on(void **state)
{
	(void)state;
	assert_int_equal(inside_of(enter_with_sockets, do_what_is_needed), 0);
	assert_int_equal(inside(go_on), 0);
	assert_int_equal(inside(start_a_thread), 0);
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

/* No program, no link, no directory. */
static int
make_what_is_no_file(void)
{
	return is_barred(symlink("/etc", in(mine, "s"))) ||
	    is_barred(mkdir(in(mine, "d"), 0700)) ||
	    is_barred(mkfifo(in(mine, "f"), 0600));
}

/* As the database, its log and the audit trail are. */
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
	assert_int_equal(inside_of(enter_files, open_what_lies_elsewhere), 0);
	assert_int_equal(inside_of(enter_files, write_where_it_may_read), 0);
	assert_int_equal(inside_of(enter_files, make_what_is_no_file), 0);
	assert_int_equal(inside_of(enter_files, write_ones_own), 0);
}

/* Else it would be shut out of what is made there later. */
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

static int abstract = -1; /* a socket that listens, and its name */
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
	assert_int_equal(inside_of(enter_files, reach_others), 0);
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
		cmocka_unit_test(a_call_of_another_kind_ends_it),
		cmocka_unit_test(what_is_needed_goes_on),
		cmocka_unit_test(others_get_no_signal_and_no_connection),
		cmocka_unit_test(no_other_file_is_opened),
		cmocka_unit_test(a_place_that_is_not_there_changes_nothing),
		cmocka_unit_test(there_is_no_core_dump),
	};

	return cmocka_run_group_tests(tests, make_places, remove_places);
}
