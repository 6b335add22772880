/* fault.c: why PostgreSQL failed, and what an administrator can do about it. */
#include <string.h>

#include "log.h"
#include "pg.h"

#define SHOWN 48 /* bytes of a statement are enough to know it in a log */

/* PostgreSQL, Appendix A: SQLSTATE.  A code of two characters is a class. */
static const struct {
	const char *code;
	enum fault fault;
	int is_quiet;	/* it is part of normal work */
	const char *cure;
} cures[] = {
	{ .code = "40001", .fault = FAULT_AGAIN, .is_quiet = 1 },
	{ .code = "40P01", .fault = FAULT_AGAIN, .is_quiet = 1 },
	/* Another transaction added the row that this one looked for in vain. */
	{ .code = "23505", .fault = FAULT_AGAIN, .is_quiet = 1 },
	/* A pooler: this connection has not, or has already, what was prepared. */
	{ .code = "26000", .fault = FAULT_AGAIN },
	{ .code = "42P05", .fault = FAULT_AGAIN },
	/* It became a standby: another server has taken its place. */
	{ .code = "25006", .fault = FAULT_AGAIN },
	{ .code = "57P", .fault = FAULT_AGAIN },
	{ .code = "08", .fault = FAULT_AGAIN },
	{ .code = "53100", .fault = FAULT_PASSES,
	    .cure = "; make room on the server's disk" },
	{ .code = "53300", .fault = FAULT_PASSES,
	    .cure = "; raise the server's max_connections" },
	{ .code = "53", .fault = FAULT_PASSES },
	{ .code = "55", .fault = FAULT_PASSES },
	{ .code = "57014", .fault = FAULT_PASSES },
	{ .code = "42501", .fault = FAULT_LASTS,
	    .cure = "; the database's owner must be carnet's user there" },
	{ .code = "42P01", .fault = FAULT_LASTS,
	    .cure = "; carnet install makes the tables" },
};

static void
log_it(const struct store *st, const PGresult *res, const char *what,
    const char *cure)
{
	const char *message = res == NULL ? NULL : PQresultErrorMessage(res);

	if (message == NULL || *message == '\0')
		message = PQerrorMessage(st->own->conn);
	log_event("database: %.*s: %.*s%s", SHOWN, what,
	    (int)strcspn(message, "\n"), message, cure);
}

int
pg_fail(struct store *st, const PGresult *res, const char *what)
{
	struct db *db = st->own;
	const char *code =
	    res == NULL ? NULL : PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *cure = "";
	int is_quiet = 0;

	/* A lost connection has no code. */
	st->fault = pg_is_lost(db) || code == NULL ? FAULT_AGAIN : FAULT_LASTS;
	for (size_t i = 0; code != NULL && i < sizeof(cures) / sizeof(cures[0]);
	     i++)
		if (strncmp(code, cures[i].code, strlen(cures[i].code)) == 0) {
			st->fault = cures[i].fault;
			is_quiet = cures[i].is_quiet;
			cure = cures[i].cure == NULL ? "" : cures[i].cure;
			break;
		}
	if (code != NULL && (strcmp(code, "26000") == 0 ||
				strcmp(code, "42P05") == 0))
		db->is_unnamed = 1;
	if (!is_quiet)
		log_it(st, res, what, cure);
	/* This server is no longer the one to talk to. */
	if (code != NULL && strcmp(code, "25006") == 0) {
		PQfinish(db->conn);
		db->conn = NULL;
	}
	/* What was read before cannot be read again: the caller answers 503. */
	if (st->fault == FAULT_AGAIN) {
		db->again++;
		if (st->transaction == TX_READ)
			st->fault = FAULT_PASSES;
	}
	return -1;
}
