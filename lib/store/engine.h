/*
 * engine.h: what a database engine is: a row of functions.  For lib/store alone;
 * each engine is a folder of it.
 */
#ifndef CARNET_ENGINE_H
#define CARNET_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "sql.h"

struct arena;
struct store_file;
struct store_health;
struct value;

#define SCHEMA_VERSION 1 /* which the statements of sql.c are for */

/* Why a call failed.  The engine says so in st->fault when it logs it. */
enum fault {
	FAULT_NONE,
	FAULT_LASTS,	/* until somebody mends it */
	FAULT_PASSES,	/* a lock, a full disk: the client may try again soon */
	FAULT_AGAIN,	/* the transaction must be run again from its begin */
};

/* What is to be opened. */
enum opening {
	OPEN_USUAL,
	OPEN_TO_READ,	/* the same; nothing will be written */
	OPEN_PUT_BACK,	/* also a database that is older than what was answered */
	OPEN_INSTALL,	/* also one of another version, or a new one */
};

struct store {
	const struct engine *engine;
	struct db *own;		/* the engine's own part */
	char *database;		/* as the setting has it */
	int is_full;		/* a commit is on disk when it returns */
	int serves_one;		/* of a plain CGI program: one request */
	enum { TX_NONE, TX_READ, TX_WRITE } transaction; /* the open one */
	int takes_back, adds;	/* of the statements in it: sql.h */
	enum fault fault;	/* of the last call that failed */
	int64_t now;		/* by which rows have expired; 0: purge none */
	int (*purge)(struct store *st, int64_t now); /* store_expired_turn */
	unsigned purge_turn;	/* of which kind of row; 0: drawn at first use */
	struct cache *cache;	/* NULL: nothing was kept yet */
};

/* The row at hand of a statement that is under way. */
struct row {
	struct store *st;
	struct arena *a;	/* for row_text */
	void *at;		/* the engine's */
};

/*
 * Functions that return int return -1 when they fail, logged, with st->fault set;
 * else 0, if nothing else is said.
 */
struct engine {
	enum engine_id id;
	const char *schema;	/* the embedded file that makes a new database */

	/* takes(database): is the value of the setting one for this engine? */
	int (*takes)(const char *database);

	/*
	 * open(st, how): connect, and see that the database is whole, and for
	 * the first two not older than what was answered.  With OPEN_INSTALL make it
	 * if it is not there; else see that store_has_version.  close is called
	 * after a failure too.
	 * is_gone(st): must the connection be opened anew?
	 * serve_one(st), idle(st): of store.h.
	 */
	int (*open)(struct store *st, enum opening how);
	void (*close)(struct store *st);
	int (*is_gone)(struct store *st);
	void (*serve_one)(struct store *st);
	void (*idle)(struct store *st);

	/*
	 * begin(st, writes): begin a transaction, of which all reads are of one
	 * moment; with writes, take what lets it write.
	 * commit(st): all that it wrote, or only saw, is on disk (if st->is_full).
	 * rollback(st): also after a failure; there may be nothing to undo.
	 */
	int (*begin)(struct store *st, int writes);
	int (*commit)(struct store *st);
	void (*rollback)(struct store *st);

	/*
	 * run(st, which, v, n): run a statement that gives no rows; rows changed.
	 * find(r, which, v, n): make r->st ready to give its rows.
	 * next(r): the next row is at hand, 1; there is none, 0.
	 * end(r): after find, whatever came of it; a statement that writes is run
	 * to its end first.
	 */
	int (*run)(struct store *st, enum sql which, const struct value *v,
	    int n);
	int (*find)(struct row *r, enum sql which, const struct value *v, int n);
	int (*next)(struct row *r);
	int (*end)(struct row *r);

	/* The value of a column; NULL is 0 and NULL.  Good until next or end. */
	int64_t (*get_int)(const struct row *r, int i);
	const char *(*get_text)(const struct row *r, int i, size_t *len);
	const void *(*get_bytes)(const struct row *r, int i, size_t *len);

	/*
	 * snapshot(st, out): in a transaction that reads, a number that changes
	 * with each commit of anybody; -1, not logged, if there is none.
	 */
	int (*snapshot)(struct store *st, uint64_t *out);

	/*
	 * script(st, text): run statements that give no rows, as a schema is.
	 * version(st): the version of the schema; 0: an empty database.
	 * set_version(st, version): set it, in the transaction of the change.
	 */
	int (*script)(struct store *st, const char *text);
	int (*version)(struct store *st);
	int (*set_version)(struct store *st, int version);

	/* As store_ledger.h and store.h say. */
	int (*ledger_state)(struct store *st);
	int (*ledger_accept)(struct store *st);
	const struct store_file *(*files)(
	    const char *database, struct arena *a, size_t *n);
};

/* What the command alone does; the programs are linked without it. */
struct engine_tools {
	/* As store_copy.h says; look connects st, too. */
	void (*look)(
	    struct store *st, struct arena *a, struct store_health *out);
	int (*copy)(struct store *st, const char *path);
	int (*replace)(const char *database, const char *copy);
};

extern const struct engine_tools engine_sqlite_tools; /* sqlite/tools.c */

/* engine_tools_of(engine): those of that engine. */
const struct engine_tools *engine_tools_of(const struct engine *engine);

extern const struct engine engine_sqlite; /* sqlite/engine.c */

/* engine_of(database): the engine of that value of the setting. */
const struct engine *engine_of(const char *database);

/* store_new(database, full): not open yet; for store_close. */
struct store *store_new(const char *database, int full);

/* store_has_version(st, v): is v this program's?  If not, log it; 1, or 0. */
int store_has_version(struct store *st, int v);

/*
 * What makes a version of the schema of the one before: statements, and what SQL
 * cannot do (NULL: nothing; it returns -1 on failure).
 */
struct upgrade {
	const char *script;
	int (*also)(struct store *st);
};

/*
 * store_upgrade(st, from, to, upgrades):
 * In a write transaction, bring the database from one version of the schema to
 * another: upgrades[v] makes version v + 1 of version v.  Version 0 is an empty
 * database; it gets the schema whole.  Return 0, or -1, logged.
 */
int store_upgrade(
    struct store *st, int from, int to, const struct upgrade *upgrades);

/*
 * What store_write and store_read are made of, for unit tests that stop halfway.
 * store_begin: with the write lock.  store_commit: on disk when it returns 0.
 * store_rollback: also when there is nothing to undo.
 */
int store_begin(struct store *st);
int store_commit(struct store *st);
void store_rollback(struct store *st);
int store_read_begin(struct store *st);
void store_read_end(struct store *st);

/* store_cache_end(st): free what store_cache_put has kept. */
void store_cache_end(struct store *st);

#endif
