/* checkpoint.c: the write-ahead log is copied, and begins anew. */
#include <time.h>

#include "db.h"

#define CHECKPOINT_PAGES 1000
#define ONCE_PAGES 64 /* who opens a log reads all of it */
#define OVERDUE 4     /* times as many: nobody had the leisure */
#define BEHIND 8      /* one part in so many: a reader who will soon be done */

/* How often one looks whether a lock is free: about 5 seconds, and 10 ms. */
#define TRIES_MAX 2500
#define TRIES_FEW 36

/*
 * First without a lock, while others go on to write.  What they added meanwhile
 * is little: that is done with the write lock held, so that the next writer
 * begins the log anew.  Without this it would never end under a steady load, and
 * a log that grows has its size synced too, at each commit.
 *
 * A reader that stays (a backup) keeps the log from beginning anew for as long.
 * It is not waited for: the lock is held for some milliseconds at most, and then
 * not again before as much has been written once more.
 */
static void
checkpoint(struct store *st)
{
	struct db *db = st->own;
	int pages = 0, done = 0, rc;

	rc = sqlite3_wal_checkpoint_v2(
	    db->handle, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &done);
	if (rc == SQLITE_OK && pages >= db->checkpoint_pages &&
	    pages - done <= db->checkpoint_pages / BEHIND) {
		db->tries_max = TRIES_FEW;
		rc = sqlite3_wal_checkpoint_v2(
		    db->handle, "main", db->begin_again, NULL, NULL);
		db->tries_max = TRIES_MAX;
	}
	/* The engine has been told of a lost write, and nobody else will be. */
	if ((rc & 0xff) == SQLITE_IOERR)
		db_sync_doubt(st);
	db_ledger_checkpoint(st);
	db->checkpoint_at = db->log_pages + db->checkpoint_pages;
	db->log_pages = 0;
}

/* The engine calls this behind each commit; an error becomes the commit's. */
static int
after_commit(void *ctx, sqlite3 *handle, const char *schema, int pages)
{
	struct store *st = ctx;
	struct db *db = st->own;
	int rc = SQLITE_OK;

	(void)handle;
	(void)schema;
	if (st->is_full)
		rc = db_sync(st);
	db->was_synced = 1;
	if (pages < db->log_top) /* it has begun anew */
		db->checkpoint_at = db->checkpoint_pages;
	db->log_top = pages;
	db->log_pages = pages;
	if (rc == SQLITE_OK && pages >= OVERDUE * db->checkpoint_at)
		checkpoint(st);
	return rc;
}

/*
 * The lock is held for some tens of microseconds, so a short sleep will do; the
 * engine's own handler soon sleeps for 25 ms and more, and who comes later gets
 * the lock.
 */
static int
wait_for_lock(void *ctx, int tries)
{
	const struct store *st = ctx;
	const long us = tries < 20 ? 100 : tries < 100 ? 500 : 2000;
	const struct timespec t = { .tv_nsec = us * 1000 };

	if (tries > st->own->tries_max)
		return 0;
	nanosleep(&t, NULL);
	return 1;
}

int
db_checkpoint_begin(struct store *st)
{
	struct db *db = st->own;

	db->checkpoint_pages = db->checkpoint_at = CHECKPOINT_PAGES;
	db->begin_again = SQLITE_CHECKPOINT_RESTART;
	db->tries_max = TRIES_MAX;
	sqlite3_wal_hook(db->handle, after_commit, st);
	return sqlite3_busy_handler(db->handle, wait_for_lock, st);
}

void
db_serve_one(struct store *st)
{
	struct db *db = st->own;

	/* Not needed: without it a request is slower. */
	(void)sqlite3_db_config(
	    db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	db->checkpoint_pages = db->checkpoint_at = ONCE_PAGES;
	/* That the log begins anew is in memory, which goes with the last. */
	db->begin_again = SQLITE_CHECKPOINT_TRUNCATE;
}

void
db_idle(struct store *st)
{
	if (st->own->log_pages >= st->own->checkpoint_at)
		checkpoint(st);
}
