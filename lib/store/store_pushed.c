/* store_pushed.c: authorization requests that clients pushed (RFC 9126). */
#include "query.h"
#include "store_pushed.h"

int
store_pushed_add(struct store *st, const struct digest *d,
    const struct pushed_request *p, int64_t now)
{
	return query_run(st, SQL_PUSHED_ADD,
	    VALUES(V_DIGEST(d), V_TEXT(p->client), V_TEXT(p->request),
		V_INT(p->expires_at), V_INT(now)));
}

struct waiting {
	int n;
	int64_t first;
};

static void
read_waiting(const struct row *r, void *to)
{
	struct waiting *out = to;

	out->n = (int)row_int(r, 0);
	out->first = row_int(r, 1);
}

int
store_pushed_waiting(
    struct store *st, int64_t now, int64_t most, int64_t *first)
{
	struct waiting w = { 0 };

	if (query_one(st, NULL, SQL_PUSHED_WAITING,
		VALUES(V_INT(now), V_INT(most)), read_waiting, &w) < 0)
		return -1;
	*first = w.first;
	return w.n;
}

static void
read_pushed(const struct row *r, void *to)
{
	struct pushed_request *out = to;

	out->client = row_text(r, 0);
	out->request = row_text(r, 1);
	out->opened_at = row_int(r, 2);
	out->expires_at = row_int(r, 3);
}

int
store_pushed_find(struct store *st, struct arena *a, const struct digest *d,
    int64_t now, struct pushed_request *out)
{
	return query_one(st, a, SQL_PUSHED_FIND,
	    VALUES(V_DIGEST(d), V_INT(now)), read_pushed, out);
}

int
store_pushed_open(struct store *st, const struct digest *d, int64_t now,
    int64_t expires_at)
{
	return query_run(st, SQL_PUSHED_OPEN,
	    VALUES(V_DIGEST(d), V_INT(now), V_INT(expires_at)));
}

int
store_pushed_spend(struct store *st, const struct digest *d, int64_t now)
{
	return query_run(st, SQL_PUSHED_SPEND, VALUES(V_DIGEST(d), V_INT(now)));
}
