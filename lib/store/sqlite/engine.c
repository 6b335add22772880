/* engine.c: SQLite as an engine of the store. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "db.h"
#include "log.h"
#include "uri.h"

#define CACHE_PAGES 16 /* made at once: a token reads ten */

/* A path; a URI is for another engine. */
static int
takes(const char *database)
{
	return !uri_has_authority(database);
}

/*
 * Before its first use: there is one thread, nobody asks how much memory is in
 * use, and the cache's pages, which each commit of another process lets go of
 * all at once, do not go through malloc.
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

/* Ours from its first byte: the files beside it get its mode from SQLite. */
static int
make_file(const char *path)
{
	const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		log_event("database %s: %s", path, strerror(errno));
		return -1;
	}
	close(fd);
	return 0;
}

static int
note_file(struct store *st)
{
	struct stat sb;

	if (stat(st->database, &sb) < 0) {
		log_event("database %s: %s; carnet install makes it",
		    st->database, strerror(errno));
		return -1;
	}
	st->own->dev = sb.st_dev;
	st->own->ino = sb.st_ino;
	return 0;
}

/* Every connection is set so. */
static int
connect_to(struct store *st, enum opening how)
{
	const int mode = how == OPEN_TO_READ ? SQLITE_OPEN_READONLY
					     : SQLITE_OPEN_READWRITE;
	struct db *db = st->own;

	configure();
	if (sqlite3_open_v2(st->database, &db->handle,
		mode | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
	    db_checkpoint_begin(st) != SQLITE_OK ||
	    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1,
		NULL) != SQLITE_OK ||
	    sqlite3_exec(db->handle,
		"PRAGMA synchronous = NORMAL;"
		"PRAGMA temp_store = MEMORY", /* confine.c: no other files */
		NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(st, st->database);
	return 0;
}

/*
 * Only a program that writes needs the log, and can have the database keep one.
 */
static int
open_it(struct store *st, enum opening how)
{
	const int must_fit = how == OPEN_USUAL || how == OPEN_TO_READ;

	if ((st->own = calloc(1, sizeof(*st->own))) == NULL)
		err(111, "store");
	if ((must_fit && db_ledger_was_overwritten(st->database)) ||
	    (how == OPEN_INSTALL && make_file(st->database) < 0) ||
	    note_file(st) < 0 || connect_to(st, how) < 0)
		return -1;
	if (how != OPEN_INSTALL && !store_has_version(st, db_version(st)))
		return -1;
	if (how != OPEN_TO_READ && db_set_wal(st) < 0)
		return -1;
	return must_fit ? db_ledger_begin(st) : 0;
}

void
db_close(struct store *st)
{
	struct db *db = st->own;

	if (db == NULL)
		return;
	db_finalize(db);
	sqlite3_close(db->handle);
	db_sync_end(db);
	db_changes_close(db);
	free(db);
	st->own = NULL;
}

/*
 * An upgrade under a program of the old version: it does not know what is new.
 */
static int
is_of_another_version(struct store *st)
{
	const int v = db_version(st);

	return v >= 0 && v != SCHEMA_VERSION;
}

int
db_is_in_place(const struct store *st)
{
	struct stat sb;

	return stat(st->database, &sb) == 0 && sb.st_dev == st->own->dev &&
	    sb.st_ino == st->own->ino;
}

/*
 * The file was deleted or replaced, or failed in a way that another may mend.
 * The ledger of the new file is no concern of a connection to the old one.
 */
static int
is_gone(struct store *st)
{
	/* What was overwritten is damaged, too, and that cure is another. */
	return !db_is_in_place(st) || db_ledger_begin(st) < 0 ||
	    db_changes_are_gone(st) || st->own->is_stuck ||
	    is_of_another_version(st);
}

static int
begin(struct store *st, int writes)
{
	return db_control(st, writes ? BEGIN_WRITE : BEGIN_READ);
}

/*
 * A transaction that changed nothing may have seen a commit that another
 * process made a moment ago.  The sync of that commit is under way, or never
 * began as its process was killed.  What was seen is on disk before it is
 * answered: a token that was revoked already is answered with 200, too.
 */
static int
commit(struct store *st)
{
	int rc;

	if (db_ledger_step(st) < 0)
		return -1;
	st->own->was_synced = 0;
	db_changes_begin(st);
	rc = db_control(st, COMMIT);
	db_changes_end(st);
	db_changes_wait(st);
	if (rc < 0)
		return -1;
	if (!st->own->was_synced && st->is_full && db_sync(st) != SQLITE_OK)
		return -1;
	db_ledger_end(st);
	return 0;
}

/* A failure may have rolled back already, as a full disk does. */
static void
rollback(struct store *st)
{
	if (!sqlite3_get_autocommit(st->own->handle))
		(void)db_control(
		    st, st->transaction == TX_READ ? COMMIT : ROLLBACK);
}

/*
 * SQLite counts the commits that it sees: its own, and, as a transaction
 * begins, that there were others'.  Within a transaction the count is that of a
 * snapshot.
 */
static int
snapshot(struct store *st, uint64_t *out)
{
	sqlite3 *db = st->own->handle;
	unsigned version;

	if (sqlite3_txn_state(db, "main") != SQLITE_TXN_READ ||
	    sqlite3_file_control(db, "main", SQLITE_FCNTL_DATA_VERSION,
		&version) != SQLITE_OK)
		return -1;
	*out = version;
	return 0;
}

/* sqlite.org/fileformat.html: how the files begin. */
static const struct store_file *
files(const char *database, struct arena *a, size_t *n)
{
	static const struct store_file all[] = {
		{ .what = "the database", .path = "",
		    .begins = "SQLite format 3" },
		{ .what = "the database's log", .path = DB_LOG,
		    .begins = "\x37\x7f\x06" },
		{ .what = "the log's index", .path = DB_INDEX,
		    .begins = "\x18\xe2\x2d" },
		{ .what = "the database's counters", .path = DB_SYNC },
		{ .what = "the count of changes", .path = DB_CHANGES },
	};
	struct store_file *out = arena_alloc(a, sizeof(all));

	*n = sizeof(all) / sizeof(all[0]);
	for (size_t i = 0; i < *n; i++) {
		out[i] = all[i];
		out[i].path =
		    arena_printf(a, "%s%s", database, all[i].path);
	}
	return out;
}

const struct engine engine_sqlite = {
	.id = ENGINE_SQLITE,
	.schema = "sqlite/schema.sql",
	.takes = takes,
	.open = open_it,
	.close = db_close,
	.is_gone = is_gone,
	.serve_one = db_serve_one,
	.idle = db_idle,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.run = db_run,
	.find = db_find,
	.next = db_next,
	.end = db_end,
	.get_int = db_get_int,
	.get_text = db_get_text,
	.get_bytes = db_get_bytes,
	.snapshot = snapshot,
	.changes = db_changes_file,
	.script = db_script,
	.version = db_version,
	.set_version = db_set_version,
	.ledger_state = db_ledger_state,
	.files = files,
};
