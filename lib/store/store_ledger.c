/* store_ledger.c: a database that an operator put back is told from a live one. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "store_int.h"

#define COUNTER_AT 24 /* in the database's header: File Format 1.3 */

int
store_ledger_is_old(const struct ledger *db, const struct ledger *file)
{
	return db->taken_back < file->taken_back || db->minute < file->minute;
}

/* Read the file beside the database; what it does not have is 0. */
static void
read_shared(const char *path, struct shared *out)
{
	char name[PATH_MAX];
	int fd;

	memset(out, 0, sizeof(*out));
	if (snprintf(name, sizeof(name), "%s-sync", path) >=
		(int)sizeof(name) ||
	    (fd = open(name, O_RDONLY | O_CLOEXEC)) < 0)
		return;
	if (pread(fd, out, sizeof(*out), 0) != sizeof(*out))
		memset(out, 0, sizeof(*out));
	close(fd);
}

void
store_ledger_read(const char *path, struct ledger *out)
{
	struct shared sh;

	read_shared(path, &sh);
	out->taken_back = sh.taken_back;
	out->minute = sh.minute;
}

int
store_ledger_of(struct store *st, struct ledger *out)
{
	sqlite3_stmt *s;
	int rc = -1;

	if ((s = store_stmt(st, SQL_LEDGER_FIND)) == NULL)
		return -1;
	if (sqlite3_step(s) == SQLITE_ROW) {
		out->taken_back = sqlite3_column_int64(s, 0);
		out->minute = sqlite3_column_int64(s, 1);
		rc = 0;
	} else {
		store_fail(st, "ledger");
	}
	store_done(s);
	return rc;
}

/*
 * The change counter in the header of the database file; 0 if it has none.  By the
 * engine's own descriptor: the close of another one would give back the locks of
 * this process (fcntl(2)), and the log could be deleted under it.
 */
static uint32_t
counter_of(struct store *st)
{
	unsigned char b[4] = { 0 };
	sqlite3_file *f = NULL;

	if (sqlite3_file_control(st->db, "main", SQLITE_FCNTL_FILE_POINTER,
		&f) != SQLITE_OK ||
	    f == NULL || f->pMethods == NULL ||
	    f->pMethods->xRead(f, b, sizeof(b), COUNTER_AT) != SQLITE_OK)
		return 0;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

static void
see_counter(struct store *st, uint32_t counter)
{
	st->file_counter = counter;
	if (st->sync != NULL && counter > store_shared(st)->file_counter)
		store_shared(st)->file_counter = counter;
}

void
store_ledger_checkpoint(struct store *st)
{
	see_counter(st, counter_of(st));
}

int
store_ledger_state(struct store *st)
{
	struct ledger db, file;
	struct shared sh;

	const uint32_t counter = counter_of(st);

	read_shared(st->path, &sh);
	if (sh.is_overwritten || counter < sh.file_counter ||
	    counter < st->file_counter)
		return LEDGER_OVERWRITTEN;
	see_counter(st, counter);
	file = (struct ledger) { sh.taken_back, sh.minute };
	if (store_ledger_of(st, &db) < 0)
		return -1;
	return store_ledger_is_old(&db, &file) ? LEDGER_OLD : LEDGER_FITS;
}

/*
 * Another file was copied over the database while it was in use, and its log may
 * belong to the one before.  SQLite would copy that log into the new file at the
 * last close: that must not be.
 */
static void
keep_log_away(struct store *st)
{
	store_shared(st)->is_overwritten = 1;
	(void)sqlite3_db_config(
	    st->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
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
store_ledger_was_overwritten(const char *path)
{
	struct shared sh;

	read_shared(path, &sh);
	return sh.is_overwritten && tell(path, LEDGER_OVERWRITTEN) < 0;
}

int
store_ledger_begin(struct store *st)
{
	const int state = store_ledger_state(st);

	if (state == LEDGER_OVERWRITTEN)
		keep_log_away(st);
	return tell(st->path, state);
}

/*
 * The row is one more page of the log.  So the minute is written once a minute, and
 * of what is taken back only the first in each second is counted; a clock that goes
 * back makes another second.  Where commits are not synced the file is told
 * nothing, as a power cut may undo them: there the row is of no use.
 */
static int
is_due(struct store *st, int64_t now)
{
	struct shared *sh = store_shared(st);

	st->counted_before = sh->counted_at;
	st->counted_now = st->takes_back && st->counted_before != now ? now : 0;
	return st->is_full &&
	    (st->counted_now != 0 || now / 60 > sh->minute);
}

int
store_ledger_step(struct store *st)
{
	const int64_t now = (int64_t)time(NULL);
	sqlite3_stmt *s;
	int rc = -1;

	memset(&st->ledger, 0, sizeof(st->ledger));
	if (!is_due(st, now))
		return 0;
	if ((s = store_stmt(st, SQL_LEDGER_WRITE)) == NULL)
		return -1;
	bind_int(s, 1, st->counted_now != 0);
	bind_int(s, 2, now / 60);
	if (sqlite3_step(s) == SQLITE_ROW) {
		st->ledger.taken_back = sqlite3_column_int64(s, 0);
		st->ledger.minute = sqlite3_column_int64(s, 1);
		rc = sqlite3_step(s) == SQLITE_DONE ? 0 : -1; /* may yet fail */
	}
	if (rc < 0)
		store_fail(st, "ledger");
	store_done(s);
	return rc;
}

/* Of two processes at once the larger number stays. */
static void
raise_to(_Atomic int64_t *n, int64_t to)
{
	int64_t seen = *n;

	while (seen < to && !atomic_compare_exchange_weak(n, &seen, to))
		continue;
}

/* A commit that a power cut may take back must not be counted outside. */
void
store_ledger_end(struct store *st)
{
	struct shared *sh = store_shared(st);
	int64_t before = st->counted_before;

	st->takes_back = 0;
	if (st->ledger.minute == 0)
		return;
	raise_to(&sh->taken_back, st->ledger.taken_back);
	raise_to(&sh->minute, st->ledger.minute);
	/* Last, and not if a copy was made in between: it may lack what comes. */
	if (st->counted_now != 0)
		(void)atomic_compare_exchange_strong(
		    &sh->counted_at, &before, st->counted_now);
}

/* A number that was not there before, so that store_ledger_end sees it. */
void
store_ledger_copied(struct store *st)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	store_shared(st)->counted_at =
	    -((int64_t)t.tv_sec * 1000000000 + t.tv_nsec);
}

int
store_ledger_accept(struct store *st)
{
	struct ledger file;
	sqlite3_stmt *s;

	store_ledger_read(st->path, &file);
	if (store_begin(st) < 0)
		return -1;
	/* One that was withdrawn since would let its app in again, unasked. */
	if ((s = store_stmt(st, SQL_LEDGER_CONSENTS)) != NULL &&
	    store_run(st, s, "consents") >= 0 &&
	    (s = store_stmt(st, SQL_LEDGER_WRITE)) != NULL) {
		bind_int(s, 1, file.taken_back + 1);
		bind_int(s, 2, file.minute);
		/* The row comes out first; the change is done with the second. */
		if (sqlite3_step(s) == SQLITE_ROW &&
		    sqlite3_step(s) == SQLITE_DONE) {
			store_done(s);
			st->takes_back = 1;
			store_shared(st)->is_overwritten = 0;
			store_shared(st)->file_counter = 0;
			store_ledger_copied(st); /* of what was put back */
			return store_commit(st);
		}
		store_fail(st, "ledger");
		store_done(s);
	}
	store_rollback(st);
	return -1;
}

/* The numbers of a database file that nobody has open. */
static int
ledger_of_copy(const char *copy, struct ledger *out)
{
	struct store st = { .db = NULL };
	int rc = -1;

	if (sqlite3_open_v2(copy, &st.db, SQLITE_OPEN_READONLY, NULL) ==
	    SQLITE_OK)
		rc = store_ledger_of(&st, out);
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(st.stmt[i]);
	sqlite3_close(st.db);
	return rc;
}

/* The turn of the group commit is in use by others, and stays as it is. */
int
store_ledger_put_back(const char *path, const char *copy)
{
	const size_t from = offsetof(struct shared, taken_back);
	struct shared sh;
	struct ledger db;
	char name[PATH_MAX];
	int fd, rc = -1;

	if (ledger_of_copy(copy, &db) < 0)
		return -1;
	read_shared(path, &sh);
	if (sh.taken_back < db.taken_back || sh.minute < db.minute) {
		sh.taken_back = db.taken_back + 1;
		sh.minute = db.minute;
	}
	sh.file_counter = 0;
	sh.is_overwritten = 0;
	sh.counted_at = 0;
	if (snprintf(name, sizeof(name), "%s-sync", path) <
		(int)sizeof(name) &&
	    (fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) >= 0) {
		if (pwrite(fd, (const char *)&sh + from, sizeof(sh) - from,
			(off_t)from) == (ssize_t)(sizeof(sh) - from) &&
		    fsync(fd) == 0)
			rc = 0;
		close(fd);
	}
	if (rc < 0)
		log_event("%s: %s", name, strerror(errno));
	return rc;
}
