/* copy.c: the whole database, copied out and put back. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "db.h"
#include "disk.h"
#include "log.h"

/*
 * A writer waits for 5 seconds (TRIES_MAX in checkpoint.c), and a program
 * checks once a second whether its file is in place.
 */
#define HAND_OVER_MS 7000
#define LOOK_MS 20

/*
 * Every connection locks this byte of DATABASE-shm (WAL-mode File Format 2.3).
 */
#define SHM_IN_USE 128

/* Begin a write transaction at path; 0 if others have the lock for too long. */
static int
lock_out(const char *path, sqlite3 **db)
{
	int rc = sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(
		    *db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(*db, 5000);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(*db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	/* A damaged database cannot be locked, and nobody can write it. */
	return rc != SQLITE_BUSY;
}

/*
 * Copy all pages in one step: of one moment, and no writer makes it begin
 * again.
 */
static int
copy_pages(struct store *st, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", st->own->handle, "main");
	int rc;

	if (b == NULL) {
		log_event("copy: %s", sqlite3_errmsg(to));
		return -1;
	}
	rc = sqlite3_backup_step(b, -1);
	(void)sqlite3_backup_finish(b);
	if (rc != SQLITE_DONE)
		log_event("copy: %s", sqlite3_errstr(rc));
	return rc == SQLITE_DONE ? 0 : -1;
}

/* A copy on its way. */
struct copying {
	sqlite3 *lock;		/* nobody else writes before it is closed */
	sqlite3 *to;
};

/*
 * What was taken back until now is in the copy.  What is taken back from now on
 * is counted, in this second too.
 */
static int
copy_step(struct store *st, void *ctx)
{
	struct copying *c = ctx;
	struct ledger seen;

	if (db_ledger_of(st, &seen) < 0) /* this begins the snapshot */
		return -1;
	db_ledger_copied(st);
	sqlite3_close(c->lock);
	c->lock = NULL;
	return copy_pages(st, c->to);
}

static int
copy_to(struct store *st, const char *path)
{
	struct copying c = { .lock = NULL };
	int rc = -1;

	if (sqlite3_open_v2(path, &c.to, SQLITE_OPEN_READWRITE, NULL) !=
	    SQLITE_OK)
		log_event("%s: %s", path, sqlite3_errmsg(c.to));
	else if (!lock_out(st->database, &c.lock))
		log_event("database %s: another program has it locked",
		    st->database);
	else
		rc = store_read(st, copy_step, &c);
	sqlite3_close(c.lock);
	return sqlite3_close(c.to) == SQLITE_OK ? rc : -1;
}

int
db_copy(struct store *st, const char *path)
{
	int fd, rc;

	if ((fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0) {
		log_event("%s: %s", path, strerror(errno));
		return -1;
	}
	rc = copy_to(st, path);
	if (rc == 0 && (fsync(fd) < 0 || disk_sync_name(path) < 0)) {
		log_event("%s: %s", path, strerror(errno));
		rc = -1;
	}
	close(fd);
	if (rc < 0)
		unlink(path);
	return rc;
}

/*
 * The old database goes first, so that nobody opens it without its log, nor the
 * new one with the log of the old one.  If this process is killed in between
 * there is no database, and it must be restored again.
 */
static int
swap(const char *path, const char *copy)
{
	static const char *const gone[] = { "", DB_LOG, DB_INDEX };
	char name[PATH_MAX];

	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, gone[i]);
		if (unlink(name) < 0 && errno != ENOENT) {
			log_event("%s: %s", name, strerror(errno));
			return -1;
		}
	}
	if (rename(copy, path) < 0 || disk_sync_name(path) < 0) {
		log_event("%s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

/*
 * Does another process still have the old database open?  fd: its shared
 * memory.
 */
static int
is_in_use(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
		.l_start = SHM_IN_USE, .l_len = 1 };

	return fcntl(fd, F_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

static void
hand_over(int shm)
{
	const struct timespec t = { .tv_nsec = LOOK_MS * 1000000L };

	for (int ms = 0; ms < HAND_OVER_MS && is_in_use(shm); ms += LOOK_MS)
		nanosleep(&t, NULL);
}

int
db_replace(const char *path, const char *copy)
{
	char name[PATH_MAX];
	sqlite3 *old = NULL;
	int rc, shm;

	if (access(path, F_OK) == 0 && !lock_out(path, &old)) {
		log_event("database %s: another program has it locked", path);
		sqlite3_close(old);
		return -1;
	}
	/* Closed after old: closing the file gives back our locks on it. */
	snprintf(name, sizeof(name), "%s" DB_INDEX, path);
	shm = open(name, O_RDWR | O_CLOEXEC);
	rc = db_ledger_put_back(path, copy) < 0 ? -1 : swap(path, copy);
	if (rc == 0 && (rc = db_ledger_swapped(path)) < 0)
		log_event("%s" DB_SYNC ": %s", path, strerror(errno));
	if (rc == 0 && shm >= 0)
		hand_over(shm);
	sqlite3_close(old);
	if (shm >= 0)
		close(shm);
	return rc;
}
