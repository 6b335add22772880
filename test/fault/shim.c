/*
 * shim.c: faults, preloaded between a program and the C library.
 *
 * FAULT_STATE=FILE    of each kind (write, sync, malloc) FILE holds which call is
 *                     to fail, and how many there were: two 64-bit numbers,
 *                     shared with whoever maps or writes FILE, at any time
 * FAULT_TRACE=FILE    on a crash FILE gets the objects of the stack, innermost
 *                     first
 * FAULT_FULL=FILE     while FILE is there, no write finds room (ENOSPC)
 * FAULT_CLOCK=FILE    the clock is off by the seconds that FILE holds
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum kind { WRITE, SYNC, MALLOC, KINDS };
struct state {
	int64_t fail_at, count;
};
static struct state none[KINDS], *state = none;
static const char *full, *clock_file;
static int trace_fd = -1, is_ready;

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static void
on_crash(int sig)
{
	void *frame[64];
	int n = backtrace(frame, 64);
	Dl_info at;

	for (int i = 1; i < n; i++)
		if (dladdr(frame[i], &at) != 0 && at.dli_fname != NULL) {
			syscall(SYS_write, trace_fd, at.dli_fname,
			    strlen(at.dli_fname));
			syscall(SYS_write, trace_fd, "\n", 1);
		}
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
trace_to(const char *path)
{
	void *frame[1];

	trace_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	backtrace(frame, 1); /* it loads what it needs, while there is memory */
	signal(SIGSEGV, on_crash);
	signal(SIGABRT, on_crash);
	signal(SIGBUS, on_crash);
}

__attribute__((constructor(101))) static void
begin(void)
{
	const char *path;
	int fd;

	full = getenv("FAULT_FULL");
	clock_file = getenv("FAULT_CLOCK");
	if ((path = getenv("FAULT_TRACE")) != NULL)
		trace_to(path);
	if ((path = getenv("FAULT_STATE")) != NULL) {
		fd = open(path, O_RDWR | O_CLOEXEC);
		state = mmap(NULL, sizeof(none), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
		close(fd);
		if (state == MAP_FAILED)
			_exit(99);
	}
	is_ready = 1;
}

__attribute__((destructor)) static void
end(void)
{
	is_ready = 0;
}

static int
fails(enum kind k, int err)
{
	struct stat sb;

	if (!is_ready)
		return 0;
	if (++state[k].count == state[k].fail_at ||
	    (k == WRITE && full != NULL && stat(full, &sb) == 0)) {
		errno = err;
		return 1;
	}
	return 0;
}

/* Only files: no sockets, no pipes, no standard input or output. */
static int
no_room(int fd)
{
	struct stat sb;

	return fd > 2 && fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    fails(WRITE, ENOSPC);
}

#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))

ssize_t
write(int fd, const void *p, size_t n)
{
	return no_room(fd) ? -1
			   : NEXT(ssize_t(*)(int, const void *, size_t),
				 "write")(fd, p, n);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	return no_room(fd) ? -1
			   : NEXT(ssize_t(*)(int, const void *, size_t, off_t),
				 "pwrite")(fd, p, n, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return no_room(fd)
	    ? -1
	    : NEXT(ssize_t(*)(int, const void *, size_t, off64_t),
		  "pwrite64")(fd, p, n, at);
}

int
fsync(int fd)
{
	return fails(SYNC, EIO) ? -1 : NEXT(int (*)(int), "fsync")(fd);
}

int
fdatasync(int fd)
{
	return fails(SYNC, EIO) ? -1 : NEXT(int (*)(int), "fdatasync")(fd);
}

void *
malloc(size_t n)
{
	return fails(MALLOC, ENOMEM) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails(MALLOC, ENOMEM) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return fails(MALLOC, ENOMEM) ? NULL : __libc_realloc(p, n);
}

static long
offset(void)
{
	char text[32] = "";
	ssize_t n;
	int fd;

	if (clock_file == NULL || (fd = open(clock_file, O_RDONLY)) < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 ? atol(text) : 0;
}

int
clock_gettime(clockid_t id, struct timespec *t)
{
	int rc = NEXT(int (*)(clockid_t, struct timespec *),
	    "clock_gettime")(id, t);

	if (id == CLOCK_REALTIME)
		t->tv_sec += offset();
	return rc;
}

time_t
time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec t;

	(void)tz;
	clock_gettime(CLOCK_REALTIME, &t);
	tv->tv_sec = t.tv_sec;
	tv->tv_usec = t.tv_nsec / 1000;
	return 0;
}
