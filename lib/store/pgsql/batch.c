/* batch.c: commands go to PostgreSQL in batches, one round trip each. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg.h"

#define PARAMETERS_MAX 32

static void
note(struct db *db, int kind, enum sql which)
{
	if (db->n_sent == SENT_MAX)
		errx(111, "more than %d commands in a batch", SENT_MAX);
	db->sent[db->n_sent++] =
	    (struct sent) { .kind = (unsigned char)kind, .which = which };
}

void
pg_send(struct db *db, int kind, const char *text)
{
	if (PQsendQueryParams(db->conn, text, 0, NULL, NULL, NULL, NULL,
		kind == SENT_WANTED))
		note(db, kind, 0);
}

/* The statement with $1 for ?1. */
static const char *
text_of(struct db *db, enum sql which)
{
	const struct statement *sql = &sql_table[which];
	const char *text = sql->own[ENGINE_PGSQL] != NULL
	    ? sql->own[ENGINE_PGSQL]
	    : sql->text;

	if (db->text[which] == NULL) {
		if ((db->text[which] = strdup(text)) == NULL)
			err(111, "store");
		for (char *p = db->text[which]; (p = strchr(p, '?')) != NULL;)
			*p = '$';
	}
	return db->text[which];
}

/* The highest N of $N. */
static int
parameters_of(const char *text)
{
	int most = 0, n;

	while ((text = strchr(text, '$')) != NULL) {
		n = (int)strtol(++text, NULL, 10);
		most = n > most ? n : most;
	}
	return most;
}

/* The values in PostgreSQL's binary forms.  A number has 8 bytes, the high one first. */
struct parameters {
	const char *data[PARAMETERS_MAX];
	int len[PARAMETERS_MAX], is_binary[PARAMETERS_MAX];
	unsigned char number[PARAMETERS_MAX][8];
};

static void
bind(struct parameters *p, const struct value *v, int n)
{
	if (n > PARAMETERS_MAX)
		errx(111, "%d values for one statement", n);
	for (int i = 0; i < n; i++) {
		p->is_binary[i] = 1;
		p->data[i] = v[i].data;
		p->len[i] = (int)v[i].len;
		if (v[i].type != VALUE_INT)
			continue;
		for (int k = 0; k < 8; k++)
			p->number[i][k] =
			    (unsigned char)((uint64_t)v[i].n >> (56 - 8 * k));
		p->data[i] = (const char *)p->number[i];
		p->len[i] = 8;
	}
}

/* A statement of another release of carnet has another text: its name has it, too. */
static void
name_of(struct db *db, enum sql which, char name[static 32])
{
	uint32_t h = 2166136261;

	for (const char *s = text_of(db, which); *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619;
	snprintf(name, 32, "carnet_%d_%08x", (int)which, (unsigned)h);
}

void
pg_send_statement(
    struct db *db, int kind, enum sql which, const struct value *v, int n)
{
	struct parameters p = { .data = { NULL } };
	char name[32];
	int sent;

	if (n != parameters_of(text_of(db, which)))
		errx(111, "%d values for: %s", n, text_of(db, which));
	bind(&p, v, n);
	if (db->is_unnamed) {
		sent = PQsendQueryParams(db->conn, text_of(db, which), n, NULL,
		    p.data, p.len, p.is_binary, 1);
	} else {
		name_of(db, which, name);
		if (!db->is_prepared[which] &&
		    PQsendPrepare(
			db->conn, name, text_of(db, which), 0, NULL)) {
			note(db, SENT_PREPARE, which);
			db->is_prepared[which] = 1; /* unless it fails */
		}
		sent = PQsendQueryPrepared(
		    db->conn, name, n, p.data, p.len, p.is_binary, 1);
	}
	if (sent)
		note(db, kind, which);
	pg_note_evidence(db, which, v);
}

void
pg_sync(struct db *db)
{
	if (PQpipelineSync(db->conn))
		note(db, SENT_SYNC, 0);
}

static int
is_error(const PGresult *res)
{
	const ExecStatusType is = PQresultStatus(res);

	return is != PGRES_COMMAND_OK && is != PGRES_TUPLES_OK;
}

/* Keep what the answer to s says.  Return it if the caller wants it; else NULL. */
static PGresult *
take(struct db *db, const struct sent *s, PGresult *res)
{
	if (is_error(res)) {
		if (s->kind == SENT_PREPARE)
			db->is_prepared[s->which] = 0;
		/* What follows an error in a batch is not run. */
		if (db->failed == NULL &&
		    PQresultStatus(res) != PGRES_PIPELINE_ABORTED) {
			db->failed = res;
			db->failed_at = s->kind;
			db->failed_which = s->which;
		} else {
			PQclear(res);
		}
		return NULL;
	}
	if (s->kind == SENT_WANTED)
		return res;
	if (s->kind == SENT_XID)
		snprintf(db->xid, sizeof(db->xid), "%s", PQgetvalue(res, 0, 0));
	PQclear(res);
	return NULL;
}

/* Read all answers, and put the wanted one to *wanted.  Return 0, or -1. */
static int
receive(struct store *st, const char *what, PGresult **wanted)
{
	struct db *db = st->own;
	PGresult *res;
	int is_lost = 0;

	*wanted = NULL;
	for (int i = 0; i < db->n_sent && !is_lost; i++) {
		if ((res = PQgetResult(db->conn)) == NULL) {
			is_lost = 1;
		} else if (db->sent[i].kind == SENT_SYNC) {
			is_lost = PQresultStatus(res) != PGRES_PIPELINE_SYNC;
			PQclear(res);
		} else {
			if ((res = take(db, &db->sent[i], res)) != NULL)
				*wanted = res;
			/* The end of one command. */
			while ((res = PQgetResult(db->conn)) != NULL)
				PQclear(res);
		}
	}
	db->n_sent = 0;
	if (!is_lost && db->failed == NULL)
		return 0;
	if (db->failed != NULL && db->failed_at == SENT_LATER)
		what = sql_table[db->failed_which].text;
	pg_fail(st, db->failed, what);
	PQclear(db->failed);
	db->failed = NULL;
	PQclear(*wanted);
	*wanted = NULL;
	return -1;
}

PGresult *
pg_receive(struct store *st, const char *what)
{
	PGresult *wanted;

	/* Without an error there is no answer only if it could not be sent. */
	if (receive(st, what, &wanted) == 0 && wanted == NULL)
		pg_fail(st, NULL, what);
	return wanted;
}

int
pg_flush(struct store *st)
{
	PGresult *none;

	pg_sync(st->own);
	return receive(st, "a batch", &none);
}

PGresult *
pg_simple(struct store *st, const char *text)
{
	struct db *db = st->own;
	PGresult *res;

	if (db->begun == WANTS_BEGIN)
		pg_send_begin(st);
	if (db->n_sent > 0) {
		pg_send(db, SENT_WANTED, "SELECT 1");
		pg_sync(db);
		if ((res = pg_receive(st, text)) == NULL)
			return NULL;
		PQclear(res);
	}
	if (!PQexitPipelineMode(db->conn)) {
		pg_fail(st, NULL, text);
		return NULL;
	}
	res = PQexec(db->conn, text);
	if (res == NULL || is_error(res)) {
		pg_fail(st, res, text);
		PQclear(res);
		res = NULL;
	}
	(void)PQenterPipelineMode(db->conn);
	return res;
}
