/* store_sync.c: a commit is on disk before it is answered. */
#include <time.h>

#include "log.h"
#include "store_int.h"

#define CHECKPOINT_PAGES 1000
#define ONCE_PAGES 64	   /* who opens a log reads all of it */
#define OVERDUE 4	   /* times as many: nobody had the leisure */

/*
 * Group commit.  With synchronous = FULL the engine syncs its log while it holds
 * the write lock, so that writers wait for each other's disk.  Here each commits
 * unsynced, lets the lock go, and syncs the log itself before store_commit
 * returns: the syncs of several processes overlap, and one serves all who wrote
 * before it.  What a power cut leaves of the log is a whole number of commits, as
 * each frame's checksum continues the last one's, and none that was answered is
 * behind the end.  (NORMAL, which goes with this, still syncs the log before a
 * checkpoint and the database after it.)
 */
static int
sync_log(sqlite3 *db, const char *schema)
{
	sqlite3_file *log = NULL;
	int rc;

	rc = sqlite3_file_control(
	    db, schema, SQLITE_FCNTL_JOURNAL_POINTER, &log);
	if (rc != SQLITE_OK || log == NULL || log->pMethods == NULL)
		return rc;
	return log->pMethods->xSync(
	    log, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

/*
 * A sync failed: the kernel may have dropped what it could not write, and say
 * that the next sync is well.  Then frames are missing in the middle of the log,
 * and all behind them would go with a power cut.  So nothing is promised until
 * the database has everything and the log begins anew.
 */
static int
begin_anew(struct store *st, const char *schema)
{
	int rc;

	log_event("database: the log could not be synced to disk; look at the"
		  " disk");
	rc = sqlite3_wal_checkpoint_v2(
	    st->db, schema, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sync_log(st->db, schema);
	st->is_torn = rc != SQLITE_OK;
	return rc == SQLITE_OK ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

/*
 * First without a lock, while others go on to write.  What they added meanwhile
 * is little: that is done with the write lock held, so that the next writer
 * begins the log anew.  Without this it would never end under a steady load, and
 * a log that grows has its size synced too, at each commit.
 */
static void
checkpoint(struct store *st, const char *schema)
{
	int pages = 0, done = 0, rc;

	st->log_pages = 0;
	rc = sqlite3_wal_checkpoint_v2(
	    st->db, schema, SQLITE_CHECKPOINT_PASSIVE, &pages, &done);
	/* If others are at it, or read: another time. */
	if (rc == SQLITE_OK && pages >= st->checkpoint_pages)
		(void)sqlite3_wal_checkpoint_v2(
		    st->db, schema, st->begin_again, NULL, NULL);
}

/* The engine calls this behind each commit; an error becomes the commit's. */
static int
after_commit(void *ctx, sqlite3 *db, const char *schema, int pages)
{
	struct store *st = ctx;
	int rc = SQLITE_OK;

	if (st->is_full && (st->is_torn || sync_log(db, schema) != SQLITE_OK))
		rc = begin_anew(st, schema);
	st->log_pages = pages;
	if (rc == SQLITE_OK && pages >= OVERDUE * st->checkpoint_pages)
		checkpoint(st, schema);
	return rc;
}

/*
 * The lock is held for some tens of microseconds, so a short sleep will do; the
 * engine's own handler soon sleeps for 25 ms and more, and who comes later gets
 * the lock.  About 5 seconds in all.
 */
static int
wait_for_lock(void *ctx, int tries)
{
	const long us = tries < 20 ? 100 : tries < 100 ? 500 : 2000;
	const struct timespec t = { .tv_nsec = us * 1000 };

	(void)ctx;
	if (tries > 2500)
		return 0;
	nanosleep(&t, NULL);
	return 1;
}

int
store_sync_begin(struct store *st, int full)
{
	st->is_full = full;
	st->checkpoint_pages = CHECKPOINT_PAGES;
	st->begin_again = SQLITE_CHECKPOINT_RESTART;
	sqlite3_wal_hook(st->db, after_commit, st);
	return sqlite3_busy_handler(st->db, wait_for_lock, NULL);
}

void
store_once(struct store *st)
{
	/* Not needed: without it a request is slower. */
	(void)sqlite3_db_config(
	    st->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	st->checkpoint_pages = ONCE_PAGES;
	/* That the log begins anew is in memory, which goes with the last. */
	st->begin_again = SQLITE_CHECKPOINT_TRUNCATE;
}

void
store_rest(struct store *st)
{
	if (st->log_pages >= st->checkpoint_pages)
		checkpoint(st, "main");
}
