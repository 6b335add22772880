/*
 * transaction.c: transactions of PostgreSQL.
 *
 * All that write are SERIALIZABLE: what a check found is still so at the commit,
 * and a revocation reaches rows that another transaction adds meanwhile.  The
 * server ends one of two that contradict each other, and store_write runs it again.
 *
 * A BEGIN goes to the server with the first statement, in one round trip.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "pg.h"

#define WAIT_MAX_MS 50

/* Those that contradicted each other do not meet again at once. */
static void
wait_a_little(int times)
{
	const int most = times > 5 ? WAIT_MAX_MS : times * times * 2;
	struct timespec t = { .tv_nsec =
		(long)(random() % (most * 1000 + 1)) * 1000 };

	(void)nanosleep(&t, NULL);
}

int
pg_begin(struct store *st, int writes)
{
	struct db *db = st->own;

	if (db->again > 1)
		wait_a_little(db->again);
	if (pg_connect(st) < 0)
		return -1;
	db->begun = WANTS_BEGIN;
	db->xid[0] = '\0';
	db->evidence = NULL;
	/* pg_send_begin looks at it before store.c has set it. */
	st->transaction = writes ? TX_WRITE : TX_READ;
	return 0;
}

void
pg_send_begin(struct store *st)
{
	struct db *db = st->own;

	db->begun = HAS_BEGUN;
	if (st->transaction == TX_READ) {
		pg_send(db, SENT_OTHER,
		    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
		return;
	}
	pg_send(db, SENT_OTHER, "BEGIN ISOLATION LEVEL SERIALIZABLE");
	if (!st->is_full)
		pg_send(db, SENT_OTHER, "SET LOCAL synchronous_commit = off");
	/* commit asks by this number, if its answer is lost. */
	if (!db->has_no_xid)
		pg_send(db, SENT_XID, "SELECT pg_current_xact_id()::text");
}

static int
after_lost_commit(struct store *st)
{
	const int was = pg_was_committed(st);

	if (was == 1)
		return 0;
	st->fault = was == 0 ? FAULT_AGAIN : FAULT_PASSES;
	if (was < 0)
		log_event("database %s: the connection was lost during a commit;"
			  " whether it was made is not known", st->shown);
	return -1;
}

int
pg_commit(struct store *st)
{
	struct db *db = st->own;
	const int begun = db->begun == HAS_BEGUN;
	PGresult *res;
	int is_done;

	db->is_warned = 0;
	if (db->begun == NOT_BEGUN) {
		log_event("database: COMMIT: no transaction has begun");
		st->fault = FAULT_LASTS;
		return -1;
	}
	/* Its number is known before its COMMIT is sent. */
	if (begun && db->n_sent > 0 && db->xid[0] == '\0' && pg_flush(st) < 0)
		return -1;
	db->begun = NOT_BEGUN;
	if (!begun)
		return 0;
	pg_send(db, SENT_WANTED, "COMMIT");
	pg_sync(db);
	if ((res = pg_receive(st, "COMMIT")) == NULL) {
		/* If what went with it failed, the server did not come to COMMIT. */
		if (!pg_is_lost(db) && db->failed_at != SENT_WANTED)
			db->begun = HAS_BEGUN;
		return pg_is_lost(db) ? after_lost_commit(st) : -1;
	}
	/* The server says ROLLBACK to the commit of what had failed. */
	is_done = strcmp(PQcmdStatus(res), "COMMIT") == 0;
	PQclear(res);
	if (!is_done)
		st->fault = FAULT_LASTS;
	/* "canceling wait for synchronous replication": no standby has it yet. */
	else if (db->is_warned && pg_confirm(st) < 0) {
		st->fault = FAULT_PASSES;
		is_done = 0;
	}
	db->again = is_done ? 0 : db->again;
	return is_done ? 0 : -1;
}

/* Its answer is read with that of the next batch. */
void
pg_rollback(struct store *st)
{
	struct db *db = st->own;
	const enum fault fault = st->fault;

	/* Whether what was not read yet has failed is of no interest any more. */
	if (db->begun == HAS_BEGUN && !pg_is_lost(db) && db->n_sent > 0) {
		(void)pg_flush(st);
		st->fault = fault;
	}
	if (db->begun == HAS_BEGUN && !pg_is_lost(db)) {
		pg_send(db, SENT_OTHER, "ROLLBACK");
		pg_sync(db);
		(void)PQflush(db->conn);
	}
	db->begun = NOT_BEGUN;
}
