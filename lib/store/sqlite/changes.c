/*
 * changes.c: the file DATABASE-changes, which store_changes.h explains.
 *
 * Writers commit one after the other: the write lock is held from begun to the
 * commit.  So when the commit with a number is over, all those with a lower number
 * are over too, even if their process was killed.
 *
 * It is not in the file DATABASE-sync.  A web server may read it, and who has a
 * file open to read can lock it against others, as sync.c locks its own.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "db.h"
#include "log.h"

#define REMEMBERED_S 1 /* the longest that an answer is remembered */

static int
path_of(const struct store *st, char path[static PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s" DB_CHANGES, st->database) <
	    PATH_MAX;
}

/* Made when it is needed: most processes change nothing of this. */
static struct changes *
get(struct store *st)
{
	struct db *db = st->own;
	char path[PATH_MAX];
	struct stat sb = { .st_ino = 0 };
	int fd;

	if (db->changes != NULL || !path_of(st, path))
		return db->changes;
	db->changes = db_map(path, O_NOFOLLOW, sizeof(*db->changes), &fd);
	if (db->changes == NULL)
		return NULL;
	(void)fstat(fd, &sb);
	db->changes_dev = sb.st_dev;
	db->changes_ino = sb.st_ino;
	close(fd);
	return db->changes;
}

void
db_changes_begin(struct store *st)
{
	struct db *db = st->own;

	if (st->guarded && get(st) != NULL)
		db->change = ++db->changes->begun;
	else
		db->change = db->changes == NULL ? 0 : db->changes->begun;
}

void
db_changes_end(struct store *st)
{
	struct db *db = st->own;

	if (db->change != 0)
		db_raise_to(&db->changes->ended, db->change);
	db->change = 0;
}

void
db_changes_wait(struct store *st)
{
	const struct timespec t = { .tv_sec = REMEMBERED_S };

	if (!st->guarded || st->own->changes != NULL)
		return;
	log_event("%s" DB_CHANGES ": it cannot be written: an answer that takes"
		  " something back waits for a second", st->database);
	(void)nanosleep(&t, NULL);
}

static int
is_mapped(const struct db *db, const struct stat *sb)
{
	return sb->st_dev == db->changes_dev && sb->st_ino == db->changes_ino;
}

int
db_changes_are_gone(const struct store *st)
{
	char path[PATH_MAX];
	struct stat sb;

	return st->own->changes != NULL &&
	    !(path_of(st, path) && lstat(path, &sb) == 0 &&
		is_mapped(st->own, &sb));
}

/* Of anybody else, or writable by others, it would count what they like. */
static int
is_ours(const struct db *db, int fd)
{
	struct stat sb;

	return fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    sb.st_uid == geteuid() && (sb.st_mode & 022) == 0 &&
	    is_mapped(db, &sb);
}

int
db_changes_file(struct store *st, struct store_changes *out)
{
	struct db *db = st->own;
	char path[PATH_MAX];
	int fd;

	if (get(st) == NULL || !path_of(st, path))
		return 0;
	if (db->changes_fd == 0) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			return 0;
		if (!is_ours(db, fd)) {
			close(fd);
			return 0;
		}
		db->changes_fd = fd;
	}
	*out = (struct store_changes) { .fd = db->changes_fd,
		.device = db->changes_dev, .number = db->changes_ino };
	return 1;
}

void
db_changes_close(struct db *db)
{
	if (db->changes != NULL)
		munmap(db->changes, sizeof(*db->changes));
	if (db->changes_fd > 0)
		close(db->changes_fd);
}
