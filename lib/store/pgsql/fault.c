/* fault.c: why PostgreSQL failed, and what an administrator can do about it. */
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "pg.h"

#define SHOWN 48 /* bytes of a statement are enough to know it in a log */

/* PostgreSQL, Appendix A: SQLSTATE.  A code of two characters is a class. */
static const struct cure {
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

/* The row of a code, or NULL. */
static const struct cure *
find_cure(const char *code)
{
	for (size_t i = 0; code != NULL && i < sizeof(cures) / sizeof(cures[0]);
	     i++)
		if (strncmp(code, cures[i].code, strlen(cures[i].code)) == 0)
			return &cures[i];
	return NULL;
}

/*
 * Return 1 if nothing more will come over the connection, else 0.  libpq says so only
 * when it has read the end of it.  Before that it hands over what the server said
 * last: a FATAL error (PostgreSQL, "Message Formats", ErrorResponse), or a warning
 * and then an error of its own, without a code, that nothing can be sent.
 */
static int
is_last(const struct db *db, const PGresult *res, const char *code)
{
	const char *severity =
	    PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (severity == NULL) /* a pooler has only the other field */
		severity = PQresultErrorField(res, PG_DIAG_SEVERITY);
	return pg_is_lost(db) || code == NULL ||
	    strcmp(code, "25006") == 0 || /* another server is to be asked */
	    (severity != NULL && (strcmp(severity, "FATAL") == 0 ||
				     strcmp(severity, "PANIC") == 0));
}

int
pg_fail(struct store *st, const PGresult *res, const char *what)
{
	struct db *db = st->own;
	const char *code = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const struct cure *c = find_cure(code);
	const int is_over = is_last(db, res, code);

	snprintf(db->code, sizeof(db->code), "%s", code == NULL ? "" : code);
	st->fault = c != NULL ? c->fault : is_over ? FAULT_AGAIN : FAULT_LASTS;
	if (code != NULL && (strcmp(code, "26000") == 0 ||
				strcmp(code, "42P05") == 0))
		db->is_unnamed = 1;
	if (c == NULL || !c->is_quiet)
		log_it(st, res, what,
		    c == NULL || c->cure == NULL ? "" : c->cure);
	if (is_over) {
		PQfinish(db->conn);
		db->conn = NULL;
	}
	/*
	 * store_write alone runs a transaction again.  What was read before cannot
	 * be read again: the caller answers 503.
	 */
	if (st->fault == FAULT_AGAIN) {
		db->again++;
		if (st->transaction != TX_WRITE)
			st->fault = FAULT_PASSES;
	}
	return -1;
}
