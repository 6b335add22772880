/* store_passport.c: rows that came from Laravel Passport. */
#include "query.h"
#include "store_client.h"
#include "store_passport.h"
#include "store_token.h"
#include "store_user.h"

int
store_passport_user(struct store *st, int64_t user)
{
	return query_run(st, SQL_PASSPORT_USER, VALUES(V_INT(user)));
}

int
store_passport_client(struct store *st, const struct client *cl)
{
	return query_run(st, SQL_CLIENT_OF_PASSPORT,
	    VALUES(V_INT(cl->id), V_INT_OR_NULL(cl->owner),
		V_INT_OR_NULL(cl->keeps_sub)));
}

int
store_passport_access(struct store *st, const struct access_token *t)
{
	return query_run(st, SQL_PASSPORT_ACCESS,
	    VALUES(V_ID(&t->id), V_INT(t->client), V_INT_OR_NULL(t->user),
		V_TEXT(t->name), V_TEXT(t->scope), V_INT(t->created_at),
		V_INT(t->expires_at)));
}

int
store_passport_refresh(struct store *st, const struct passport_refresh *t,
    const struct granted *g)
{
	const int n = query_run(st, SQL_PASSPORT_REFRESH,
	    VALUES(V_ID(&g->family), V_INT(g->client), V_INT(g->user),
		V_TEXT(g->scope), V_DIGEST(&t->digest), V_ID(&t->access_token),
		V_INT(t->expires_at), V_INT_OR_NULL(t->spent_at)));

	if (n != 1)
		return n;
	return query_run(st, SQL_PASSPORT_FAMILY,
		   VALUES(V_ID(&t->access_token), V_ID(&g->family))) < 0
	    ? -1
	    : 1;
}

int
store_passport_later(struct store *st, const struct passport_refresh *t)
{
	return query_run(st, SQL_PASSPORT_LATER,
	    VALUES(V_DIGEST(&t->digest), V_ID(&t->access_token),
		V_INT(t->expires_at)));
}

int
store_passport_map(struct store *st, const char *map)
{
	return query_run(st, SQL_PASSPORT_MAP_PUT, VALUES(V_TEXT(map)));
}

static void
read_map(const struct row *r, void *to)
{
	*(const char **)to = row_text(r, 0);
}

int
store_passport_map_find(struct store *st, struct arena *a, const char **map)
{
	*map = "";
	return query_one(st, a, SQL_PASSPORT_MAP_FIND, NULL, 0, read_map, map);
}

static void
read_later(const struct row *r, void *to)
{
	struct passport_refresh *out = to;

	row_id(r, 0, &out->access_token);
	out->expires_at = row_int(r, 1);
}

int
store_passport_find(
    struct store *st, const struct digest *d, struct passport_refresh *out)
{
	*out = (struct passport_refresh) { .digest = *d };
	return query_one(st, NULL, SQL_PASSPORT_LATER_FIND,
	    VALUES(V_DIGEST(d)), read_later, out);
}

int
store_passport_adopt(struct store *st, const struct passport_refresh *t,
    const struct granted *g)
{
	int64_t unused;
	int n = query_one(st, NULL, SQL_PASSPORT_IS_ENDED,
	    VALUES(V_INT(g->user), V_INT(g->client)), row_read_int, &unused);

	if (n != 0)
		return n < 0 ? -1 : 0;
	n = query_run(st, SQL_PASSPORT_LATER_DELETE,
	    VALUES(V_DIGEST(&t->digest)));
	return n != 1 ? n : store_passport_refresh(st, t, g);
}

int
store_passport_end(struct store *st, int64_t user, int64_t client)
{
	return query_run(
	    st, SQL_PASSPORT_END, VALUES(V_INT(user), V_INT(client)));
}

static void
read_alone(const struct row *r, void *to)
{
	struct access_token *out = to;

	row_id(r, 0, &out->id);
	out->client = row_int(r, 1);
	out->user = row_int(r, 2);
	out->scope = row_text(r, 3);
	out->created_at = row_int(r, 4);
	out->expires_at = row_int(r, 5);
}

int
store_passport_alone(struct store *st, struct arena *a,
    const struct id *after, struct access_token *out, size_t n)
{
	return query_list(st, a, SQL_PASSPORT_ALONE,
	    VALUES(V_ID(after), V_INT((int64_t)n)), read_alone, out,
	    sizeof(*out), n);
}

static void
read_token(const struct row *r, void *to)
{
	struct passport_token *out = to;

	row_id(r, 0, &out->id);
	out->client_id = row_text(r, 1);
	out->name = row_text(r, 2);
	out->scope = row_text(r, 3);
	out->created_at = row_int(r, 4);
	out->expires_at = row_int(r, 5);
}

int
store_passport_tokens(struct store *st, struct arena *a, int64_t user,
    int64_t now, int is_personal, struct passport_token *out, size_t n)
{
	return query_list(st, a,
	    is_personal ? SQL_PASSPORT_PERSONAL : SQL_PASSPORT_TOKENS,
	    VALUES(V_INT(user), V_INT(now), V_INT((int64_t)n)), read_token, out,
	    sizeof(*out), n);
}

static void
read_live(const struct row *r, void *to)
{
	struct passport_live *out = to;

	out->hashes = row_int(r, 0);
	out->personal = row_int(r, 1);
	out->access = row_int(r, 2);
	out->refresh = row_int(r, 3);
	out->last = row_int(r, 4);
}

int
store_passport_live(struct store *st, int64_t now, struct passport_live *out)
{
	return query_one(
	    st, NULL, SQL_PASSPORT_LIVE, VALUES(V_INT(now)), read_live, out);
}

int
store_passport_finish(struct store *st, int64_t now)
{
	if (query_run(st, SQL_PASSPORT_END_ACCESS, VALUES(V_INT(now))) < 0 ||
	    query_run(st, SQL_PASSPORT_END_REFRESH, VALUES(V_INT(now))) < 0 ||
	    query_run(st, SQL_PASSPORT_END_LATER, NULL, 0) < 0 ||
	    query_run(st, SQL_PASSPORT_END_ENDS, NULL, 0) < 0 ||
	    query_run(st, SQL_PASSPORT_END_MAP, NULL, 0) < 0)
		return -1;
	return query_run(st, SQL_PASSPORT_END_HASHES, NULL, 0);
}

int
store_client_keeps_sub(struct store *st, const char *id)
{
	int64_t unused;

	return query_one(st, NULL, SQL_CLIENT_KEEPS_SUB, VALUES(V_TEXT(id)),
	    row_read_int, &unused);
}

int
store_user_has_sub(struct store *st, int64_t number, const char *text)
{
	int64_t unused;

	return query_one(st, NULL, SQL_USER_HAS_SUB,
	    VALUES(V_INT(number), V_TEXT(text)), row_read_int, &unused);
}

int
store_passport_number(struct store *st, int64_t number)
{
	struct user u = { .id = number, .name = "", .password = "*" };
	const int n = store_user_add(st, &u);

	if (n != 1)
		return n;
	return query_run(st, SQL_ERASE_USER, VALUES(V_INT(number)));
}
