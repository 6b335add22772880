/* store.c: the connection: open, install, transactions. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "store_int.h"
#include "store_purge.h"

static int
run(struct store *st, enum sql which, const char *what)
{
	sqlite3_stmt *s = store_stmt(st, which);

	return s == NULL || store_run(st, s, what) < 0 ? -1 : 0;
}

int
store_begin(struct store *st)
{
	st->takes_back = 0;
	st->adds = 0;
	return run(st, SQL_BEGIN, "begin");
}

int
store_read_begin(struct store *st)
{
	return run(st, SQL_READ, "read");
}

void
store_read_end(struct store *st)
{
	if (!sqlite3_get_autocommit(st->db))
		run(st, SQL_COMMIT, "read");
}

/*
 * One that changed nothing rests on what it saw, and that may be another's commit
 * of a moment ago, whose sync is under way, or was never begun as its process was
 * killed: a token that was revoked already is answered with 200, too.
 */
int
store_commit(struct store *st)
{
	if (store_ledger_step(st) < 0)
		return -1;
	st->was_synced = 0;
	if (run(st, SQL_COMMIT, "commit") < 0)
		return -1;
	if (!st->was_synced && st->is_full && store_sync(st) != SQLITE_OK)
		return -1;
	store_ledger_end(st);
	return 0;
}

void
store_rollback(struct store *st)
{
	/* A failure may have rolled back already (disk full): nothing to do. */
	if (!sqlite3_get_autocommit(st->db))
		run(st, SQL_ROLLBACK, "rollback");
}

int
store_write(
    struct store *st, int (*step)(struct store *st, void *ctx), void *ctx)
{
	int rc;

	if (store_begin(st) < 0)
		return -1;
	if ((rc = step(st, ctx)) < 0) {
		store_rollback(st);
		return rc;
	}
	if ((st->adds && st->now != 0 && store_purge_turn(st, st->now) < 0) ||
	    store_commit(st) < 0) {
		store_rollback(st);
		return -1;
	}
	return rc;
}

int
store_read(
    struct store *st, int (*step)(struct store *st, void *ctx), void *ctx)
{
	int rc;

	if (store_read_begin(st) < 0)
		return -1;
	rc = step(st, ctx);
	store_read_end(st);
	return rc;
}

void
store_set_now(struct store *st, int64_t now)
{
	st->now = now;
}

#define CACHE_PAGES 16 /* got at once; a token reads ten, and others come singly */

/*
 * Before its first use: there is one thread, nobody asks how much memory is in
 * use, and the cache's pages, which each commit of another process lets go of all
 * at once, do not go through malloc.
 */
static void
configure(void)
{
	static int did;

	if (did++)
		return;
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, CACHE_PAGES);
}

struct store *
store_connect(const char *path, int full, int mode)
{
	struct stat sb;
	struct store *st;

	if (stat(path, &sb) < 0) {
		log_event("database %s: %s; carnet install makes it", path,
		    strerror(errno));
		return NULL;
	}
	if ((st = calloc(1, sizeof(*st))) == NULL ||
	    (st->path = strdup(path)) == NULL)
		err(111, "store");
	st->dev = sb.st_dev;
	st->ino = sb.st_ino;
	configure();
	if (sqlite3_open_v2(path, &st->db, mode | SQLITE_OPEN_NOMUTEX, NULL) !=
		SQLITE_OK ||
	    store_checkpoint_begin(st, full) != SQLITE_OK ||
	    sqlite3_db_config(st->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL) !=
		SQLITE_OK ||
	    sqlite3_exec(st->db,
		"PRAGMA synchronous = NORMAL;"
		"PRAGMA temp_store = MEMORY", /* confine.c: no other files */
		NULL, NULL, NULL) != SQLITE_OK) {
		store_fail(st, path);
		store_close(st);
		return NULL;
	}
	return st;
}

int
store_version(struct store *st)
{
	sqlite3_stmt *s = NULL;
	int v = -1;

	if (sqlite3_prepare_v2(st->db, "PRAGMA user_version", -1, &s, NULL) ==
		SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		v = sqlite3_column_int(s, 0);
	else
		store_fail(st, st->path);
	sqlite3_finalize(s);
	return v;
}

int
store_set_wal(struct store *st)
{
	sqlite3_stmt *s = NULL;
	int is_wal = 0;

	if (sqlite3_prepare_v2(st->db, "PRAGMA journal_mode = WAL", -1, &s,
		NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		is_wal = sqlite3_stricmp(
			     (const char *)sqlite3_column_text(s, 0), "wal") == 0;
	else
		store_fail(st, st->path);
	sqlite3_finalize(s);
	if (!is_wal)
		log_event("database %s: cannot be put into WAL mode; is another"
			  " program at it?", st->path);
	return is_wal ? 0 : -1;
}

/* Only who writes needs the log, and can have the database keep one. */
static struct store *
open_mode(const char *path, int full, int mode)
{
	struct store *st;
	int v;

	if ((st = store_connect(path, full, mode)) == NULL)
		return NULL;
	if ((v = store_version(st)) == SCHEMA_VERSION &&
	    (mode == SQLITE_OPEN_READONLY || store_set_wal(st) == 0))
		return st;
	if (v >= 0 && v != SCHEMA_VERSION)
		log_event("database %s: version %d, this program wants %d; %s",
		    path, v, SCHEMA_VERSION,
		    v < SCHEMA_VERSION ? "carnet install brings it up to date"
				       : "it is newer than this program");
	store_close(st);
	return NULL;
}

struct store *
store_open_put_back(const char *path, int full)
{
	return open_mode(path, full, SQLITE_OPEN_READWRITE);
}

/* Unless it is older than what was answered. */
static struct store *
open_fitting(const char *path, int full, int mode)
{
	struct store *st;

	if (store_ledger_was_overwritten(path))
		return NULL;
	st = open_mode(path, full, mode);
	if (st == NULL || store_ledger_begin(st) == 0)
		return st;
	store_close(st);
	return NULL;
}

struct store *
store_open(const char *path, int full)
{
	return open_fitting(path, full, SQLITE_OPEN_READWRITE);
}

struct store *
store_open_to_read(const char *path)
{
	return open_fitting(path, 0, SQLITE_OPEN_READONLY);
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(st->stmt[i]);
	sqlite3_close(st->db);
	store_sync_end(st);
	store_kept_end(st);
	free(st->path);
	free(st);
}

/* An upgrade under a program of the old version: it does not know what is new. */
static int
is_of_another_version(struct store *st)
{
	const int v = store_version(st);

	return v >= 0 && v != SCHEMA_VERSION;
}

int
store_is_gone(struct store *st)
{
	struct stat sb;

	/* First: what was overwritten is damaged, too, and that cure is another. */
	return store_ledger_begin(st) < 0 || st->is_stuck ||
	    stat(st->path, &sb) < 0 || sb.st_dev != st->dev ||
	    sb.st_ino != st->ino || is_of_another_version(st);
}
