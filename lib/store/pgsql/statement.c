/* statement.c: a statement is sent to PostgreSQL, and its rows are read. */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "pg.h"
#include "utf8.h"

/* The rows of a statement.  The server sends all of them at once. */
struct cursor {
	PGresult *res;	/* NULL: there are none */
	int next;
};

static int
writes(enum sql which)
{
	return strncmp(sql_table[which].text, "SELECT", 6) != 0;
}

/* PostgreSQL has no text that is not UTF-8: no row can have it. */
static int
is_text(const struct value *v, int n)
{
	for (int i = 0; i < n; i++)
		if (v[i].type == VALUE_TEXT && v[i].data != NULL &&
		    utf8_count(v[i].data, v[i].len) < 0)
			return 0;
	return 1;
}

/* There is a connection, and BEGIN is the first in its batch; 0, or -1. */
static int
make_ready(struct store *st)
{
	struct db *db = st->own;

	if (pg_is_lost(db) && (db->begun == HAS_BEGUN || pg_connect(st) < 0)) {
		st->fault = st->transaction == TX_WRITE ? FAULT_AGAIN
							: FAULT_PASSES;
		return -1;
	}
	if (st->transaction != TX_NONE && db->begun != HAS_BEGUN)
		pg_send_begin(st);
	return 0;
}

static PGresult *
run_once(struct store *st, enum sql which, const struct value *v, int n)
{
	struct db *db = st->own;

	if (make_ready(st) < 0)
		return NULL;
	pg_send_statement(db, SENT_WANTED, which, v, n);
	pg_sync(db);
	return pg_receive(st, sql_table[which].text);
}

/*
 * The connection may be found to be lost, or to be a pooler's.  Nothing of the
 * transaction was read yet: it begins again.
 */
static PGresult *
run_first(struct store *st, enum sql which, const struct value *v, int n)
{
	struct db *db = st->own;
	const int is_first = db->begun != HAS_BEGUN, had_names = !db->is_unnamed;
	PGresult *res = run_once(st, which, v, n);

	if (res == NULL && is_first && st->transaction != TX_WRITE &&
	    (pg_is_lost(db) || (had_names && db->is_unnamed))) {
		pg_rollback(st);
		db->begun = st->transaction == TX_NONE ? NOT_BEGUN : WANTS_BEGIN;
		res = run_once(st, which, v, n);
	}
	return res;
}

struct alone {
	enum sql which;
	const struct value *v;
	int n;
	PGresult *res;
};

static int
alone_step(struct store *st, void *ctx)
{
	struct alone *al = ctx;

	PQclear(al->res);
	al->res = run_once(st, al->which, al->v, al->n);
	return al->res == NULL ? -1 : 0;
}

/* A statement that writes is serializable by itself, too. */
static PGresult *
run_statement(struct store *st, enum sql which, const struct value *v, int n)
{
	struct alone al = { .which = which, .v = v, .n = n };

	if (st->transaction != TX_NONE || !writes(which))
		return run_first(st, which, v, n);
	if (store_write(st, alone_step, &al) < 0) {
		PQclear(al.res);
		return NULL;
	}
	return al.res;
}

/*
 * The statement goes with the next one, or with COMMIT: no round trip of its own.  If
 * it fails, so does that one.
 */
static int
run_later(struct store *st, enum sql which, const struct value *v, int n)
{
	struct db *db = st->own;

	if (make_ready(st) < 0 ||
	    (db->n_sent > SENT_MAX - SENT_ROOM && pg_flush(st) < 0))
		return -1;
	pg_send_statement(db, SENT_LATER, which, v, n);
	return 1;
}

int
pg_run(struct store *st, enum sql which, const struct value *v, int n)
{
	PGresult *res;
	int changed;

	if (sql_table[which].later && st->transaction == TX_WRITE)
		return run_later(st, which, v, n);
	res = run_statement(st, which, v, n);
	if (res == NULL)
		return -1;
	changed = (int)strtol(PQcmdTuples(res), NULL, 10);
	PQclear(res);
	return changed;
}

int
pg_find(struct row *r, enum sql which, const struct value *v, int n)
{
	struct cursor *c;
	PGresult *res = NULL;

	if (writes(which) || is_text(v, n)) {
		if ((res = run_statement(r->st, which, v, n)) == NULL)
			return -1;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL)
		err(111, "store");
	c->res = res;
	c->next = 0;
	r->at = c;
	return 0;
}

int
pg_next(struct row *r)
{
	struct cursor *c = r->at;

	if (c->res == NULL || c->next >= PQntuples(c->res))
		return 0;
	c->next++;
	return 1;
}

int
pg_end(struct row *r)
{
	struct cursor *c = r->at;

	if (c == NULL)
		return -1;
	PQclear(c->res);
	free(c);
	return 0;
}

/* A number has 1, 2, 4 or 8 bytes, by its type; the high one comes first. */
int64_t
pg_get_int(const struct row *r, int i)
{
	const struct cursor *c = r->at;
	const unsigned char *b =
	    (const unsigned char *)PQgetvalue(c->res, c->next - 1, i);
	const int len = PQgetlength(c->res, c->next - 1, i);
	uint64_t n = 0;

	if (len == 0)
		return 0;
	for (int k = 0; k < len; k++)
		n = n << 8 | b[k];
	if (len < 8 && b[0] >> 7)
		n |= ~UINT64_C(0) << 8 * len;
	return (int64_t)n;
}

const void *
pg_get_bytes(const struct row *r, int i, size_t *len)
{
	const struct cursor *c = r->at;

	*len = (size_t)PQgetlength(c->res, c->next - 1, i);
	return PQgetisnull(c->res, c->next - 1, i)
	    ? NULL
	    : PQgetvalue(c->res, c->next - 1, i);
}

const char *
pg_get_text(const struct row *r, int i, size_t *len)
{
	return pg_get_bytes(r, i, len);
}
