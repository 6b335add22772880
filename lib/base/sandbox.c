/* sandbox.c: the system calls that a program may use while it serves. */
#include "sandbox.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
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
#define N_GUARDED 18
#define UNIX_BIT 1 /* of the families that are used, AF_UNIX alone has it */

/*
 * Only the low 32 bits of an argument are compared: the kernel uses no more of
 * these.  They come first in memory on both processors.
 */
static size_t
guarded_calls(struct guarded *g, int sockets)
{
	const unsigned self = (unsigned)getpid();
	const struct guarded all[] = {
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
	};
	/* syslog(3) */
	const struct guarded local[] = {
		{ SYS_socket, 0, EQUAL, AF_UNIX },
		{ SYS_connect, 2, NONE_OF, 0 },
	};
	/* libcurl, and the names that libc looks up for it in a thread. */
	const struct guarded network[] = {
		{ SYS_socket, 0, NONE_OF,
		    sockets & SANDBOX_LOCAL ? 0 : UNIX_BIT },
		{ SYS_connect, 2, NONE_OF, 0 },
		{ SYS_bind, 2, NONE_OF, 0 },
		{ SYS_socketpair, 0, EQUAL, AF_UNIX },
		{ SYS_sendmmsg, 0, NONE_OF, 0 },
		{ SYS_eventfd2, 0, NONE_OF, 0 },
		{ SYS_pipe2, 0, NONE_OF, 0 },
		{ SYS_ioctl, 1, EQUAL, FIONREAD },
	};
	size_t n = sizeof(all) / sizeof(all[0]);

	memcpy(g, all, sizeof(all));
	if (sockets & SANDBOX_NETWORK) {
		memcpy(g + n, network, sizeof(network));
		n += sizeof(network) / sizeof(network[0]);
	} else if (sockets & SANDBOX_LOCAL) {
		memcpy(g + n, local, sizeof(local));
		n += sizeof(local) / sizeof(local[0]);
	}
	return n;
}

#define JUMP(how, value) BPF_JUMP(BPF_JMP | (how) | BPF_K, (unsigned)(value), 0, 0)
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(offset))
#define END(action) BPF_STMT(BPF_RET | BPF_K, (action))

/* The answer for each call number from this one up to the next step's. */
struct step {
	unsigned from;
	const struct guarded *g; /* compare an argument; if NULL: */
	int is_allowed;
};

#define N_CALLS 512 /* the numbers of all calls are below */
#define N_STEPS (2 * (N_ALLOWED + N_GUARDED) + 1)
#define N_CODE (N_STEPS + N_GUARDED + 8)

/*
 * The filter is written from its end to its start, as jumps go forward alone.
 * All answers share the three ends: the kernel compiles a filter for each start
 * of a plain CGI program, and that takes time by its length.
 */
struct code {
	struct sock_filter all[N_CODE], *start;
	struct sock_filter *allow, *refuse, *absent, *kill;
	int is_too_far; /* a jump is longer than a filter can say */
};

/* Put one instruction before the others.  Return it. */
static struct sock_filter *
put(struct code *c, struct sock_filter what)
{
	*--c->start = what;
	return c->start;
}

/* The same with a jump: to yes if the comparison holds, else to no. */
static struct sock_filter *
put_jump(struct code *c, struct sock_filter what,
    const struct sock_filter *yes, const struct sock_filter *no)
{
	const ptrdiff_t to_yes = yes - c->start, to_no = no - c->start;

	if (to_yes > UINT8_MAX || to_no > UINT8_MAX)
		c->is_too_far = 1;
	what.jt = (unsigned char)to_yes;
	what.jf = (unsigned char)to_no;
	return put(c, what);
}

/* Neighbours with the same answer become one step.  Return how many steps. */
static size_t
make_steps(struct step *s, const struct guarded *g, size_t n_guarded)
{
	const struct guarded *guard[N_CALLS] = { NULL };
	unsigned char is_allowed[N_CALLS] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < N_ALLOWED; i++)
		is_allowed[allowed[i]] = 1;
	for (size_t i = 0; i < n_guarded; i++)
		guard[g[i].nr] = &g[i];
	for (unsigned nr = 0; nr < N_CALLS; nr++)
		if (n == 0 || guard[nr] != NULL || s[n - 1].g != NULL ||
		    s[n - 1].is_allowed != is_allowed[nr])
			s[n++] = (struct step) { nr, guard[nr],
				is_allowed[nr] };
	return n;
}

/* Return where the code of a step's answer starts. */
static const struct sock_filter *
answer(struct code *c, const struct step *s)
{
	const struct guarded *g = s->g;
	const struct sock_filter *yes = c->allow, *no = c->refuse;

	if (g == NULL)
		return s->is_allowed ? c->allow : c->refuse;
	if (g->how == ABSENT)
		return c->absent;
	if (g->how == NONE_OF)
		yes = c->refuse, no = c->allow;
	put_jump(c,
	    (struct sock_filter)JUMP(
		g->how == EQUAL ? BPF_JEQ : BPF_JSET, g->value),
	    yes, no);
	return put(c, (struct sock_filter)LOAD(
		offsetof(struct seccomp_data, args) +
		g->argument * sizeof(uint64_t)));
}

/*
 * A binary search over the n steps.  Return where its code starts.  The kernel
 * runs a new filter one time for each call number there is.
 */
static const struct sock_filter *
search(struct code *c, const struct step *s, size_t n)
{
	const struct sock_filter *right, *left;

	if (n == 1)
		return answer(c, s);
	right = search(c, s + n / 2, n - n / 2);
	left = search(c, s, n / 2);
	return put_jump(c,
	    (struct sock_filter)JUMP(BPF_JGE, s[n / 2].from), right, left);
}

static void
compile(struct code *c, int sockets)
{
	struct guarded g[N_GUARDED];
	struct step s[N_STEPS];
	const struct sock_filter *known;

	c->start = c->all + N_CODE;
	c->is_too_far = 0;
	c->allow = put(c, (struct sock_filter)END(SECCOMP_RET_ALLOW));
	c->refuse = put(c, (struct sock_filter)END(SECCOMP_RET_ERRNO | EPERM));
	c->absent = put(c, (struct sock_filter)END(SECCOMP_RET_ERRNO | ENOSYS));
	c->kill = put(c, (struct sock_filter)END(SECCOMP_RET_KILL_PROCESS));
	known = search(c, s, make_steps(s, g, guarded_calls(g, sockets)));
	put_jump(c, (struct sock_filter)JUMP(BPF_JGE, OTHER_ABI), c->kill, known);
	known = put(c, (struct sock_filter)LOAD(
		offsetof(struct seccomp_data, nr)));
	put_jump(c, (struct sock_filter)JUMP(BPF_JEQ, ARCH), known, c->kill);
	put(c, (struct sock_filter)LOAD(offsetof(struct seccomp_data, arch)));
}

int
sandbox_enter(int sockets)
{
	struct code c;
	struct sock_fprog program;

	compile(&c, sockets);
	program.filter = c.start;
	program.len = (unsigned short)(c.all + N_CODE - c.start);
	return !c.is_too_far && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

#else

int
sandbox_enter(int sockets)
{
	(void)sockets;
	return 0;
}

#endif
