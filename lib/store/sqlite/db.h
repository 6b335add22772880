/* db.h: one connection to SQLite: for this folder alone. */
#ifndef CARNET_DB_H
#define CARNET_DB_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "engine.h"
#include "query.h"
#include "store.h"
#include "store_changes.h"
#include "store_ledger.h"
#include "store_look.h"

/* The two numbers of ledger.c. */
struct ledger {
	int64_t taken_back, minute;
};

/* Statements about transactions, which are no rows of sql.h. */
enum control { BEGIN_READ, BEGIN_WRITE, COMMIT, ROLLBACK, CONTROLS };

struct db {
	sqlite3 *handle;
	sqlite3_stmt *stmt[SQL_COUNT]; /* prepared at first use, then kept */
	sqlite3_stmt *control[CONTROLS];
	dev_t dev;		/* of the file that was opened */
	ino_t ino;
	sqlite3_stmt *insert;	/* of the table that is written: transfer.c */
	int is_stuck;		/* the last failure may need a new connection */

	struct sync *sync;	/* NULL: nothing was committed yet */
	int was_synced;		/* the last commit was, as it changed something */

	int log_pages, log_top; /* after the last commit; 0: nothing to do */
	int checkpoint_pages;	/* with so many a checkpoint is due */
	int checkpoint_at;	/* the same, if one was tried in vain */
	int begin_again;	/* the mode of one that has the log begin anew */
	int tries_max;		/* of a lock that another has */

	uint32_t file_counter;	/* of the database file, when last read */
	struct ledger ledger;	/* what this transaction wrote; 0: nothing */
	int64_t counted_now, counted_before; /* if it counted; see ledger.c */

	struct changes *changes; /* mapped; NULL: not yet, or it cannot be */
	dev_t changes_dev;	/* of the file that is mapped */
	ino_t changes_ino;
	int changes_fd;		/* to read it; 0: none */
	int64_t change;		/* the number of this transaction's; 0: it has none */
};

/* Names of the files beside the database. */
#define DB_LOG "-wal"
#define DB_INDEX "-shm"
#define DB_SYNC "-sync"
#define DB_CHANGES "-changes"

/*
 * The file DATABASE-sync, mapped by every process that writes.  What it has of
 * the ledger is explained in ledger.c.
 */
struct shared {
	_Atomic uint32_t turn;	/* of the group commit: sync.c */
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

/* The file DATABASE-changes: changes.c. */
struct changes {
	_Atomic int64_t begun, ended;
};

/*
 * engine.c: db_close(st): as engine.h has it.
 * db_is_in_place(st): is the file that was opened still the one of that name?
 */
void db_close(struct store *st);
int db_is_in_place(const struct store *st);

/*
 * fault.c: db_fail(st, what): log the error that SQLite has; set st->fault;
 * return -1.
 */
int db_fail(struct store *st, const char *what);

/*
 * statement.c: as engine.h has them.
 * db_control(st, which): run one; 0, or -1.
 * db_bind(s, v, n): give a statement, which was reset, its n values.
 */
int db_run(struct store *st, enum sql which, const struct value *v, int n);
int db_find(struct row *r, enum sql which, const struct value *v, int n);
int db_next(struct row *r);
int db_end(struct row *r);
int64_t db_get_int(const struct row *r, int i);
const char *db_get_text(const struct row *r, int i, size_t *len);
const void *db_get_bytes(const struct row *r, int i, size_t *len);
int db_control(struct store *st, enum control which);
void db_bind(sqlite3_stmt *s, const struct value *v, int n);
int db_script(struct store *st, const char *text);
void db_finalize(struct db *db);

/*
 * schema.c: as engine.h has them.
 * db_set_wal(st): 0, or -1, logged, if the database cannot be put into WAL
 * mode.  One that was restored from a dump is in another mode, in which a
 * commit is not synced as sync.c does it.
 */
int db_version(struct store *st);
int db_set_version(struct store *st, int version);
int db_set_wal(struct store *st);

/*
 * sync.c:
 * db_shared(st): the file DATABASE-sync; memory of our own where there can be
 * none.
 * db_sync(st): SQLITE_OK when all that was committed before, by any process, is
 * on disk.
 * db_sync_doubt(st): a write of the log was lost: it must begin anew first.
 * db_sync_alone(st): do not wait for others who sync, as in one thread.
 * db_map(path, flags, size, fd): map a file of that size, which is made if it is not
 * there; NULL with *fd -1 if that fails.  flags: more of open(2).
 */
void *db_map(const char *path, int flags, size_t size, int *fd);
struct shared *db_shared(struct store *st);
int db_sync(struct store *st);
void db_sync_doubt(struct store *st);
void db_sync_alone(struct store *st);
void db_sync_end(struct db *db);

/*
 * checkpoint.c:
 * db_checkpoint_begin(st): have each commit synced, if st->is_full; SQLITE_OK.
 */
int db_checkpoint_begin(struct store *st);
void db_serve_one(struct store *st);
void db_idle(struct store *st);

/*
 * ledger.c:
 * db_ledger_begin(st): at open and once a second: 0 if the database is the one
 * that the file DATABASE-sync knows; -1, logged, if it is older, or was
 * overwritten.
 * db_ledger_was_overwritten(path): before the database is opened: 1, logged, if
 * a program noticed that it was overwritten while in use, else 0.
 * db_ledger_step(st), db_ledger_end(st): the first inside a write transaction,
 * right before its commit: 0, or -1, logged.  The second after the commit.
 * db_ledger_checkpoint(st, is_synced): the database file was written, and is on
 * disk if is_synced: note its counter.
 * db_shared_read(path, out), db_ledger_read(path, out): the file beside the
 * database at path; of it, the two numbers.  Without a file, or with an older one
 * that has none, all are 0.
 * db_ledger_of(st, out): the numbers of the database; 0, or -1, logged.
 * db_ledger_add(st, taken_back, minute, out): in a write transaction, add to the
 * numbers of the database, and take what they are now to out; 0, or -1, logged.
 * db_ledger_is_old(db, file): is a database with the numbers db older than the
 * file's?
 * db_raise_to(n, to): of several processes at once the largest number stays.
 * db_ledger_copied(st): a copy is about to be made of what the database holds
 * now, and nobody writes: what is taken back next is counted, in this second
 * too.
 */
int db_ledger_begin(struct store *st);
int db_ledger_was_overwritten(const char *path);
int db_ledger_step(struct store *st);
void db_ledger_end(struct store *st);
void db_ledger_checkpoint(struct store *st, int is_synced);
void db_shared_read(const char *path, struct shared *out);
void db_ledger_read(const char *path, struct ledger *out);
int db_ledger_of(struct store *st, struct ledger *out);
int db_ledger_add(struct store *st, int64_t taken_back, int64_t minute,
    struct ledger *out);
int db_ledger_is_old(const struct ledger *db, const struct ledger *file);
void db_raise_to(_Atomic int64_t *n, int64_t to);
void db_ledger_copied(struct store *st);
int db_ledger_state(struct store *st);

/*
 * put_back.c, for the command alone:
 * db_ledger_put_back(path, copy): the database file copy is about to be put in
 * place at path.  If the file beside path has no numbers yet, as on a new
 * machine, what was taken back since the copy was made is not known: have the
 * file say so, that the programs refuse the database until store_ledger_accept.
 * 0, or -1, logged.
 * db_ledger_swapped(path): it is in place: forget the counter of the file that
 * was there, which a program may have noted meanwhile.  0, or -1 with errno.
 */
int db_ledger_put_back(const char *path, const char *copy);
int db_ledger_swapped(const char *path);
int db_ledger_accept(struct store *st);

/* transfer.c, for the command alone: as engine.h has them. */
int db_rows(struct store *st, const struct table *t,
    int (*row)(void *ctx, const struct value *v), void *ctx);
int db_add_row(
    struct store *st, const struct table *t, const struct value *v);
int db_add_end(struct store *st, const struct table *t);
int db_number(struct store *st, const struct table *t, int64_t *last);
int db_set_number(struct store *st, const struct table *t, int64_t last);

/*
 * changes.c:
 * db_changes_begin(st): inside a write transaction, right before its commit: if it
 * changes what the guard reads, say that this begins.
 * db_changes_end(st): the commit is over.  It may be called twice.
 * db_changes_wait(st): if nobody could be told, wait until nobody remembers.
 * db_changes_are_gone(st): is there another file now, or none?
 * db_changes_file(st, out): as engine.h has it.
 */
void db_changes_begin(struct store *st);
void db_changes_end(struct store *st);
void db_changes_wait(struct store *st);
int db_changes_are_gone(const struct store *st);
int db_changes_file(struct store *st, struct store_changes *out);
void db_changes_close(struct db *db);

/* look.c, copy.c and orphans.c, for the command alone: as engine.h has them. */
void db_look(struct store *st, struct arena *a, struct store_health *out);
int db_copy(struct store *st, const char *path);
int db_replace(const char *path, const char *copy);
int db_delete_orphans(struct store *st, int64_t *gone);

#endif
