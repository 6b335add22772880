/* store_consent.c: what users granted to which clients. */
#include "arena.h"
#include "query.h"
#include "store_consent.h"

static void
read_scope(const struct row *r, void *out)
{
	*(const char **)out = row_text(r, 0);
}

/* There are two rows at most: for this resource, and for none in particular. */
int
store_consent_find(struct store *st, struct arena *a, int64_t user,
    int64_t client, const char *resource, const char **scope)
{
	const char *words[2];
	const int n = query_list(st, a, SQL_CONSENT_FIND,
	    VALUES(V_INT(user), V_INT(client), V_TEXT(resource)), read_scope,
	    words, sizeof(words[0]), 2);

	if (n > 0)
		*scope = n == 1 ? words[0]
				: arena_printf(a, "%s %s", words[0], words[1]);
	return n < 0 ? -1 : n > 0;
}

int
store_consent_put(
    struct store *st, int64_t user, const struct consent *c)
{
	return query_run(st, SQL_CONSENT_PUT,
	    VALUES(V_INT(user), V_INT(c->client),
		V_TEXT(c->resource == NULL ? "" : c->resource),
		V_TEXT(c->scope), V_INT(c->granted_at)));
}

int
store_consent_used(
    struct store *st, int64_t user, int64_t client, int64_t now)
{
	return query_run(st, SQL_CONSENT_USED,
	    VALUES(V_INT(user), V_INT(client), V_INT(now)));
}

/* The list so far.  The rows of one client come one after the other. */
struct list {
	struct arena *a;
	struct consent *last; /* NULL: none */
	struct consent *next;
	int n;
};

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
add_row(const struct row *r, void *to)
{
	struct list *l = to;
	const int64_t client = row_int(r, 0);
	struct consent *c = l->last;

	if (c == NULL || c->client != client) {
		c = l->last = l->next++;
		l->n++;
		*c = (struct consent) {
			.client = client,
			.client_id = row_text(r, 1),
			.client_name = row_text(r, 2),
			.redirect_uris = row_text(r, 3),
			.grants = row_text(r, 4),
			.is_stranger = row_int(r, 8) != 0,
			.scope = row_text(r, 5),
		};
	} else {
		c->scope = arena_printf(
		    l->a, "%s %s", c->scope, row_text(r, 5));
	}
	c->granted_at = later(c->granted_at, row_int(r, 6));
	c->last_used_at = later(c->last_used_at, row_int(r, 7));
}

int
store_consent_list(struct store *st, struct arena *a, int64_t user,
    struct consent *out, size_t n)
{
	struct list l = { .a = a, .next = out };

	if (query_each(st, a, SQL_CONSENT_LIST,
		VALUES(V_INT(user), V_INT((int64_t)n)), add_row, &l) < 0)
		return -1;
	return l.n;
}

int
store_consent_forget(struct store *st, int64_t user, int64_t client)
{
	return query_run(
	    st, SQL_CONSENT_DELETE, VALUES(V_INT(user), V_INT(client)));
}

int
store_app_revoke(
    struct store *st, int64_t user, int64_t client, int64_t now)
{
	static const enum sql steps[] = { SQL_APP_ACCESS_REVOKE,
		SQL_APP_REFRESH_REVOKE, SQL_APP_CODES_SPEND,
		SQL_APP_DEVICES_SPEND };
	const struct value v[] = { V_INT(user), V_INT(client), V_INT(now) };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (query_run(st, steps[i], v, 3) < 0)
			return -1;
	if (query_run(st, SQL_PASSPORT_END, v, 2) < 0)
		return -1;
	return query_run(st, SQL_CONSENT_DELETE, v, 2);
}
