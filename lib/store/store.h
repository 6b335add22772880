/*
 * store.h: the database, whichever engine it has.  Its transactions are in
 * store_write.h, its tables in store_NOUN.h.
 */
#ifndef CARNET_STORE_H
#define CARNET_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "id.h"
#include "store_write.h"

struct arena;
struct store; /* one connection, with its prepared statements */

/*
 * If nothing else is said, the functions of store*.h return 1 for "found" or
 * "done", 0 for "there is none", and -1 for a database error, which is logged.
 * The strings that they give are in the arena.
 */

/*
 * store_open(database, full):
 * Open the database that the setting names: a path, or a URI of PostgreSQL.  If full is set, a commit is
 * on disk when it returns; else a power cut may undo the last ones.  Return it;
 * NULL, logged, if it is not there, is not a database of ours, has another version
 * of the schema than this program, or is an old copy that was put back
 * (store_ledger.h).
 */
struct store *store_open(const char *database, int full);

/*
 * store_open_to_read(database):
 * The same for a program that writes nothing.  Only the engine may write, for its
 * locks.
 */
struct store *store_open_to_read(const char *database);

/*
 * store_open_put_back(database, full):
 * The same, but an old copy that was put back is opened too, for a caller that is
 * about to revoke all its tokens: store_ledger.h.
 */
struct store *store_open_put_back(const char *database, int full);

/*
 * store_serve_one(st):
 * The connection serves one request only, as in plain CGI: when it is closed, it
 * leaves to other processes the work that can wait.
 */
void store_serve_one(struct store *st);

/* store_idle(st): nobody waits for an answer: do the work that was put off. */
void store_idle(struct store *st);

/*
 * store_install(database):
 * Create the database, readable by its owner alone, or bring an older one up to
 * date.  Return 1 if anything was done, 0 if it was up to date, -1 logged: a newer
 * one is refused.
 */
int store_install(const char *database);

/* A file that an engine keeps.  It need not be there at the moment. */
struct store_file {
	const char *what;	/* for people: "the database's log" */
	const char *path;
	const char *begins;	/* its first bytes; NULL: it has no secrets */
};

/*
 * store_files(database, a, n):
 * Return the files of the database, and put to *n how many.  They are in a, and
 * the first is the one that the setting names.  A database on another machine has
 * none.
 */
const struct store_file *store_files(
    const char *database, struct arena *a, size_t *n);

/*
 * store_shown(database, a): the setting as people may see it: without a password.
 * store_reach(database): what a process needs to get to it.
 */
enum store_reach { STORE_IN_FILES, STORE_BY_LOCAL_SOCKET, STORE_BY_NETWORK };
const char *store_shown(const char *database, struct arena *a);
enum store_reach store_reach(const char *database);

/*
 * store_reads(database, a, n):
 * Return the files that a process must be able to read when it connects again, and put
 * to *n how many.  They are in a, and some may not exist.
 */
const char *const *store_reads(
    const char *database, struct arena *a, size_t *n);

/* store_close(st): NULL is fine. */
void store_close(struct store *st);

/*
 * store_is_gone(st):
 * Return 1 if, since it was opened, the database was deleted, replaced or upgraded,
 * or failed in a way that a new connection may mend.
 */
int store_is_gone(struct store *st);

/*
 * store_set_now(st, now):
 * Tell the time to store_write, which then deletes some expired rows.  Without it
 * store_write deletes none.
 */
void store_set_now(struct store *st, int64_t now);

/* store_set_outbox_max(st, n): how many jobs the courier's outbox may have. */
void store_set_outbox_max(struct store *st, int64_t n);

/*
 * store_is_busy(st):
 * Return 1 if a call failed since store_forget_failure, for a reason that may pass:
 * a lock, a full disk.
 */
int store_is_busy(const struct store *st);
void store_forget_failure(struct store *st);

#endif
