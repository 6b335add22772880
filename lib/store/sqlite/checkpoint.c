/* checkpoint.c: the write-ahead log is copied, and begins anew. */
#include <time.h>

#include "db.h"

#define CHECKPOINT_PAGES 1000
#define ONE_PAGES 64 /* in plain CGI, where each process reads the whole log */
#define OVERDUE 4    /* times as many pages: no process was idle */
#define BEHIND 8     /* a reader that is behind by less will soon be done */

/* How often a lock is tried: for about 5 seconds, and for 10 ms. */
#define TRIES_MAX 2500
#define TRIES_FEW 36

/*
 * The first pass takes no lock, and others go on writing.  The second pass
 * copies the little that they added meanwhile.  It has the write lock, so the
 * next writer begins the log anew.  Without that the log would grow for ever
 * under a steady load, and each commit would sync its new size too.
 *
 * A long reader (a backup) keeps the log from beginning anew until it ends.
 * The second pass does not wait for it: it has the lock for some milliseconds
 * at most, and is tried again when as many pages were written once more.
 */
static void
checkpoint(struct store *st)
{
	struct db *db = st->own;
	int pages = 0, done = 0, is_synced = 0, rc;

	rc = sqlite3_wal_checkpoint_v2(
	    db->handle, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &done);
	if (rc == SQLITE_OK && pages >= db->checkpoint_pages &&
	    pages - done <= db->checkpoint_pages / BEHIND) {
		db->tries_max = TRIES_FEW;
		rc = sqlite3_wal_checkpoint_v2(
		    db->handle, "main", db->begin_again, NULL, NULL);
		db->tries_max = TRIES_MAX;
		is_synced = rc == SQLITE_OK; /* no commit could come meanwhile */
	}
	/* The kernel tells of a lost write once: it was told to SQLite just now. */
	if ((rc & 0xff) == SQLITE_IOERR)
		db_sync_doubt(st);
	db_ledger_checkpoint(st, is_synced);
	db->checkpoint_at = db->log_pages + db->checkpoint_pages;
	db->log_pages = 0;
}

/* SQLite calls this after each commit; an error becomes that of the commit. */
static int
after_commit(void *ctx, sqlite3 *handle, const char *schema, int pages)
{
	struct store *st = ctx;
	struct db *db = st->own;
	int rc = SQLITE_OK;

	(void)handle;
	(void)schema;
	db_changes_end(st); /* others see it by now, and the sync may take long */
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
 * A writer has the lock for some tens of microseconds, so a short sleep is
 * enough.  SQLite's own handler soon sleeps for 25 ms and more, and a writer
 * that comes later gets the lock first.
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

	/* A failure is harmless: the request is slower. */
	(void)sqlite3_db_config(
	    db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	db->checkpoint_pages = db->checkpoint_at = ONE_PAGES;
	/* RESTART notes in shared memory that the log begins anew, and the memory
	 * goes when the last process ends. */
	db->begin_again = SQLITE_CHECKPOINT_TRUNCATE;
}

void
db_idle(struct store *st)
{
	if (st->own->log_pages >= st->own->checkpoint_at)
		checkpoint(st);
}
