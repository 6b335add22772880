/* store_fetch.c: how it stands with the documents that the courier is to fetch. */
#include "query.h"
#include "store_fetch.h"

static void
read_fetch(const struct row *r, void *to)
{
	struct fetch *out = to;

	out->asked_at = row_int(r, 0);
	out->is_under_way = (int)row_int(r, 1);
	out->why = row_text(r, 2);
	out->expires_at = row_int(r, 3);
}

int
store_fetch_find(struct store *st, struct arena *a, const char *url,
    const char *kind, struct fetch *out)
{
	return query_one(st, a, SQL_FETCH_FIND,
	    VALUES(V_TEXT(url), V_TEXT(kind)), read_fetch, out);
}

int
store_fetch_put(struct store *st, const struct fetch *f)
{
	return query_run(st, SQL_FETCH_PUT,
	    VALUES(V_TEXT(f->url), V_TEXT(f->kind), V_INT(f->asked_at),
		V_INT(f->is_under_way), V_TEXT(f->why),
		V_INT(f->expires_at)));
}

int
store_fetch_under_way(struct store *st, int max)
{
	int64_t n = 0;

	return query_one(st, NULL, SQL_FETCH_UNDER_WAY, VALUES(V_INT(max)),
		   row_read_int, &n) < 0 ? -1 : (int)n;
}
