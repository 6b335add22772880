/* store_stranger.c: clients that came by themselves and that no user knows yet. */
#include "query.h"
#include "store_stranger.h"

static void
read_stranger(const struct row *r, void *to)
{
	struct stranger *out = to;

	out->metadata = row_text(r, 0);
	out->has_secret = row_digest(r, 1, &out->secret);
	out->has_manage = row_digest(r, 2, &out->manage);
	out->created_at = row_int(r, 3);
	out->expires_at = row_int(r, 4);
	out->origin = row_text(r, 5);
}

int
store_stranger_find(struct store *st, struct arena *a, const char *client_id,
    int64_t now, struct stranger *out)
{
	*out = (struct stranger) { .client_id = client_id };
	return query_one(st, a, SQL_STRANGER_FIND,
	    VALUES(V_TEXT(client_id), V_INT(now)), read_stranger, out);
}

int
store_stranger_add(struct store *st, const struct stranger *s)
{
	return query_run(st, SQL_STRANGER_ADD,
	    VALUES(V_TEXT(s->client_id), V_TEXT(s->metadata),
		V_DIGEST(s->has_secret ? &s->secret : NULL),
		V_DIGEST(s->has_manage ? &s->manage : NULL),
		V_INT(s->created_at), V_INT(s->expires_at),
		V_TEXT(s->origin)));
}

int
store_stranger_change(struct store *st, const struct stranger *s)
{
	return query_run(st, SQL_STRANGER_CHANGE,
	    VALUES(V_TEXT(s->client_id), V_TEXT(s->metadata),
		V_DIGEST(s->has_secret ? &s->secret : NULL)));
}

int
store_stranger_delete(struct store *st, const char *client_id)
{
	return query_run(st, SQL_STRANGER_DELETE, VALUES(V_TEXT(client_id)));
}

/* How many there are, and when the first expires. */
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
store_stranger_waiting(struct store *st, const char *origin, int64_t now,
    int max, int64_t *first)
{
	struct waiting w = { .n = 0 };

	if (query_one(st, NULL, SQL_STRANGER_WAITING,
		VALUES(V_INT(now), V_INT(max), V_TEXT(origin)), read_waiting,
		&w) < 0)
		return -1;
	*first = w.first;
	return w.n;
}

int
store_reg_ticket_add(struct store *st, const struct digest *d, int64_t uses,
    int64_t expires_at)
{
	return query_run(st, SQL_REG_TICKET_ADD,
	    VALUES(V_DIGEST(d), V_INT(uses), V_INT(expires_at)));
}

int
store_reg_ticket_find(struct store *st, const struct digest *d, int64_t now)
{
	int64_t uses;

	return query_one(st, NULL, SQL_REG_TICKET_FIND,
	    VALUES(V_DIGEST(d), V_INT(now)), row_read_int, &uses);
}

int
store_reg_ticket_use(struct store *st, const struct digest *d, int64_t now)
{
	return query_run(
	    st, SQL_REG_TICKET_USE, VALUES(V_DIGEST(d), V_INT(now)));
}
