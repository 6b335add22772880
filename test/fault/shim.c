/*
 * shim.c: faults, preloaded between a program and the C library.
 *
 * FAULT_FAIL=KIND:N   the N-th call of KIND fails: write, sync or malloc
 * FAULT_FULL=FILE     while FILE is there, no write finds room (ENOSPC)
 * FAULT_CLOCK=FILE    the clock is off by the seconds that FILE holds
 * FAULT_COUNT=FILE    at exit FILE gets how many calls there were of each kind
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum kind { WRITE, SYNC, MALLOC, KINDS };
static const char *const names[KINDS] = { "write", "sync", "malloc" };
static long count[KINDS], fail_at[KINDS];
static const char *full, *clock_file, *count_file;
static int is_ready;

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

__attribute__((constructor(101))) static void
begin(void)
{
	const char *fail = getenv("FAULT_FAIL");

	full = getenv("FAULT_FULL");
	clock_file = getenv("FAULT_CLOCK");
	count_file = getenv("FAULT_COUNT");
	for (int i = 0; fail != NULL && i < KINDS; i++)
		if (strncmp(fail, names[i], strlen(names[i])) == 0)
			fail_at[i] = atol(fail + strlen(names[i]) + 1);
	is_ready = 1;
}

__attribute__((destructor)) static void
end(void)
{
	FILE *f;

	is_ready = 0;
	if (count_file == NULL || (f = fopen(count_file, "w")) == NULL)
		return;
	for (int i = 0; i < KINDS; i++)
		fprintf(f, "%s %ld\n", names[i], count[i]);
	fclose(f);
}

static int
fails(enum kind k, int err)
{
	struct stat sb;

	if (!is_ready)
		return 0;
	if (++count[k] == fail_at[k] ||
	    (k == WRITE && full != NULL && stat(full, &sb) == 0)) {
		errno = err;
		return 1;
	}
	return 0;
}

/* Files alone: neither sockets nor pipes nor what is standard. */
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
