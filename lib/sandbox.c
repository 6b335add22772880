/* sandbox.c: what a program gives up once it serves. */
#include "sandbox.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
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

/* The leak checker of the sanitizers starts a process of its own. */
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

static const unsigned refused[] = {
	SYS_execve, SYS_execveat, SYS_clone, SYS_clone3,
#ifdef SYS_fork
	SYS_fork, SYS_vfork,
#endif
	SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev,
	SYS_pidfd_getfd, SYS_kcmp, SYS_perf_event_open, SYS_bpf,
	SYS_userfaultfd, SYS_io_uring_setup, SYS_keyctl, SYS_add_key,
	SYS_request_key, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot,
	SYS_setns, SYS_unshare, SYS_init_module, SYS_finit_module,
	SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_swapon,
	SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_setuid,
	SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid,
	SYS_listen, SYS_bind,
};
#define N_REFUSED (sizeof(refused) / sizeof(refused[0]))

#define LOAD(member) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
	    (unsigned)offsetof(struct seccomp_data, member))
#define JUMP(how, value, yes, no) \
	BPF_JUMP(BPF_JMP | (how) | BPF_K, (unsigned)(value), yes, no)
#define END(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define REFUSE (SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA))

#define LEAF 4 /* refused calls that are looked at one by one */

static int
by_number(const void *a, const void *b)
{
	const unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

/*
 * The n numbers, in order, as a search by halves; the end of the code.  The kernel
 * runs a new filter once for each call there is: one by one, that was half a
 * plain CGI's cost of it.
 */
static struct sock_filter *
search(struct sock_filter *c, const unsigned *number, size_t n)
{
	struct sock_filter *fork, *right;

	if (n > LEAF) {
		fork = c;
		right = search(c + 1, number, n / 2);
		*fork = (struct sock_filter)JUMP(BPF_JGE, number[n / 2],
		    (unsigned char)(right - fork - 1), 0);
		return search(right, number + n / 2, n - n / 2);
	}
	for (size_t i = 0; i < n; i++)
		*c++ = (struct sock_filter)JUMP(
		    BPF_JEQ, number[i], (unsigned char)(n - i), 0);
	*c++ = (struct sock_filter)END(SECCOMP_RET_ALLOW);
	*c++ = (struct sock_filter)END(REFUSE);
	return c;
}

/* Of the domain the low half counts, which is the first on both processors. */
int
sandbox_enter(void)
{
	struct sock_filter code[4 * N_REFUSED + 16], *c = code;
	struct sock_fprog program = { .filter = code };
	unsigned number[N_REFUSED];

	memcpy(number, refused, sizeof(number));
	qsort(number, N_REFUSED, sizeof(number[0]), by_number);
	*c++ = (struct sock_filter)LOAD(arch);
	*c++ = (struct sock_filter)JUMP(BPF_JEQ, ARCH, 1, 0);
	*c++ = (struct sock_filter)END(REFUSE);
	*c++ = (struct sock_filter)LOAD(nr);
	*c++ = (struct sock_filter)JUMP(BPF_JGE, OTHER_ABI, 0, 1);
	*c++ = (struct sock_filter)END(REFUSE);
	*c++ = (struct sock_filter)JUMP(BPF_JEQ, SYS_socket, 0, 4);
	*c++ = (struct sock_filter)LOAD(args[0]);
	*c++ = (struct sock_filter)JUMP(BPF_JEQ, AF_UNIX, 0, 1);
	*c++ = (struct sock_filter)END(SECCOMP_RET_ALLOW);
	*c++ = (struct sock_filter)END(REFUSE);
	c = search(c, number, N_REFUSED);
	program.len = (unsigned short)(c - code);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

#else

int
sandbox_enter(void)
{
	return 0;
}

#endif
