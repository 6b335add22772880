/* store_post.c: the example API's posts. */
#include "query.h"
#include "store_post.h"

static void
read_post(const struct row *r, void *to)
{
	struct post *out = to;

	out->id = row_int(r, 0);
	out->user = row_int(r, 1);
	out->title = row_text(r, 2);
	out->body = row_text(r, 3);
	out->created_at = row_int(r, 4);
}

int
store_post_list(struct store *st, struct arena *a, int64_t before,
    struct post *out, size_t n)
{
	return query_list(st, a, SQL_POST_LIST,
	    VALUES(V_INT(before > 0 ? before : INT64_MAX), V_INT((int64_t)n)),
	    read_post, out, sizeof(*out), n);
}

int
store_post_by_id(
    struct store *st, struct arena *a, int64_t id, struct post *out)
{
	return query_one(
	    st, a, SQL_POST_BY_ID, VALUES(V_INT(id)), read_post, out);
}

int
store_post_add(struct store *st, struct post *p)
{
	return query_one(st, NULL, SQL_POST_ADD,
	    VALUES(V_INT_OR_NULL(p->user), V_TEXT(p->title), V_TEXT(p->body),
		V_INT(p->created_at)),
	    row_read_int, &p->id);
}

int
store_post_delete(struct store *st, int64_t id)
{
	return query_run(st, SQL_POST_DELETE, VALUES(V_INT(id)));
}
