/* keys_lock.c: the lock of a directory of keys. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "keys_int.h"
#include "log.h"

#define WAIT_MS 60000 /* a large RSA key takes long to make */
#define RETRY_MS 20

/* Is the directory at dir the one that fd is? */
static int
is_there(int fd, const char *dir)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && stat(dir, &there) == 0 &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/*
 * Try to lock the directory.  Some file systems cannot lock one: go on without a
 * lock.  Return 1; 0 if another process has the lock, or if somebody replaced the
 * directory in the meantime.
 */
static int
try_lock(int fd, const char *dir)
{
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 &&
	    (errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	return is_there(fd, dir);
}

int
keys_lock_within(const char *dir, int wait_ms)
{
	const struct timespec t = { .tv_nsec = RETRY_MS * 1000000L };
	int fd;

	for (int ms = 0;; ms += RETRY_MS) {
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0) {
			log_event("%s: %s", dir, strerror(errno));
			return -1;
		}
		if (try_lock(fd, dir))
			return fd;
		keys_unlock(fd);
		if (ms >= wait_ms)
			break;
		nanosleep(&t, NULL);
	}
	log_event("%s: another command has it locked, for more than %d s: nothing"
		  " was changed; wait until that command ends, or end it",
	    dir, wait_ms / 1000);
	return -1;
}

int
keys_lock(const char *dir)
{
	return keys_lock_within(dir, WAIT_MS);
}

void
keys_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}
