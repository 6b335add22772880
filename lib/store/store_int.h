/* store_int.h: statement table and binding helpers, for store*.c alone. */
#ifndef CARNET_STORE_INT_H
#define CARNET_STORE_INT_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "arena.h"
#include "sql.h"
#include "store.h"
#include "store_ledger.h"

#define SCHEMA_VERSION 5

struct store {
	sqlite3 *db;
	sqlite3_stmt *stmt[SQL_COUNT]; /* prepared at first use, then kept */
	char *path;
	dev_t dev;
	ino_t ino;
	int busy;		/* the last failure was a lock */
	int is_stuck;		/* the last failure may need a new connection */
	struct sync *sync;	/* NULL: nothing was committed yet */
	int is_once;		/* of a plain CGI */
	int is_full;		/* a commit is synced */
	int was_synced;		/* the last one was, as it changed something */
	int log_pages, log_top; /* after the last commit; 0: looked after */
	int checkpoint_pages;	/* with so many a checkpoint is due */
	int checkpoint_at;	/* the same, if one was tried in vain */
	int begin_again;	/* the mode of one that has the log begin anew */
	int tries_max;		/* of a lock that another holds */
	struct kept *kept;	/* NULL: nothing yet */
	unsigned purge_turn;	/* whose it is; 0: drawn at first use */
	int64_t now;		/* by which rows have expired; 0: purge none */
	int takes_back;		/* this transaction revokes something */
	int adds;		/* and this one adds rows that expire */
	uint32_t file_counter;	/* of the database file, when last looked at */
	struct ledger ledger;	/* what this transaction wrote; 0: nothing */
	int64_t counted_now, counted_before; /* if it counted; see store_ledger.c */
};

/*
 * store_connect(path, full, mode): open path, as every connection is set, with
 * SQLITE_OPEN_READWRITE or _READONLY; NULL, logged.
 * store_version(st): the number that PRAGMA user_version holds, -1 on error.
 * store_set_wal(st): 0, or -1, logged, if the database cannot be put into WAL mode.
 * One that was restored from a dump is in another mode, in which a commit is not
 * synced as store_sync.c does it.
 */
struct store *store_connect(const char *path, int full, int mode);
int store_version(struct store *st);
int store_set_wal(struct store *st);

/*
 * The file DATABASE-sync, mapped by every process that writes.  What it holds of
 * the ledger is explained in store_ledger.h.
 */
struct shared {
	_Atomic uint32_t turn;	/* of the group commit: store_sync.c */
	_Atomic uint32_t is_torn; /* the log may have a gap */
	_Atomic int64_t taken_back, minute; /* as in the table ledger */
	/*
	 * The change counter of the database file's header (File Format 1.3.7)
	 * never falls, unless another file is copied over this one.
	 */
	_Atomic uint32_t file_counter;
	_Atomic uint32_t is_overwritten; /* it fell: refuse to go on */
	/* The second of the last count, in Unix seconds; negative: a copy was made. */
	_Atomic int64_t counted_at;
};

/* store_shared(st): that file; memory of our own where there can be none. */
struct shared *store_shared(struct store *st);

/*
 * store_ledger_begin(st):
 * At open and once a second: return 0 if the database is the one that the file
 * DATABASE-sync knows; -1, logged, if it is older, or was overwritten.
 */
int store_ledger_begin(struct store *st);

/*
 * store_ledger_was_overwritten(path):
 * Before the database is opened: return 1, logged, if a program noticed that it
 * was overwritten while in use, else 0.
 */
int store_ledger_was_overwritten(const char *path);

/*
 * store_ledger_step(st), store_ledger_end(st):
 * The first stands inside a write transaction, right before its commit: return 0,
 * or -1 on a database error, logged.  The second follows the commit.
 */
int store_ledger_step(struct store *st);
void store_ledger_end(struct store *st);

/*
 * store_ledger_copied(st):
 * A copy is about to be made of what the database holds now, and nobody writes:
 * what is taken back next is counted, in this second too.
 */
void store_ledger_copied(struct store *st);

/* store_ledger_checkpoint(st): the database file was written: note its counter. */
void store_ledger_checkpoint(struct store *st);

/*
 * store_sync(st):
 * Return SQLITE_OK when all that was committed before, by any process, is on disk.
 * store_sync_doubt(st): a write of the log was lost: it must begin anew first.
 * store_sync_alone(st): do not wait for others who sync, as in one thread.
 */
int store_sync(struct store *st);
void store_sync_doubt(struct store *st);
void store_sync_alone(struct store *st);
void store_sync_end(struct store *st);

/* store_kept_end(st): free what is kept. */
void store_kept_end(struct store *st);

/* store_checkpoint_begin(st, full): have each commit synced, if full; SQLITE_OK. */
int store_checkpoint_begin(struct store *st, int full);

/* store_stmt(st, which): the statement, ready for binding; NULL, logged. */
sqlite3_stmt *store_stmt(struct store *st, enum sql which);

/* store_done(s): reset s and forget what was bound. */
void store_done(sqlite3_stmt *s);

/* store_fail(st, what): log the database's error; return -1. */
int store_fail(struct store *st, const char *what);

/* store_run(st, s, what): step a statement without rows; rows changed, or -1. */
int store_run(struct store *st, sqlite3_stmt *s, const char *what);

/* bind_int_or_null binds 0 as NULL; all bind a NULL pointer as NULL. */
void bind_int(sqlite3_stmt *s, int i, int64_t n);
void bind_int_or_null(sqlite3_stmt *s, int i, int64_t n);
void bind_text(sqlite3_stmt *s, int i, const char *text);
void bind_id(sqlite3_stmt *s, int i, const struct id *id);
void bind_digest(sqlite3_stmt *s, int i, const struct digest *d);
void bind_key(sqlite3_stmt *s, int i, const struct rowkey *k);

/* column_dup: the text in a, or NULL; column_id: 1 if there was one. */
const char *column_dup(sqlite3_stmt *s, int i, struct arena *a);
int column_id(sqlite3_stmt *s, int i, struct id *out);
void column_key(sqlite3_stmt *s, int i, struct rowkey *out);
int column_digest(sqlite3_stmt *s, int i, struct digest *out);

/* store_keys(st, s, out, n): run s, whose rows begin with a key; how many, or -1. */
int store_keys(
    struct store *st, sqlite3_stmt *s, struct rowkey *out, int n);

#endif
