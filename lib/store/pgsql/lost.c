/*
 * lost.c: the connection to PostgreSQL was lost while the server committed: was the
 * transaction committed?
 *
 * pg_xact_status says so by the transaction's number.  If it says "aborted", that is
 * so.  It is so, too, if the server says that it has not given this number yet: it
 * crashed, or took the place of one that did, before the number was written down.
 * If it says "committed", that may be another transaction: a server that crashed,
 * or a standby in its place, gives a number again that it had not yet written down.
 * So a row that the transaction added must be there, too.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "pg.h"
#include "store_granted.h"

#define LOOK_TRIES 50 /* 100 ms each: the server ends what its client left */

/* The key is random: nobody else adds a row that has it. */
struct evidence {
	enum sql which;
	int parameter;		/* of the statement, from 1 */
	const char *look;	/* finds the row */
};

#define LOOK(table, column) "SELECT 1 FROM " table " WHERE " column " = $1"

static const struct evidence all[] = {
	{ .which = SQL_ACCESS_ADD, .parameter = 1,
	    .look = LOOK("oauth_access_tokens", "id") },
	{ .which = SQL_CODE_ADD, .parameter = GRANTED_N + 1,
	    .look = LOOK("oauth_auth_codes", "digest") },
	{ .which = SQL_DEVICE_ADD, .parameter = GRANTED_N + 1,
	    .look = LOOK("oauth_device_codes", "digest") },
	{ .which = SQL_SESSION_ADD, .parameter = 1,
	    .look = LOOK("sessions", "digest") },
	{ .which = SQL_PUSHED_ADD, .parameter = 1,
	    .look = LOOK("pushed_requests", "digest") },
	{ .which = SQL_LINK_ADD, .parameter = 1,
	    .look = LOOK("links", "digest") },
};

void
pg_note_evidence(struct db *db, enum sql which, const struct value *v)
{
	const struct value *key;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].which != which)
			continue;
		key = &v[all[i].parameter - 1];
		if (key->len > EVIDENCE_MAX)
			errx(111, "a key of %zu bytes", key->len);
		memcpy(db->key, key->data, key->len);
		db->key_len = key->len;
		db->evidence = &all[i];
	}
}

/* What the server says of the transaction: 1, 0 or -1. */
static int
status_of(struct store *st, const char *xid)
{
	static const struct timespec pause = { .tv_nsec = 100000000 };
	char text[96];
	PGresult *res;
	int is = -1;

	if (*xid == '\0' || xid[strspn(xid, "0123456789")] != '\0')
		return -1;
	snprintf(text, sizeof(text), "SELECT pg_xact_status('%s'::xid8)", xid);
	for (int tries = 0; tries < LOOK_TRIES; tries++) {
		st->own->code[0] = '\0';
		if (pg_connect(st) == 0 && (res = pg_simple(st, text)) != NULL) {
			if (strcmp(PQgetvalue(res, 0, 0), "committed") == 0)
				is = 1;
			else if (strcmp(PQgetvalue(res, 0, 0), "aborted") == 0)
				is = 0;
			PQclear(res);
		} else if (strcmp(st->own->code, "22023") == 0) {
			is = 0;
		}
		if (is >= 0)
			break;
		(void)nanosleep(&pause, NULL);
	}
	return is;
}

/* Return 1 if the row is there, else 0. */
static int
has_row(struct store *st, const struct evidence *ev)
{
	struct db *db = st->own;
	const char *data = (const char *)db->key;
	const int len = (int)db->key_len, is_binary = 1;
	PGresult *res;
	int is;

	if (!PQexitPipelineMode(db->conn))
		return 0;
	res = PQexecParams(
	    db->conn, ev->look, 1, NULL, &data, &len, &is_binary, 0);
	is = PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) == 1;
	PQclear(res);
	(void)PQenterPipelineMode(db->conn);
	return is;
}

/*
 * The commits of a server are on its disk, and on its standbys, in their order: when
 * this one is, those before it are.
 */
int
pg_confirm(struct store *st)
{
	PGresult *res;
	int is_safe;

	st->own->is_warned = 0;
	res = pg_simple(st, "BEGIN ISOLATION LEVEL READ COMMITTED; UPDATE ledger"
			    " SET minute = minute; COMMIT");
	is_safe = res != NULL && !st->own->is_warned;
	PQclear(res);
	return is_safe ? 0 : -1;
}

int
pg_was_committed(struct store *st)
{
	struct db *db = st->own;
	char xid[sizeof(db->xid)];
	int is;

	memcpy(xid, db->xid, sizeof(xid));
	is = status_of(st, xid);
	if (is == 1 && (db->evidence == NULL || pg_confirm(st) < 0 ||
			   !has_row(st, db->evidence)))
		is = -1;
	return is;
}
