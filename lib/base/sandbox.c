/* sandbox.c: the system calls that a program may use while it serves. */
#include "sandbox.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define OTHER_ABI 0x40000000 /* x32: the same calls under other numbers */
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#define OTHER_ABI 0xffffffff
#endif

/* The leak checker of the sanitizers starts a process. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

void
sandbox_quiet(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

#if defined(ARCH) && !defined(IS_SANITIZED)

/*
 * The calls that are allowed with any arguments.  All others fail with EPERM
 * and do not end the program: a library may try a call and have another way, or
 * make it on a rare path.  Only an attacker makes a call through another ABI
 * (32 bits, x32), and that ends the program.
 */
static const unsigned short allowed[] = {
	/* Memory. */
	SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_futex, SYS_msync,
	SYS_membarrier,
	/* Files. */
	SYS_openat, SYS_openat2, SYS_close, SYS_read, SYS_write, SYS_readv,
	SYS_writev, SYS_pread64, SYS_pwrite64, SYS_lseek, SYS_fstat,
	SYS_newfstatat, SYS_statx, SYS_fstatfs, SYS_statfs, SYS_faccessat,
	SYS_faccessat2, SYS_readlinkat, SYS_unlinkat, SYS_renameat,
	SYS_renameat2, SYS_getdents64, SYS_getcwd, SYS_fcntl, SYS_flock,
	SYS_fsync, SYS_fdatasync, SYS_ftruncate, SYS_fallocate, SYS_fchmod,
	SYS_fchown, SYS_utimensat, SYS_umask, SYS_dup, SYS_dup3, SYS_fadvise64,
#ifdef SYS_open
	SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_unlink,
	SYS_rename, SYS_dup2,
#endif
	/* Connections that were accepted. */
	SYS_accept, SYS_accept4, SYS_recvfrom, SYS_recvmsg, SYS_sendto,
	SYS_sendmsg, SYS_shutdown, SYS_getsockname, SYS_getpeername,
	SYS_getsockopt, SYS_setsockopt, SYS_ppoll, SYS_pselect6,
#ifdef SYS_poll
	SYS_poll, SYS_select, SYS_epoll_wait,
#endif
	SYS_epoll_pwait, SYS_epoll_ctl,
	/* Time, random bytes, this process. */
	SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep,
	SYS_nanosleep, SYS_gettimeofday, SYS_times, SYS_setitimer,
	SYS_getitimer, SYS_getrandom, SYS_getpid, SYS_getppid, SYS_gettid,
	SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getrusage,
	SYS_sysinfo, SYS_uname, SYS_sched_getaffinity, SYS_sched_yield,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
	SYS_sigaltstack, SYS_restart_syscall, SYS_exit, SYS_exit_group,
	SYS_set_robust_list, SYS_rseq,
#ifdef SYS_time
	SYS_time, SYS_alarm, SYS_pause,
#endif
	/* Landlock: it can only take more rights away. */
	SYS_landlock_create_ruleset, SYS_landlock_add_rule,
	SYS_landlock_restrict_self,
};
#define N_ALLOWED (sizeof(allowed) / sizeof(allowed[0]))

/* Calls that are allowed only if an argument fits. */
enum {
	EQUAL,	  /* it is value */
	NONE_OF,  /* it has no bit of value */
	ANY_OF,	  /* it has a bit of value */
	ABSENT,	  /* never: ENOSYS, as if the kernel did not have the call */
};
struct guarded {
	unsigned nr;
	unsigned argument;
	int how;
	unsigned value;
};
#define N_GUARDED 10

/*
 * Only the low 32 bits of an argument are compared: the kernel uses no more of
 * these.  They come first in memory on both processors.
 */
static size_t
guarded_calls(struct guarded *g, int local_sockets)
{
	const unsigned self = (unsigned)getpid();
	const struct guarded all[N_GUARDED] = {
		/* No new code. */
		{ SYS_mmap, 2, NONE_OF, PROT_EXEC },
		{ SYS_mprotect, 2, NONE_OF, PROT_EXEC },
		/* abort(3) signals this process; no other may be signalled. */
		{ SYS_tgkill, 0, EQUAL, self },
		/* A thread, which has the same sandbox, but no process. */
		{ SYS_clone, 0, ANY_OF, CLONE_THREAD },
		/* A filter cannot read the flags of clone3; libc uses clone. */
		{ SYS_clone3, 0, ABSENT, 0 },
		/* The hashing thread lowers its own priority. */
		{ SYS_setpriority, 1, EQUAL, 0 },
		/* Limits of this process, not of another. */
		{ SYS_prlimit64, 0, EQUAL, 0 },
		{ SYS_prctl, 0, EQUAL, PR_SET_NO_NEW_PRIVS },
		/* syslog(3) */
		{ SYS_socket, 0, EQUAL, AF_UNIX },
		{ SYS_connect, 2, NONE_OF, 0 },
	};
	const size_t n = local_sockets ? N_GUARDED : N_GUARDED - 2;

	memcpy(g, all, n * sizeof(*g));
	return n;
}

#define LOAD(member) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
	    (unsigned)offsetof(struct seccomp_data, member))
#define JUMP(how, value, yes, no) \
	BPF_JUMP(BPF_JMP | (how) | BPF_K, (unsigned)(value), yes, no)
#define END(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define REFUSE (SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA))
#define NOT_HERE (SECCOMP_RET_ERRNO | (ENOSYS & SECCOMP_RET_DATA))

/* The answer for each call number from this one up to the next step's. */
struct step {
	unsigned from;
	const struct guarded *g; /* compare an argument; if NULL: */
	int is_allowed;
};

static int
by_number(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* Neighbours with the same answer become one step.  Return how many steps. */
static size_t
make_steps(struct step *s, const struct guarded *g, size_t n_guarded)
{
	struct step call[N_ALLOWED + N_GUARDED];
	size_t n = 0, n_calls = 0;

	for (size_t i = 0; i < N_ALLOWED; i++)
		call[n_calls++] =
		    (struct step) { .from = allowed[i], .is_allowed = 1 };
	for (size_t i = 0; i < n_guarded; i++)
		call[n_calls++] = (struct step) { .from = g[i].nr, .g = &g[i] };
	qsort(call, n_calls, sizeof(call[0]), by_number);
	s[n++] = (struct step) { .from = 0 };
	for (size_t i = 0; i < n_calls; i++) {
		if (s[n - 1].from == call[i].from)
			n--; /* the refusal before it would be empty */
		if (n == 0 || s[n - 1].g != NULL || call[i].g != NULL ||
		    !s[n - 1].is_allowed)
			s[n++] = call[i];
		s[n++] = (struct step) { .from = call[i].from + 1 };
	}
	return n;
}

/* Write the code of a step's answer to c; return the end of the code. */
static struct sock_filter *
answer(struct sock_filter *c, const struct step *s)
{
	if (s->g == NULL) {
		*c++ = (struct sock_filter)END(
		    s->is_allowed ? SECCOMP_RET_ALLOW : REFUSE);
		return c;
	}
	if (s->g->how == ABSENT) {
		*c++ = (struct sock_filter)END(NOT_HERE);
		return c;
	}
	*c++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	    (unsigned)(offsetof(struct seccomp_data, args) +
		s->g->argument * sizeof(uint64_t)));
	*c++ = s->g->how == EQUAL
	    ? (struct sock_filter)JUMP(BPF_JEQ, s->g->value, 0, 1)
	    : (struct sock_filter)JUMP(BPF_JSET, s->g->value,
		  s->g->how == NONE_OF, s->g->how == ANY_OF);
	*c++ = (struct sock_filter)END(SECCOMP_RET_ALLOW);
	*c++ = (struct sock_filter)END(REFUSE);
	return c;
}

/*
 * Write a binary search over the n steps to c; return the end of the code.  The
 * kernel runs a new filter one time for each call number there is.  With a
 * linear search, that was half of what the filter cost a plain CGI program.
 */
static struct sock_filter *
search(struct sock_filter *c, const struct step *s, size_t n)
{
	struct sock_filter *fork = c, *right;

	if (n == 1)
		return answer(c, s);
	right = search(c + 1, s, n / 2);
	*fork = (struct sock_filter)JUMP(
	    BPF_JGE, s[n / 2].from, (unsigned char)(right - fork - 1), 0);
	return search(right, s + n / 2, n - n / 2);
}

#define N_STEPS (2 * (N_ALLOWED + N_GUARDED) + 1)

int
sandbox_enter(int local_sockets)
{
	struct sock_filter code[2 * N_STEPS + 4 * N_GUARDED + 8], *c = code;
	struct sock_fprog program = { .filter = code };
	struct guarded g[N_GUARDED];
	struct step s[N_STEPS];
	size_t n;

	n = make_steps(s, g, guarded_calls(g, local_sockets));
	*c++ = (struct sock_filter)LOAD(arch);
	*c++ = (struct sock_filter)JUMP(BPF_JEQ, ARCH, 1, 0);
	*c++ = (struct sock_filter)END(SECCOMP_RET_KILL_PROCESS);
	*c++ = (struct sock_filter)LOAD(nr);
	*c++ = (struct sock_filter)JUMP(BPF_JGE, OTHER_ABI, 0, 1);
	*c++ = (struct sock_filter)END(SECCOMP_RET_KILL_PROCESS);
	c = search(c, s, n);
	program.len = (unsigned short)(c - code);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

#else

int
sandbox_enter(int local_sockets)
{
	(void)local_sockets;
	return 0;
}

#endif
