/* store_code.c: authorization codes. */
#include "query.h"
#include "store_code.h"

static void
read_code(const struct row *r, void *to)
{
	struct auth_code *out = to;

	granted_read(r, 0, &out->granted);
	out->redirect_uri = row_text(r, GRANTED_N);
	out->challenge = row_text(r, GRANTED_N + 1);
	out->expires_at = row_int(r, GRANTED_N + 2);
	out->spent_at = row_int(r, GRANTED_N + 3);
}

int
store_code_add(struct store *st, const struct auth_code *c)
{
	return query_run(st, SQL_CODE_ADD,
	    VALUES(V_GRANTED(&c->granted), V_DIGEST(&c->digest),
		V_TEXT(c->redirect_uri), V_TEXT(c->challenge),
		V_INT(c->expires_at)));
}

int
store_code_find(struct store *st, struct arena *a, const struct digest *d,
    struct auth_code *out)
{
	out->digest = *d;
	return query_one(
	    st, a, SQL_CODE_FIND, VALUES(V_DIGEST(d)), read_code, out);
}

int
store_code_spend(struct store *st, const struct digest *d, int64_t now)
{
	return query_run(st, SQL_CODE_SPEND, VALUES(V_DIGEST(d), V_INT(now)));
}
