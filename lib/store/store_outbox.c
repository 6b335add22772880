/* store_outbox.c: the jobs of the courier: what is to be sent. */
#include "query.h"
#include "store_outbox.h"

int
store_outbox_add(struct store *st, int64_t max, const struct job *j)
{
	int64_t n = 0;

	if (query_one(st, NULL, SQL_OUTBOX_COUNT, VALUES(V_INT(max)),
		row_read_int, &n) < 0)
		return -1;
	if (n >= max)
		return 0;
	return query_run(st, SQL_OUTBOX_ADD,
	    VALUES(V_TEXT(j->kind), V_INT_OR_NULL(j->user), V_TEXT(j->target),
		V_TEXT(j->body), V_INT(j->created_at)));
}

static void
read_job(const struct row *r, void *to)
{
	struct job *out = to;

	out->id = row_int(r, 0);
	out->kind = row_text(r, 1);
	out->user = row_int(r, 2);
	out->target = row_text(r, 3);
	out->body = row_text(r, 4);
	out->created_at = row_int(r, 5);
	out->next_at = row_int(r, 6);
	out->tries = row_int(r, 7);
}

int
store_outbox_due(
    struct store *st, struct arena *a, int64_t now, struct job *out)
{
	return query_one(
	    st, a, SQL_OUTBOX_DUE, VALUES(V_INT(now)), read_job, out);
}

int
store_outbox_take(struct store *st, const struct job *j, int64_t next_at)
{
	return query_run(st, SQL_OUTBOX_TAKE,
	    VALUES(V_INT(j->id), V_INT(j->next_at), V_INT(next_at)));
}

int
store_outbox_done(struct store *st, int64_t id)
{
	return query_run(st, SQL_OUTBOX_DONE, VALUES(V_INT(id)));
}

static void
read_outbox(const struct row *r, void *to)
{
	struct outbox *out = to;

	out->n = row_int(r, 0);
	out->oldest = row_int(r, 1);
}

int
store_outbox_look(struct store *st, struct outbox *out)
{
	return query_one(
	    st, NULL, SQL_OUTBOX_WAITING, NULL, 0, read_outbox, out);
}
