/*
 * ledger.c: a database that an operator put back is told from a live one.
 *
 * Two numbers tell: how often something was taken back, and the minute of the
 * last write.  The database has them in the table ledger, and the file
 * DATABASE-sync beside it has them too.  The file is written after the commit,
 * so it never knows more than a database that is whole.
 *
 * What is taken back is counted once a second, and once more after carnet
 * backup.  So one copy is not told from the database: made by other means, in a
 * second in which something was taken back before it and after it, and put back
 * before anything is written in a later minute or taken back in a later second.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "db.h"
#include "log.h"

#define COUNTER_AT 24 /* in the database's header: File Format 1.3 */

int
db_ledger_is_old(const struct ledger *db, const struct ledger *file)
{
	return db->taken_back < file->taken_back || db->minute < file->minute;
}

void
db_shared_read(const char *path, struct shared *out)
{
	char name[PATH_MAX];
	int fd;

	memset(out, 0, sizeof(*out));
	if (snprintf(name, sizeof(name), "%s" DB_SYNC, path) >=
		(int)sizeof(name) ||
	    (fd = open(name, O_RDONLY | O_CLOEXEC)) < 0)
		return;
	if (pread(fd, out, sizeof(*out), 0) != sizeof(*out))
		memset(out, 0, sizeof(*out));
	close(fd);
}

void
db_ledger_read(const char *path, struct ledger *out)
{
	struct shared sh;

	db_shared_read(path, &sh);
	out->taken_back = sh.taken_back;
	out->minute = sh.minute;
}

static void
read_numbers(const struct row *r, void *out)
{
	struct ledger *to = out;

	to->taken_back = row_int(r, 0);
	to->minute = row_int(r, 1);
}

int
db_ledger_of(struct store *st, struct ledger *out)
{
	const int found = query_one(
	    st, NULL, SQL_LEDGER_FIND, NULL, 0, read_numbers, out);

	if (found == 0)
		log_event("database %s: its table ledger is empty",
		    st->database);
	return found == 1 ? 0 : -1;
}

/*
 * The change counter in the header of the database file; 0 if it has none.  It
 * is read by SQLite's own descriptor.  To close another one would give back the
 * locks of this process (fcntl(2)), and the log could be deleted while it is in
 * use.
 */
static uint32_t
counter_of(struct store *st)
{
	unsigned char b[4] = { 0 };
	sqlite3_file *f = NULL;

	if (sqlite3_file_control(st->own->handle, "main", SQLITE_FCNTL_FILE_POINTER,
		&f) != SQLITE_OK ||
	    f == NULL || f->pMethods == NULL ||
	    f->pMethods->xRead(f, b, sizeof(b), COUNTER_AT) != SQLITE_OK)
		return 0;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

/*
 * The counter must be on disk before the file beside it says so: else after a power
 * cut the header is older than that file knows, and looks overwritten.  SQLite
 * syncs the database file only if no commit came meanwhile.
 */
void
db_ledger_checkpoint(struct store *st, int is_synced)
{
	const uint32_t counter = counter_of(st);

	st->own->file_counter = counter;
	if (is_synced && st->own->sync != NULL &&
	    counter > db_shared(st)->file_counter && db_is_in_place(st))
		db_shared(st)->file_counter = counter;
}

int
db_ledger_state(struct store *st)
{
	struct ledger db, file;
	struct shared sh;
	uint32_t counter;

	/*
	 * The file first: another process that writes the database meanwhile tells
	 * it a higher number than a counter that was read before.
	 */
	db_shared_read(st->database, &sh);
	counter = counter_of(st);
	if (sh.is_overwritten || counter < sh.file_counter ||
	    counter < st->own->file_counter)
		return LEDGER_OVERWRITTEN;
	st->own->file_counter = counter;
	file = (struct ledger) { sh.taken_back, sh.minute };
	if (db_ledger_of(st, &db) < 0)
		return -1;
	return db_ledger_is_old(&db, &file) ? LEDGER_OLD : LEDGER_FITS;
}

/*
 * Another file was copied over the database while it was in use.  The log may
 * belong to the file that was there before, and SQLite would copy it into the
 * new one at the last close.  Keep SQLite from that.
 */
static void
keep_log_away(struct store *st)
{
	db_shared(st)->is_overwritten = 1;
	(void)sqlite3_db_config(
	    st->own->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

/* Log why the database cannot be used, if it cannot; return 0, or -1. */
static int
tell(const char *path, int state)
{
	static const char *const what[] = {
		[LEDGER_OLD] = "it is older than what was answered: a copy was"
		    " put back, and tokens that were revoked since would work"
		    " again; see carnet restore --accept",
		[LEDGER_OVERWRITTEN] = "another file was copied over it while it"
		    " was in use; put a backup in place with carnet restore"
		    " FILE",
	};

	if (state > 0)
		log_event("database %s: %s", path, what[state]);
	return state == LEDGER_FITS ? 0 : -1;
}

int
db_ledger_was_overwritten(const char *path)
{
	struct shared sh;

	db_shared_read(path, &sh);
	return sh.is_overwritten && tell(path, LEDGER_OVERWRITTEN) < 0;
}

int
db_ledger_begin(struct store *st)
{
	const int state = db_ledger_state(st);

	if (state == LEDGER_OVERWRITTEN)
		keep_log_away(st);
	return tell(st->database, state);
}

/*
 * Must this transaction write the row?  The row is one more page of the log.
 * So the minute is written once a minute, and only the first revocation in each
 * second is counted.  A clock that goes back makes another second.  Where
 * commits are not synced the row is of no use: the file is told nothing, as a
 * power cut may undo them.
 */
static int
is_due(struct store *st, int64_t now)
{
	struct shared *sh = db_shared(st);

	st->own->counted_before = sh->counted_at;
	st->own->counted_now =
	    st->takes_back && st->own->counted_before != now ? now : 0;
	return st->is_full &&
	    (st->own->counted_now != 0 || now / 60 > sh->minute);
}

int
db_ledger_add(struct store *st, int64_t taken_back, int64_t minute,
    struct ledger *out)
{
	const struct value v[] = { V_INT(taken_back), V_INT(minute) };

	return query_one(st, NULL, SQL_LEDGER_WRITE, v, 2, read_numbers,
		   out) == 1 ? 0 : -1;
}

int
db_ledger_step(struct store *st)
{
	const int64_t now = (int64_t)time(NULL);

	memset(&st->own->ledger, 0, sizeof(st->own->ledger));
	if (!is_due(st, now))
		return 0;
	return db_ledger_add(st, st->own->counted_now != 0, now / 60,
	    &st->own->ledger);
}

void
db_raise_to(_Atomic int64_t *n, int64_t to)
{
	int64_t seen = *n;

	while (seen < to && !atomic_compare_exchange_weak(n, &seen, to))
		continue;
}

/* The file must not count a commit that a power cut may undo. */
void
db_ledger_end(struct store *st)
{
	struct shared *sh = db_shared(st);
	int64_t before = st->own->counted_before;

	st->takes_back = 0;
	if (st->own->ledger.minute == 0)
		return;
	db_raise_to(&sh->taken_back, st->own->ledger.taken_back);
	db_raise_to(&sh->minute, st->own->ledger.minute);
	/* Last, and not if a copy was made meanwhile: the copy may lack what comes. */
	if (st->own->counted_now != 0)
		(void)atomic_compare_exchange_strong(
		    &sh->counted_at, &before, st->own->counted_now);
}

/* Store a number that was never stored, so that db_ledger_end notices it. */
void
db_ledger_copied(struct store *st)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	db_shared(st)->counted_at =
	    -((int64_t)t.tv_sec * 1000000000 + t.tv_nsec);
}
