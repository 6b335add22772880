/* slot.c: a limited number of places that processes share. */
#include "slot.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define RETRY_MS 5

/* 1: locked; 0: another process has it; -1: the file cannot be locked. */
static int
lock_byte(int fd, int i)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
		.l_start = i, .l_len = 1 };

	if (fcntl(fd, F_OFD_SETLK, &l) == 0)
		return 1;
	return errno == EAGAIN || errno == EACCES ? 0 : -1;
}

static int
try_all(int fd, int from, int n)
{
	int got = 0, first = (int)(getpid() % n);

	for (int i = 0; i < n && got == 0; i++)
		got = lock_byte(fd, from + (first + i) % n);
	return got;
}

int
slot_take(const char *path, int from, int n, int wait_ms)
{
	const struct timespec t = { .tv_nsec = RETRY_MS * 1000000L };
	int fd, got;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		log_event("%s: %s; until it can be opened, any number of"
			  " passwords is hashed at a time%s", path,
		    strerror(errno), log_cure(errno));
		return SLOT_BROKEN;
	}
	while ((got = try_all(fd, from, n)) == 0 && wait_ms > 0) {
		nanosleep(&t, NULL);
		wait_ms -= RETRY_MS;
	}
	if (got == 1)
		return fd;
	if (got < 0)
		log_event("%s: lock: %s", path, strerror(errno));
	close(fd);
	return got < 0 ? SLOT_BROKEN : SLOT_NONE;
}

void
slot_free(int slot)
{
	if (slot >= 0)
		close(slot);
}

int
slot_default(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set)
							    : 1;
}
