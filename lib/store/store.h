/*
 * store.h: the database; store_write.h: transactions; store_NOUN.h: what is in it.  Nothing
 * here shows which engine it is.
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
 * Results are alike everywhere: 1 for found or done, 0 for there is none, -1 for
 * a database error, which is logged.  Strings that come out live in the arena.
 */

/*
 * store_open(database, full):
 * Open the database that the setting names: a path.  Each commit is on disk when
 * it returns if full is set; else a power cut may take the last answers with it.
 * Return it; NULL, logged, if it is not there, is no database of ours, has another
 * version of the schema than this program, or is older than what was answered, as
 * a copy that was put back.
 */
struct store *store_open(const char *database, int full);

/*
 * store_open_to_read(database):
 * The same for a program that writes nothing.  The engine may still write what its
 * locks need.
 */
struct store *store_open_to_read(const char *database);

/*
 * store_open_put_back(database, full):
 * The same, also of a database that is older than what was answered, for a caller
 * that is about to revoke all that is in it: store_ledger.h.
 */
struct store *store_open_put_back(const char *database, int full);

/*
 * store_serve_one(st):
 * The connection serves one request, as in plain CGI: its close leaves to others
 * what can wait.
 */
void store_serve_one(struct store *st);

/* store_idle(st): the answer is out, and nobody waits: do what was put off. */
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
	const char *begins;	/* with these bytes; NULL: it has nothing secret */
};

/*
 * store_files(database, a, n):
 * Return the files of the database, *n of them, in a: first the one that the
 * setting names.  A database on another machine has none.
 */
const struct store_file *store_files(
    const char *database, struct arena *a, size_t *n);

/* store_close(st): NULL is fine. */
void store_close(struct store *st);

/*
 * store_is_gone(st):
 * Return 1 if the database was deleted, replaced or upgraded since, or failed in a
 * way that a new connection may mend.
 */
int store_is_gone(struct store *st);

/*
 * store_set_now(st, now):
 * The time by which rows have expired, for the purge of store_write.  Until it is
 * set nothing is purged.
 */
void store_set_now(struct store *st, int64_t now);

/*
 * store_is_busy(st), store_forget_failure(st):
 * Was a -1 since the last forgetting one that may pass: a lock, a full disk?
 */
int store_is_busy(const struct store *st);
void store_forget_failure(struct store *st);

#endif
