/* sync.c: a commit is on disk before it is answered. */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "db.h"

#define WAIT_MS 20    /* then see whether the leader died */
#define WAITS_MAX 100 /* 2 seconds: the leader makes no progress */

/*
 * Group commit.  With synchronous = FULL SQLite syncs its log while it has the
 * write lock, so writers wait for each other's disk.  Here a writer commits
 * without a sync, gives the lock back, and has the log synced before its commit
 * returns.  One sync serves all who committed before it began, in whatever
 * process.  A power cut leaves a whole number of commits in the log, because
 * the checksum of each frame continues that of the last one.  No commit that
 * was answered is beyond their end.  (NORMAL, which goes with this, still syncs
 * the log before a checkpoint and the database after it.)
 *
 * The processes agree by a file beside the database that all of them map:
 * DATABASE-sync.  The process that has its lock leads: it raises turn to an odd
 * number, syncs, raises turn to the next even number, and wakes those who wait.
 * The kernel frees the lock of a leader that dies, and its sync does not count.
 * An old value of turn does no harm: only its changes after a commit count.
 */
struct sync {
	struct shared *shared;	/* mapped; or own */
	struct shared own;	/* where there can be no file */
	int fd;			/* of the file; -1: none */
	int log_fd;		/* of the log, in a plain CGI; -1: none */
	int waits_max;
	int is_crowded;		/* others committed at the same time, last time */
};

/*
 * SQLite's first sync of a log in a process syncs the directory too.  Here that
 * is not needed: it was done when the log was made, as its header is synced
 * before a frame is written.
 */
static int
sync_log(struct store *st)
{
	sqlite3_file *log = NULL;
	int rc;

	if (st->own->sync->log_fd >= 0)
		return fdatasync(st->own->sync->log_fd) == 0 ? SQLITE_OK
							: SQLITE_IOERR_FSYNC;
	rc = sqlite3_file_control(
	    st->own->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	if (rc != SQLITE_OK || log == NULL || log->pMethods == NULL)
		return rc;
	return log->pMethods->xSync(
	    log, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

/*
 * After a sync that failed the kernel may have dropped what it could not write,
 * and the next sync may succeed.  Then frames are missing in the middle of the
 * log, and a power cut would take all frames after them.  So no process
 * promises anything until the database has everything and the log begins anew.
 */
static int
begin_anew(struct store *st)
{
	int rc;

	st->own->sync->shared->is_torn = 1;
	log_event("database: the log could not be synced to disk; look at the"
		  " disk");
	rc = sqlite3_wal_checkpoint_v2(
	    st->own->handle, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sync_log(st);
	if (rc != SQLITE_OK)
		return SQLITE_IOERR_FSYNC;
	st->own->sync->shared->is_torn = 0;
	return SQLITE_OK;
}

static int
sync_or_begin_anew(struct store *st)
{
	if (!st->own->sync->shared->is_torn && sync_log(st) == SQLITE_OK)
		return SQLITE_OK;
	return begin_anew(st);
}

/* A lock of the open file, not of the process: closing the file frees it. */
static int
lock(const struct sync *sy, short type)
{
	struct flock fl = { .l_type = type, .l_whence = SEEK_SET, .l_len = 1 };

	return sy->fd < 0 || fcntl(sy->fd, F_OFD_SETLK, &fl) == 0;
}

static void
wait_for_turn(struct shared *sh, uint32_t seen)
{
	const struct timespec t = { .tv_nsec = WAIT_MS * 1000000L };

	(void)syscall(SYS_futex, &sh->turn, FUTEX_WAIT, seen, &t, NULL, 0);
}

/* The lock is ours; crowded: others may be about to commit. */
static int
lead(struct store *st, int crowded)
{
	struct sync *sy = st->own->sync;
	/* Odd already: the last leader died at it. */
	const uint32_t begun = sy->shared->turn | 1;
	int rc;

	/*
	 * Let others run first: one that commits now is served by this sync too.
	 * Where no other writes, the processor would only go to other work.
	 */
	if (crowded)
		(void)sched_yield();
	sy->shared->turn = begun;
	rc = sync_or_begin_anew(st);
	/* A sync that failed is no turn: it must not serve those who wait. */
	sy->shared->turn = rc == SQLITE_OK ? begun + 1 : begun - 1;
	(void)lock(sy, F_UNLCK);
	(void)syscall(SYS_futex, &sy->shared->turn, FUTEX_WAKE, INT32_MAX, NULL,
	    NULL, 0);
	return rc;
}

/*
 * Return SQLITE_OK when a sync that began after this call has succeeded, else
 * an error.  A sync that is under way may not have seen the last commit: the
 * next one counts.  (turn wraps round, so differences are compared.)
 */
static int
sync_together(struct store *st)
{
	struct sync *sy = st->own->sync;
	struct shared *sh = sy->shared;
	uint32_t seen = sh->turn;
	const uint32_t enough = seen + (seen % 2 == 0 ? 2 : 3);
	const int was_crowded = sy->is_crowded;

	sy->is_crowded = seen % 2 != 0;
	for (int waits = 0; (int32_t)(seen - enough) < 0; seen = sh->turn) {
		if (lock(sy, F_WRLCK)) {
			if ((int32_t)(sh->turn - enough) < 0)
				return lead(
				    st, was_crowded || sy->is_crowded);
			(void)lock(sy, F_UNLCK);
		} else if (waits++ < sy->waits_max) {
			sy->is_crowded = 1;
			wait_for_turn(sh, seen);
		} else {
			/* Always right: only the work is not shared. */
			return sync_or_begin_anew(st);
		}
	}
	return SQLITE_OK;
}

void *
db_map(const char *path, int flags, size_t size, int *fd)
{
	static const char none[sizeof(struct shared)];
	struct stat sb;
	void *p;

	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600);
	if (*fd < 0)
		return NULL;
	/* Written, not only made longer: a page that the disk has no room for would
	 * kill this process.  A file of an older version is shorter. */
	if (fstat(*fd, &sb) == 0 &&
	    (sb.st_size >= (off_t)size ||
		pwrite(*fd, none, size - (size_t)sb.st_size, sb.st_size) ==
		    (ssize_t)size - sb.st_size)) {
		p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
		if (p != MAP_FAILED)
			return p;
	}
	close(*fd);
	*fd = -1;
	return NULL;
}

/* Made at the first commit: a process that only reads needs none of it. */
static struct sync *
get(struct store *st)
{
	struct sync *sy = st->own->sync;
	char path[PATH_MAX];
	void *p = NULL;

	if (sy != NULL)
		return sy;
	if ((sy = calloc(1, sizeof(*sy))) == NULL)
		err(111, "store");
	sy->shared = &sy->own;
	sy->waits_max = WAITS_MAX;
	sy->fd = sy->log_fd = -1;
	if (st->serves_one &&
	    snprintf(path, sizeof(path), "%s" DB_LOG, st->database) <
		(int)sizeof(path))
		sy->log_fd = open(path, O_RDWR | O_CLOEXEC);
	if (snprintf(path, sizeof(path), "%s" DB_SYNC, st->database) <
	    (int)sizeof(path))
		p = db_map(path, 0, sizeof(*sy->shared), &sy->fd);
	if (p != NULL)
		sy->shared = p;
	return st->own->sync = sy;
}

struct shared *
db_shared(struct store *st)
{
	return get(st)->shared;
}

void
db_sync_alone(struct store *st)
{
	get(st)->waits_max = 0;
}

void
db_sync_doubt(struct store *st)
{
	get(st)->shared->is_torn = 1;
}

int
db_sync(struct store *st)
{
	(void)get(st);
	return sync_together(st);
}

void
db_sync_end(struct db *db)
{
	struct sync *sy = db->sync;

	if (sy == NULL)
		return;
	if (sy->fd >= 0) {
		munmap(sy->shared, sizeof(*sy->shared));
		close(sy->fd);
	}
	if (sy->log_fd >= 0)
		close(sy->log_fd);
	free(sy);
}
