/*
 * engine.h: a database engine is a row of functions, and a folder of lib/store.
 * Only lib/store includes this.
 */
#ifndef CARNET_ENGINE_H
#define CARNET_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "sql.h"

struct arena;
struct store_changes;
struct store_file;
struct store_health;
struct value;

#define SCHEMA_VERSION 1 /* the statements of sql.c are for this one */

/* Why a call failed.  The engine says so in st->fault when it logs it. */
enum fault {
	FAULT_NONE,
	FAULT_LASTS,	/* it lasts until somebody mends it */
	FAULT_PASSES,	/* a lock, a full disk: the client may try again soon */
	FAULT_AGAIN,	/* the whole transaction must be run again */
};

/* How a database is opened. */
enum opening {
	OPEN_USUAL,
	OPEN_TO_READ,	/* the same, but nothing will be written */
	OPEN_PUT_BACK,	/* an old copy that was put back is opened too */
	OPEN_INSTALL,	/* it may have another version, or be made now */
};

struct store {
	const struct engine *engine;
	struct db *own;		/* the engine's own part */
	char *database;		/* as the setting has it */
	char *shown;		/* the same without a password */
	int is_full;		/* a commit is on disk when it returns */
	int serves_one;		/* the program is a plain CGI: one request */
	enum { TX_NONE, TX_READ, TX_WRITE } transaction; /* the open one */
	int takes_back, adds, guarded; /* a statement in it does so: sql.h */
	enum fault fault;	/* of the last call that failed */
	int64_t now;		/* rows expired before it; 0: delete none */
	int64_t outbox_max;	/* jobs; 0: not said */
	int (*purge)(struct store *st, int64_t now); /* store_expired_turn */
	unsigned purge_turn;	/* counts the turns; 0: begin at a random one */
	struct cache *cache;	/* store_cache.h; NULL: it is empty */
};

/* The current row of a statement that runs. */
struct row {
	struct store *st;
	struct arena *a;	/* for row_text */
	void *at;		/* for the engine */
};

/*
 * A function that returns int returns -1 if it fails, and then has logged it and
 * set st->fault.  Else it returns 0, if nothing else is said.
 */
struct engine {
	enum engine_id id;
	const char *schema;	/* the embedded file that makes a new database */

	/*
	 * takes(database): return 1 if this setting names this engine, or 0.
	 * shown(database, a): the setting without its password; if shown is NULL, no
	 * setting of this engine has one.
	 */
	int (*takes)(const char *database);
	const char *(*shown)(const char *database, struct arena *a);
	/* reach(database): enum store_reach of store.h; if it is NULL, in files. */
	int (*reach)(const char *database);
	/* reads: as store_reads of store.h; if it is NULL, none. */
	const char *const *(*reads)(
	    const char *database, struct arena *a, size_t *n);

	/*
	 * open(st, how): connect, and check the database.  OPEN_USUAL and
	 * OPEN_TO_READ refuse an old copy that was put back.  OPEN_INSTALL makes
	 * the database if it is not there; the others call store_has_version.
	 * close is called after a failure too.
	 * is_gone(st): return 1 if a new connection must be opened, or 0.
	 * serve_one(st), idle(st): as store.h says.
	 */
	int (*open)(struct store *st, enum opening how);
	void (*close)(struct store *st);
	int (*is_gone)(struct store *st);
	void (*serve_one)(struct store *st);
	void (*idle)(struct store *st);

	/*
	 * begin(st, writes): begin a transaction.  All that it reads is of one
	 * moment.  With writes, take the write lock.
	 * commit(st): when it returns, all that the transaction wrote or read is
	 * on disk (if st->is_full).
	 * rollback(st): it is called after a failure too; there may be nothing to
	 * undo.
	 */
	int (*begin)(struct store *st, int writes);
	int (*commit)(struct store *st);
	void (*rollback)(struct store *st);

	/*
	 * run(st, which, v, n): run a statement that gives no rows; return how
	 * many rows it changed.
	 * find(r, which, v, n): begin a statement that gives rows to r.
	 * next(r): go to the next row.  Return 1; 0 if there is none.
	 * end(r): it is called after each find, even one that failed.  A statement
	 * that writes is run to its end first.
	 */
	int (*run)(struct store *st, enum sql which, const struct value *v,
	    int n);
	int (*find)(struct row *r, enum sql which, const struct value *v, int n);
	int (*next)(struct row *r);
	int (*end)(struct row *r);

	/* The value of a column (NULL: 0 or NULL), valid until next or end. */
	int64_t (*get_int)(const struct row *r, int i);
	const char *(*get_text)(const struct row *r, int i, size_t *len);
	const void *(*get_bytes)(const struct row *r, int i, size_t *len);

	/*
	 * snapshot(st, out): in a transaction that reads, put to *out a number that
	 * every commit of every process changes; -1, not logged, if there is none.
	 */
	int (*snapshot)(struct store *st, uint64_t *out);

	/* changes(st, out): as store_changes.h says. */
	int (*changes)(struct store *st, struct store_changes *out);

	/*
	 * script(st, text): run several statements that give no rows: a schema.
	 * version(st): the version of the schema; 0: the database is empty.
	 * set_version(st, version): set it, in the transaction that changes it.
	 */
	int (*script)(struct store *st, const char *text);
	int (*version)(struct store *st);
	int (*set_version)(struct store *st, int version);

	/* As store_ledger.h and store.h say. */
	int (*ledger_state)(struct store *st);
	const struct store_file *(*files)(
	    const char *database, struct arena *a, size_t *n);
};

#define TABLE_COLUMNS_MAX 64

/* A table of the schema, for store_transfer.c. */
struct table {
	const char *name;
	const char *columns;	/* "a, b, c" */
	int n;			/* so many */
	int type[TABLE_COLUMNS_MAX]; /* VALUE_INT, VALUE_TEXT or VALUE_BYTES */
	int has_number;		/* the database gives ids, none of them twice */
};

/* For the command; the programs of cgi-bin/ are linked without it. */
struct engine_tools {
	/*
	 * As store_look.h, store_copy.h, store_ledger.h and store_purge.h say; look
	 * also connects st.
	 */
	void (*look)(
	    struct store *st, struct arena *a, struct store_health *out);
	int (*copy)(struct store *st, const char *path);
	int (*replace)(const char *database, const char *copy);
	int (*ledger_accept)(struct store *st);
	/*
	 * For store_transfer.h, in a transaction:
	 * rows(st, t, row, ctx): hand each row of t to row, which returns -1 to end.
	 * add_row(st, t, v), add_end(st, t): add rows, one table after the other.
	 * number(st, t, last): the highest id that was ever given to a row of t.
	 * set_number(st, t, last): the next one is higher.
	 */
	int (*rows)(struct store *st, const struct table *t,
	    int (*row)(void *ctx, const struct value *v), void *ctx);
	int (*add_row)(
	    struct store *st, const struct table *t, const struct value *v);
	int (*add_end)(struct store *st, const struct table *t);
	int (*number)(struct store *st, const struct table *t, int64_t *last);
	int (*set_number)(struct store *st, const struct table *t, int64_t last);
	int (*delete_orphans)(struct store *st, int64_t *gone);
};

extern const struct engine_tools engine_sqlite_tools; /* sqlite/tools.c */
extern const struct engine_tools engine_pgsql_tools;  /* pgsql/tools.c */

/* engine_tools_of(engine): the tools of that engine. */
const struct engine_tools *engine_tools_of(const struct engine *engine);

extern const struct engine engine_sqlite; /* sqlite/engine.c */
extern const struct engine engine_pgsql;  /* pgsql/engine.c: make PGSQL=1 */

/* engine_of(database): the engine that this setting names. */
const struct engine *engine_of(const char *database);

/* store_new(database, full): a store, not yet open; store_close frees it. */
struct store *store_new(const char *database, int full);

/* store_has_version(st, v): return 1 if v is SCHEMA_VERSION; 0, logged. */
int store_has_version(struct store *st, int v);

/*
 * It makes a version of the schema of the version before: SQL, and a function for
 * what SQL cannot do (NULL: none).  The function returns -1 on failure.
 */
struct upgrade {
	const char *script;
	int (*also)(struct store *st);
};

/*
 * store_upgrade(st, from, to, upgrades):
 * In a write transaction, bring the database from one version of the schema to
 * another: upgrades[v] makes version v + 1 of version v.  Version 0 is an empty
 * database, which gets the whole schema.  Return 0, or -1, logged.
 */
int store_upgrade(
    struct store *st, int from, int to, const struct upgrade *upgrades);

/*
 * The parts of store_write and store_read, for unit tests that stop halfway.
 * store_begin takes the write lock.  When store_commit returns 0, the data is on
 * disk.  store_rollback may be called when there is nothing to undo.
 */
int store_begin(struct store *st);
int store_commit(struct store *st);
void store_rollback(struct store *st);
int store_read_begin(struct store *st);
void store_read_end(struct store *st);

/* store_cache_end(st): free all that store_cache_put stored. */
void store_cache_end(struct store *st);

#endif
