/* store_link.c: links that lead back to us from a mail. */
#include "query.h"
#include "store_link.h"

static void
read_link(const struct row *r, void *to)
{
	struct link *out = to;

	row_digest(r, 0, &out->digest);
	out->kind = row_text(r, 1);
	out->user = row_int(r, 2);
	out->email = row_text(r, 3);
	out->name = row_text(r, 4);
	out->password = row_text(r, 5);
	out->return_to = row_text(r, 6);
	out->credential = row_int(r, 7);
	out->expires_at = row_int(r, 8);
}

int
store_link_add(struct store *st, const struct link *l)
{
	return query_run(st, SQL_LINK_ADD,
	    VALUES(V_DIGEST(&l->digest), V_TEXT(l->kind),
		V_INT_OR_NULL(l->user), V_TEXT(l->email), V_TEXT(l->name),
		V_TEXT(l->password), V_TEXT(l->return_to),
		V_INT(l->credential), V_INT(l->expires_at)));
}

int
store_link_find(struct store *st, struct arena *a, const struct digest *d,
    int64_t now, struct link *out)
{
	return query_one(st, a, SQL_LINK_FIND, VALUES(V_DIGEST(d), V_INT(now)),
	    read_link, out);
}

int
store_link_spend(struct store *st, const struct digest *d)
{
	return query_run(st, SQL_LINK_SPEND, VALUES(V_DIGEST(d)));
}

int
store_link_pending(struct store *st, int64_t now, int64_t most, int64_t *n)
{
	return query_one(st, NULL, SQL_LINK_PENDING,
	    VALUES(V_INT(most), V_INT(now)), row_read_int, n);
}
