/* store_token.c: access tokens, refresh tokens and their families. */
#include "query.h"
#include "store_token.h"

static void
read_access(const struct row *r, void *to)
{
	struct access *out = to;

	out->client = row_int(r, 0);
	out->user = row_int(r, 1);
	out->has_family = row_id(r, 2, &out->family);
	out->scope = row_text(r, 3);
	out->name = row_text(r, 4);
	out->created_at = row_int(r, 5);
	out->expires_at = row_int(r, 6);
	out->last_used_at = row_int(r, 7);
	out->token_revoked = row_int(r, 8) != 0;
	out->has_seal = row_digest(r, 9, &out->seal);
	out->client_id = row_text(r, 10);
	out->client_grants = row_text(r, 11);
	out->client_scope = row_text(r, 12);
	out->client_revoked = row_int(r, 13) != 0;
	out->email = row_text(r, 14);
	out->user_name = row_text(r, 15);
	out->user_scope = row_text(r, 16);
	out->user_disabled = row_int(r, 17) != 0;
	out->subject = row_text(r, 18);
	out->login = row_text(r, 19);
}

int
store_access_find(struct store *st, struct arena *a, const struct id *id,
    struct access *out)
{
	return query_one(
	    st, a, SQL_ACCESS_FIND, VALUES(V_ID(id)), read_access, out);
}

int
store_access_add(struct store *st, const struct access_token *t)
{
	return query_run(st, SQL_ACCESS_ADD,
	    VALUES(V_ID(&t->id), V_INT(t->client), V_INT_OR_NULL(t->user),
		V_ID(t->has_family ? &t->family : NULL), V_TEXT(t->name),
		V_TEXT(t->scope), V_INT(t->created_at), V_INT(t->expires_at),
		V_DIGEST(t->has_seal ? &t->seal : NULL),
		V_INT_OR_NULL(t->signed_by)));
}

int
store_access_of_key(struct store *st, int64_t key, int64_t since, int64_t now,
    int64_t *n)
{
	return query_one(st, NULL, SQL_ACCESS_OF_KEY,
		   VALUES(V_INT(key), V_INT(since), V_INT(now)), row_read_int,
		   n) < 0 ? -1 : 0;
}

int
store_access_revoke(struct store *st, const struct id *id, int64_t now)
{
	return query_run(st, SQL_ACCESS_REVOKE, VALUES(V_ID(id), V_INT(now)));
}

int
store_access_used(struct store *st, const struct id *id, int64_t now)
{
	return query_run(st, SQL_PERSONAL_USED, VALUES(V_ID(id), V_INT(now)));
}

static void
read_refresh(const struct row *r, void *to)
{
	struct refresh_token *out = to;

	granted_read(r, 0, &out->granted);
	row_id(r, GRANTED_N, &out->access_token);
	out->expires_at = row_int(r, GRANTED_N + 1);
	out->spent_at = row_int(r, GRANTED_N + 2);
	out->revoked_at = row_int(r, GRANTED_N + 3);
}

int
store_refresh_add(struct store *st, const struct refresh_token *t)
{
	return query_run(st, SQL_REFRESH_ADD,
	    VALUES(V_GRANTED(&t->granted), V_DIGEST(&t->digest),
		V_ID(&t->access_token), V_INT(t->expires_at),
		V_INT_OR_NULL(t->spent_at),
		V_DIGEST(t->has_came_with ? &t->came_with : NULL)));
}

int
store_refresh_find(struct store *st, struct arena *a, const struct digest *d,
    struct refresh_token *out)
{
	out->digest = *d;
	return query_one(
	    st, a, SQL_REFRESH_FIND, VALUES(V_DIGEST(d)), read_refresh, out);
}

/* The access tokens that came with a refresh token that is now spent. */
struct spent {
	struct id access;	/* of its pair */
	struct id family;
	int is_shared;		/* there are more than that one */
};

static void
read_spent(const struct row *r, void *to)
{
	struct spent *out = to;

	row_id(r, 0, &out->access);
	row_id(r, 1, &out->family);
	out->is_shared = row_int(r, 2) != 0;
}

/* It was spent before: within the grace the same next token is given again. */
static int
share(struct store *st, const struct digest *d, const struct digest *next,
    int64_t now, int64_t grace_s)
{
	const int n = query_run(st, SQL_REFRESH_SHARE,
	    VALUES(V_DIGEST(next), V_DIGEST(d), V_INT(now),
		V_INT(now - grace_s), V_INT(now + grace_s)));

	return n == 1 ? REFRESH_AGAIN : n == 0 ? REFRESH_REPLAYED : -1;
}

int
store_refresh_spend(struct store *st, const struct digest *d,
    const struct digest *next, int64_t now, int64_t grace_s)
{
	struct spent sp;
	const int n = query_one(st, NULL, SQL_REFRESH_SPEND,
	    VALUES(V_DIGEST(d), V_INT(now)), read_spent, &sp);

	if (n < 0)
		return -1;
	if (n == 0)
		return grace_s == 0 ? REFRESH_REPLAYED
				    : share(st, d, next, now, grace_s);
	if (query_run(st, SQL_REFRESH_PAIR_REVOKE,
		VALUES(V_ID(&sp.access), V_INT(now))) < 0 ||
	    (sp.is_shared &&
		query_run(st, SQL_REFRESH_SHARED_REVOKE,
		    VALUES(V_ID(&sp.family), V_INT(now), V_DIGEST(d))) < 0))
		return -1;
	return REFRESH_FIRST;
}

int
store_refresh_keep(struct store *st, const struct digest *d, int64_t now,
    int64_t expires_at)
{
	return query_run(st, SQL_REFRESH_KEEP,
	    VALUES(V_DIGEST(d), V_INT(now), V_INT(expires_at)));
}

static void
read_family(const struct row *r, void *out)
{
	granted_read(r, 0, out);
}

int
store_family_find(struct store *st, struct arena *a, const struct id *access,
    struct granted *out)
{
	return query_one(
	    st, a, SQL_FAMILY_FIND, VALUES(V_ID(access)), read_family, out);
}

int
store_family_revoke(struct store *st, const struct id *family, int64_t now)
{
	const struct value v[] = { V_ID(family), V_INT(now) };

	return query_run(st, SQL_FAMILY_ACCESS_REVOKE, v, 2) < 0
	    ? -1
	    : query_run(st, SQL_FAMILY_REVOKE, v, 2);
}

static void
read_personal(const struct row *r, void *to)
{
	struct access_token *out = to;

	row_id(r, 0, &out->id);
	out->name = row_text(r, 1);
	out->scope = row_text(r, 2);
	out->created_at = row_int(r, 3);
	out->expires_at = row_int(r, 4);
	out->last_used_at = row_int(r, 5);
}

int
store_personal_list(struct store *st, struct arena *a, int64_t user,
    int64_t now, const struct id *before, struct access_token *out, size_t n)
{
	return query_list(st, a, SQL_PERSONAL_LIST,
	    VALUES(V_INT(user), V_INT(now), V_INT((int64_t)n), V_ID(before)),
	    read_personal, out, sizeof(*out), n);
}

int
store_personal_revoke(
    struct store *st, int64_t user, const struct id *id, int64_t now)
{
	return query_run(st, SQL_PERSONAL_REVOKE,
	    VALUES(V_ID(id), V_INT(user), V_INT(now)));
}
