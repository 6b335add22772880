/* pg.h: one connection to PostgreSQL: for this folder alone. */
#ifndef CARNET_PG_H
#define CARNET_PG_H

#include <libpq-fe.h>

#include "engine.h"
#include "query.h"
#include "store.h"
#include "store_ledger.h"
#include "store_look.h"

#define SENT_MAX 24
#define SENT_ROOM 8 /* for what may follow one that goes later */
#define EVIDENCE_MAX 32 /* bytes */

struct evidence;

/* A command that was sent, and whose answer was not read yet. */
struct sent {
	enum sent_kind {
		SENT_OTHER,	/* its answer has no rows that somebody wants */
		SENT_PREPARE,	/* it prepares the statement which */
		SENT_XID,	/* its answer is the number of the transaction */
		SENT_WANTED,	/* its answer is what the caller waits for */
		SENT_LATER,	/* the statement which, when others are sent */
		SENT_SYNC,	/* the end of a batch */
	} kind;
	enum sql which;
};

struct db {
	PGconn *conn;		/* in pipeline mode, but for pg_simple */
	struct sent sent[SENT_MAX];
	int n_sent;
	unsigned char is_prepared[SQL_COUNT];
	/*
	 * A connection pooler hands each transaction to another connection, which
	 * lacks what was prepared: statements have no names then.  CockroachDB has
	 * no numbers of transactions.
	 */
	int is_unnamed, has_no_xid;
	enum { NOT_BEGUN, WANTS_BEGIN, HAS_BEGUN } begun;
	char xid[24];		/* of the transaction that writes; "" if unknown */
	const struct evidence *evidence; /* of that transaction, or NULL */
	unsigned char key[EVIDENCE_MAX];
	size_t key_len;
	int is_copying;		/* rows go to a table: transfer.c */
	int is_warned;		/* the server sent a warning since it was cleared */
	char code[6];		/* SQLSTATE of the last failure; "": it has none */
	int again;		/* failures in a row after which it is run again */
	PGresult *failed;	/* the first answer of a batch that is an error */
	enum sent_kind failed_at; /* what that answers, and which statement */
	enum sql failed_which;
	char *text[SQL_COUNT];	/* statements with $1 for ?1, made at first use */
};

/*
 * connect.c:
 * pg_connect(st): connect if there is no connection, or a lost one; 0, or -1,
 * logged.  A new connection has prepared nothing.
 * pg_is_lost(db): return 1 if the connection was lost, or was never made.
 * pg_shown(database, a): the setting without its password, for people.
 * pg_reach(database): as store_reach.
 * pg_reads(database, a, n): as store_reads.
 */
int pg_connect(struct store *st);
int pg_is_lost(const struct db *db);
const char *pg_shown(const char *database, struct arena *a);
int pg_reach(const char *database);
const char *const *pg_reads(const char *database, struct arena *a, size_t *n);

/*
 * batch.c: several commands go to the server at once, in one round trip.
 * pg_send(db, kind, text): add a command without parameters.
 * pg_send_statement(db, kind, which, v, n): add a statement, and its preparation if
 * it has none.  It is the wanted one, or one that goes with later ones.
 * pg_sync(db): end the batch and send it, without waiting for its answer.
 * pg_flush(st): end the batch, and read all answers, none of which is wanted; 0, or -1
 * if a command failed: logged; st->fault is set.
 * pg_receive(st, what): read all answers.  Return the wanted one, to be cleared; or
 * NULL if a command failed: logged, with what; st->fault is set.
 * pg_simple(st, text): run SQL in which there may be several statements.  Return
 * the answer of the last one, or NULL as above.
 */
void pg_send(struct db *db, int kind, const char *text);
void pg_send_statement(struct db *db, int kind, enum sql which,
    const struct value *v, int n);
void pg_sync(struct db *db);
int pg_flush(struct store *st);
PGresult *pg_receive(struct store *st, const char *what);
PGresult *pg_simple(struct store *st, const char *text);

/*
 * fault.c: pg_fail(st, res, what): log why res failed (NULL: there is no answer); set
 * st->fault; close a connection over which nothing more will come; return -1.
 */
int pg_fail(struct store *st, const PGresult *res, const char *what);

/*
 * lost.c: the connection was lost while the server committed.
 * pg_note_evidence(db, which, v): remember a row that this statement adds, if nobody
 * else can add one with its key.
 * pg_was_committed(st): return 1 if the transaction was committed, and is as safe as
 * any other; 0 if it was not; -1 if that cannot be known.
 * pg_confirm(st): wait until all that was committed before is as safe as a commit that
 * was answered; 0, or -1, logged.
 */
void pg_note_evidence(
    struct db *db, enum sql which, const struct value *v);
int pg_was_committed(struct store *st);
int pg_confirm(struct store *st);

/* transaction.c: as engine.h has them.  pg_send_begin(st): add what begins one. */
int pg_begin(struct store *st, int writes);
int pg_commit(struct store *st);
void pg_rollback(struct store *st);
void pg_send_begin(struct store *st);

/* statement.c: as engine.h has them. */
int pg_run(struct store *st, enum sql which, const struct value *v, int n);
int pg_find(struct row *r, enum sql which, const struct value *v, int n);
int pg_next(struct row *r);
int pg_end(struct row *r);
int64_t pg_get_int(const struct row *r, int i);
const char *pg_get_text(const struct row *r, int i, size_t *len);
const void *pg_get_bytes(const struct row *r, int i, size_t *len);

/* transfer.c, for the command alone: as engine.h has them. */
int pg_rows(struct store *st, const struct table *t,
    int (*row)(void *ctx, const struct value *v), void *ctx);
int pg_add_row(
    struct store *st, const struct table *t, const struct value *v);
int pg_add_end(struct store *st, const struct table *t);
int pg_number(struct store *st, const struct table *t, int64_t *last);
int pg_set_number(struct store *st, const struct table *t, int64_t last);

/* look.c: as engine.h has it. */
void pg_look(struct store *st, struct arena *a, struct store_health *out);
int pg_version(struct store *st);

#endif
