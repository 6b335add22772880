/*
 * store.h: the database, and transactions; store_NOUN.h: what is in it.  That
 * is all that others see of it: no engine shows here.
 */
#ifndef CARNET_STORE_H
#define CARNET_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "id.h"

struct arena;
struct store; /* one connection, with its prepared statements */

/* A primary key of a table of tokens, an id or a digest; len 0: before all. */
struct rowkey {
	uint8_t byte[DIGEST_LEN];
	int len;
};

/*
 * Results are alike everywhere: 1 for found or done, 0 for there is none, -1 for
 * a database error, which is logged.  Strings that come out live in the arena.
 */

/*
 * store_open(path, full):
 * Open the database at path, each commit synced to disk if full is set, else
 * at checkpoints alone (a power cut may then take the last answers with it).
 * Return it; NULL, logged, if it is not there, is no database of ours, has
 * another version of the schema than this program, cannot be in WAL mode, or is
 * older than what was answered, as a copy that was put back.
 */
struct store *store_open(const char *path, int full);

/*
 * store_open_put_back(path, full):
 * The same, also of a database that is older than what was answered, for who is
 * about to revoke all that is in it: store_ledger.h.
 */
struct store *store_open_put_back(const char *path, int full);

/*
 * store_once(st):
 * The connection serves one request, as plain CGI does.  Its close leaves the
 * write-ahead log to the next, where SQLite would copy it to the database and
 * sync that too; a short log is copied by the next who rests.  What was
 * committed is on disk all the same: in the log.
 */
void store_once(struct store *st);

/*
 * store_rest(st):
 * The answer is out, and nobody waits: copy a log that has grown long to the
 * database.
 */
void store_rest(struct store *st);

/*
 * store_install(path):
 * Create the database at path, mode 0600, or bring an older one up to date.
 * Return 1 if anything was done, 0 if it was up to date, -1 logged: a newer one
 * is refused.
 */
int store_install(const char *path);

/* store_close(st): NULL is fine. */
void store_close(struct store *st);

/*
 * store_is_gone(st):
 * Return 1 if the file was deleted or replaced since, or failed in a way that a
 * new connection may mend.
 */
int store_is_gone(struct store *st);

/*
 * store_begin(st), store_commit(st), store_rollback(st):
 * A write transaction: begun with the write lock (or -1 when that was not to be
 * had within 5 seconds), done at commit, on disk when commit returns 0, and so is
 * all that it saw.
 */
int store_begin(struct store *st);
int store_commit(struct store *st);
void store_rollback(struct store *st);

/*
 * store_read(st), store_read_end(st):
 * What is read in between is of one moment.  No write may be.  0, or -1.
 */
int store_read(struct store *st);
void store_read_end(struct store *st);

/*
 * store_is_busy(st), store_forget_failure(st):
 * Was a -1 since the last forgetting one that may pass: a lock, a full disk?
 */
int store_is_busy(const struct store *st);
void store_forget_failure(struct store *st);

#endif
