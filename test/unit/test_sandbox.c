/* test_sandbox.c: which system calls a program cannot make once it serves. */
#include "inside.h"

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
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>

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
	return inside_of("seccomp", enter, attempt);
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

/* The parent is alive, and has the same user. */
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

/* Memory, time, waiting, and the end of the process, as libraries need them. */
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

/* Files, and the socket of syslog; no other. */
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

/*
 * A thread may start and yield; not by the call whose flags the filter cannot
 * see.
 */
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

/* Each system call of the list, by its number; none of these does harm. */
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

static int
enter_with_the_network(void)
{
	return sandbox_enter(SANDBOX_NETWORK);
}

/* What looks up names and connects; the files are sandbox_files'. */
static int
use_the_network(void)
{
	struct sockaddr_un nobody = { .sun_family = AF_UNIX };
	int s = socket(AF_INET, SOCK_STREAM, 0), pair[2];

	if (s < 0 || socket(AF_INET6, SOCK_DGRAM, 0) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return 1;
	if (connect(s, (struct sockaddr *)&nobody, sizeof(nobody)) != -1 ||
	    errno == EPERM)
		return 2;
	return is_refused(socket(AF_UNIX, SOCK_STREAM, 0));
}

static void
the_network_is_for_who_asks_for_it(void **state)
{
	(void)state;
	assert_int_equal(inside_of("seccomp", enter_with_the_network,
			     use_the_network), 0);
	assert_int_equal(inside_of("seccomp", enter_with_the_network,
			     start_a_program), 0);
	assert_int_equal(inside_of("seccomp", enter_with_the_network,
			     start_a_process), 0);
	assert_int_equal(inside_of("seccomp", enter_with_the_network,
			     bring_code), 0);
	assert_int_equal(inside_of("seccomp", enter_with_the_network,
			     start_a_thread), 0);
	assert_int_equal(inside(open_a_network_socket), 0);
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
	assert_int_equal(inside_of("seccomp", enter_with_sockets, open_a_network_socket), 0);
	assert_int_equal(inside(look_into_others), 0);
	assert_int_equal(inside(send_a_signal), 0);
	assert_int_equal(inside(slow_others_down), 0);
	assert_int_equal(inside(bring_code), 0);
	assert_int_equal(inside(become_visible), 0);
}

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
		skip(); /* sanitizers, or no seccomp here */
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static void
what_is_needed_goes_on(void **state)
{
	(void)state;
	assert_int_equal(inside_of("seccomp", enter_with_sockets, do_what_is_needed), 0);
	assert_int_equal(inside(go_on), 0);
	assert_int_equal(inside(start_a_thread), 0);
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
		cmocka_unit_test(the_network_is_for_who_asks_for_it),
		cmocka_unit_test(a_call_of_another_kind_ends_it),
		cmocka_unit_test(what_is_needed_goes_on),
		cmocka_unit_test(there_is_no_core_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
