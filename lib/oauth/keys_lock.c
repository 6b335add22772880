/* keys_lock.c: the lock of a directory of keys. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys_int.h"
#include "log.h"

/* Is the directory at dir the one that fd is? */
static int
is_there(int fd, const char *dir)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && stat(dir, &there) == 0 &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

int
keys_lock(const char *dir)
{
	int fd;

	for (;;) {
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0) {
			log_event("%s: %s", dir, strerror(errno));
			return -1;
		}
		/* Some file systems cannot lock a directory: go on without a lock. */
		while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
			continue;
		/* If not, somebody replaced the directory in the meantime: try again. */
		if (is_there(fd, dir))
			return fd;
		keys_unlock(fd);
	}
}

void
keys_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}
