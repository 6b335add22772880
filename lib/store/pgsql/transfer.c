/*
 * transfer.c: whole tables of PostgreSQL are read and written: store_transfer.h.
 *
 * Rows come one at a time (libpq, "Single-Row Mode") and go by COPY, in binary form.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "pg.h"

static int64_t
int_of(const char *bytes, int len)
{
	uint64_t n = 0;

	for (int i = 0; i < len; i++)
		n = n << 8 | (unsigned char)bytes[i];
	return (int64_t)n;
}

static struct value
value_of(const PGresult *res, int i, int type)
{
	const char *data = PQgetvalue(res, 0, i);

	if (PQgetisnull(res, 0, i))
		return V_NULL;
	if (type == VALUE_INT)
		return V_INT(int_of(data, PQgetlength(res, 0, i)));
	return (struct value) { .type = type == VALUE_TEXT ? VALUE_TEXT
							   : VALUE_BYTES,
		.data = data, .len = (size_t)PQgetlength(res, 0, i) };
}

/* Leave pipeline mode, in which there is no COPY, within the transaction. */
static int
leave_pipeline(struct store *st, const char *what)
{
	PGresult *res = pg_simple(st, "SELECT 1"); /* it sends the BEGIN, too */

	PQclear(res);
	if (res == NULL)
		return -1;
	return PQexitPipelineMode(st->own->conn) ? 0 : pg_fail(st, NULL, what);
}

/* Read what is left of a command's answer.  Return 0 if all of it is well. */
static int
end_command(struct store *st, const char *what)
{
	PGresult *res;
	int rc = 0;

	while ((res = PQgetResult(st->own->conn)) != NULL) {
		if (PQresultStatus(res) == PGRES_FATAL_ERROR && rc == 0)
			rc = pg_fail(st, res, what);
		PQclear(res);
	}
	if (st->own->conn != NULL && !pg_is_lost(st->own))
		(void)PQenterPipelineMode(st->own->conn);
	else if (rc == 0)
		rc = pg_fail(st, NULL, what);
	return rc;
}

int
pg_rows(struct store *st, const struct table *t,
    int (*row)(void *ctx, const struct value *v), void *ctx)
{
	struct value v[TABLE_COLUMNS_MAX];
	struct arena *a = arena_new();
	int rc = 0;
	PGresult *res;

	if (leave_pipeline(st, t->name) < 0) {
		arena_free(a);
		return -1;
	}
	if (!PQsendQueryParams(st->own->conn, arena_printf(a,
		"SELECT %s FROM %s", t->columns, t->name), 0, NULL, NULL, NULL,
		NULL, 1) || !PQsetSingleRowMode(st->own->conn))
		rc = pg_fail(st, NULL, t->name);
	arena_free(a);
	while (rc == 0 && (res = PQgetResult(st->own->conn)) != NULL) {
		if (PQresultStatus(res) == PGRES_FATAL_ERROR)
			rc = pg_fail(st, res, t->name);
		for (int i = 0; PQresultStatus(res) == PGRES_SINGLE_TUPLE &&
		     i < t->n; i++)
			v[i] = value_of(res, i, t->type[i]);
		if (PQresultStatus(res) == PGRES_SINGLE_TUPLE)
			rc = row(ctx, v);
		PQclear(res);
	}
	return end_command(st, t->name) < 0 ? -1 : rc;
}

static void
add_number(struct buf *b, uint64_t n, int len)
{
	while (len-- > 0)
		buf_char(b, (char)(n >> 8 * len));
}

/* PostgreSQL, COPY, "Binary Format". */
static int
begin_copy(struct store *st, const struct table *t)
{
	static const char head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
	struct arena *a = arena_new();
	PGresult *res;
	int rc = -1;

	if (leave_pipeline(st, t->name) == 0) {
		res = PQexec(st->own->conn, arena_printf(a,
		    "COPY %s (%s) FROM STDIN (FORMAT binary)", t->name,
		    t->columns));
		rc = PQresultStatus(res) == PGRES_COPY_IN &&
			PQputCopyData(st->own->conn, head, sizeof(head)) == 1
		    ? 0
		    : pg_fail(st, res, t->name);
		PQclear(res);
	}
	arena_free(a);
	st->own->is_copying = rc == 0;
	return rc;
}

int
pg_add_row(struct store *st, const struct table *t, const struct value *v)
{
	struct arena *a;
	struct buf b;
	int rc;

	if (!st->own->is_copying && begin_copy(st, t) < 0)
		return -1;
	a = arena_new();
	buf_init(&b, a, 1024);
	add_number(&b, (uint64_t)t->n, 2);
	for (int i = 0; i < t->n; i++) {
		if (v[i].type == VALUE_NULL) {
			add_number(&b, UINT32_MAX, 4);
		} else if (v[i].type == VALUE_INT) {
			add_number(&b, 8, 4);
			add_number(&b, (uint64_t)v[i].n, 8);
		} else {
			add_number(&b, v[i].len, 4);
			buf_add(&b, v[i].data, v[i].len);
		}
	}
	rc = PQputCopyData(st->own->conn, b.data, (int)b.len) == 1
	    ? 0
	    : pg_fail(st, NULL, t->name);
	arena_free(a);
	return rc;
}

int
pg_add_end(struct store *st, const struct table *t)
{
	static const char end[] = { '\377', '\377' };
	struct db *db = st->own;

	if (!db->is_copying)
		return 0; /* there was no row */
	db->is_copying = 0;
	if (PQputCopyData(db->conn, end, sizeof(end)) != 1 ||
	    PQputCopyEnd(db->conn, NULL) != 1)
		return pg_fail(st, NULL, t->name);
	return end_command(st, t->name);
}

int
pg_number(struct store *st, const struct table *t, int64_t *last)
{
	char text[160];
	PGresult *res;

	snprintf(text, sizeof(text), "SELECT coalesce(pg_sequence_last_value("
	    "pg_get_serial_sequence('%s', 'id')), 0)", t->name);
	if ((res = pg_simple(st, text)) == NULL)
		return -1;
	*last = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	return 0;
}

int
pg_set_number(struct store *st, const struct table *t, int64_t last)
{
	char text[160];
	PGresult *res;

	if (last <= 0)
		return 0;
	snprintf(text, sizeof(text), "SELECT setval(pg_get_serial_sequence("
	    "'%s', 'id'), %lld)", t->name, (long long)last);
	res = pg_simple(st, text);
	PQclear(res);
	return res == NULL ? -1 : 0;
}
