/* store_stmt.c: statements: made ready, bound, run, read; and why they fail. */
#include "log.h"
#include "store_int.h"

/*
 * What an administrator can do about it; whether a client may try again soon; and
 * whether it takes a new connection to find that the cause is gone.
 */
static const struct {
	int code, passes, is_stuck;
	const char *cure;
} cures[] = {
	{ SQLITE_BUSY, 1, 0, "; another program holds it" },
	{ SQLITE_LOCKED, 1, 0, "; another program holds it" },
	{ SQLITE_FULL, 1, 0, "; make room on its disk" },
	{ SQLITE_NOMEM, 1, 0, "; the machine is out of memory" },
	{ SQLITE_READONLY, 1, 1, "; the user of this program must be able to"
	    " write it and its directory" },
	{ SQLITE_PERM, 1, 1, "; the user of this program must be able to write"
	    " it and its directory" },
	{ SQLITE_CANTOPEN, 1, 1, "; the user of this program must be able to"
	    " write it and its directory" },
	{ SQLITE_IOERR, 0, 1, "; look at the disk, its quota and the limit on"
	    " the size of files" },
	{ SQLITE_CORRUPT, 0, 1, "; restore it from a copy: see carnet doctor" },
	{ SQLITE_NOTADB, 0, 1, "; restore it from a copy: see carnet doctor" },
};

/* That it cannot be opened for lack of descriptors says errno alone. */
static int
fail_shortage(struct store *st, const char *what)
{
	const int err = sqlite3_system_errno(st->db);

	if (sqlite3_errcode(st->db) != SQLITE_CANTOPEN ||
	    *log_cure(err) == '\0')
		return 0;
	st->busy = 1;
	log_event("database: %s: %s: %s%s", what, sqlite3_errmsg(st->db),
	    strerror(err), log_cure(err));
	return 1;
}

int
store_fail(struct store *st, const char *what)
{
	const int rc = sqlite3_errcode(st->db);
	const char *cure = "";

	st->busy = 0;
	if (sqlite3_extended_errcode(st->db) == SQLITE_IOERR_FSYNC)
		store_sync_doubt(st);
	if (fail_shortage(st, what))
		return -1;
	for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++)
		if (cures[i].code == rc) {
			cure = cures[i].cure;
			st->busy = cures[i].passes;
			/* What does not pass may have been mended since. */
			st->is_stuck = cures[i].is_stuck;
		}
	log_event("database: %s: %s (%d)%s", what, sqlite3_errmsg(st->db),
	    sqlite3_extended_errcode(st->db), cure);
	return -1;
}

int
store_is_busy(const struct store *st)
{
	return st->busy;
}

void
store_forget_failure(struct store *st)
{
	st->busy = 0;
}

sqlite3_stmt *
store_stmt(struct store *st, enum sql which)
{
	const struct statement *sql = &sql_table[which];

	st->takes_back |= sql->takes_back;
	st->adds |= sql->adds;
	if (st->stmt[which] == NULL &&
	    sqlite3_prepare_v3(st->db, sql->text, -1,
		SQLITE_PREPARE_PERSISTENT, &st->stmt[which],
		NULL) != SQLITE_OK)
		store_fail(st, sql->text);
	return st->stmt[which];
}

void
store_done(sqlite3_stmt *s)
{
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
}

static int
step(struct store *st, sqlite3_stmt *s, const char *what)
{
	int n;

	n = sqlite3_step(s) == SQLITE_DONE ? sqlite3_changes(st->db)
					   : store_fail(st, what);
	store_done(s);
	return n;
}

/* What takes something back is counted in the same transaction. */
int
store_run(struct store *st, sqlite3_stmt *s, const char *what)
{
	int n = -1;

	if (!st->takes_back || !sqlite3_get_autocommit(st->db))
		return step(st, s, what);
	if (store_begin(st) < 0) {
		store_done(s);
		return -1;
	}
	st->takes_back = 1;
	if ((n = step(st, s, what)) < 0 || store_commit(st) < 0) {
		store_rollback(st);
		return -1;
	}
	return n;
}

void
bind_int(sqlite3_stmt *s, int i, int64_t n)
{
	sqlite3_bind_int64(s, i, n);
}

void
bind_int_or_null(sqlite3_stmt *s, int i, int64_t n)
{
	if (n != 0)
		sqlite3_bind_int64(s, i, n);
}

void
bind_text(sqlite3_stmt *s, int i, const char *text)
{
	sqlite3_bind_text(s, i, text, -1, SQLITE_STATIC);
}

void
bind_id(sqlite3_stmt *s, int i, const struct id *id)
{
	sqlite3_bind_blob(s, i, id->byte, ID_LEN, SQLITE_STATIC);
}

void
bind_digest(sqlite3_stmt *s, int i, const struct digest *d)
{
	sqlite3_bind_blob(s, i, d->byte, DIGEST_LEN, SQLITE_STATIC);
}

void
bind_key(sqlite3_stmt *s, int i, const struct rowkey *k)
{
	sqlite3_bind_blob(s, i, k->byte, k->len, SQLITE_STATIC);
}

int
store_keys(struct store *st, sqlite3_stmt *s, struct rowkey *out, int n)
{
	int count = 0, rc;

	while ((rc = sqlite3_step(s)) == SQLITE_ROW && count < n)
		column_key(s, 0, &out[count++]);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		count = store_fail(st, "keys");
	store_done(s);
	return count;
}

const char *
column_dup(sqlite3_stmt *s, int i, struct arena *a)
{
	const void *text = sqlite3_column_text(s, i);

	return text == NULL
	    ? NULL
	    : arena_dup(a, text, (size_t)sqlite3_column_bytes(s, i));
}

static int
column_bytes(sqlite3_stmt *s, int i, void *out, int len)
{
	const void *blob = sqlite3_column_blob(s, i);

	if (blob == NULL || sqlite3_column_bytes(s, i) != len)
		return 0;
	memcpy(out, blob, (size_t)len);
	return 1;
}

int
column_id(sqlite3_stmt *s, int i, struct id *out)
{
	return column_bytes(s, i, out->byte, ID_LEN);
}

int
column_digest(sqlite3_stmt *s, int i, struct digest *out)
{
	return column_bytes(s, i, out->byte, DIGEST_LEN);
}

void
column_key(sqlite3_stmt *s, int i, struct rowkey *out)
{
	const void *key = sqlite3_column_blob(s, i);

	out->len = sqlite3_column_bytes(s, i);
	if (key == NULL || out->len > DIGEST_LEN)
		out->len = 0; /* none of ours */
	else
		memcpy(out->byte, key, (size_t)out->len);
}
