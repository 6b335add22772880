/* tokens.h: a user of a client, with tokens in the database. */
#ifndef CARNET_TOKENS_H
#define CARNET_TOKENS_H

#include "fixture.h"

#include "store_token.h"

#define GRACE 30
#define TTL 1000

static struct client *cl;
static struct user *u;

static inline int
tokens_setup(void **state)
{
	if (fixture_server(state) < 0)
		return -1;
	cl = fixture_client((struct client){ .client_id = "c1" });
	u = fixture_user("a@b.example", "x", NULL);
	return 0;
}

static inline void
add_access(const char *id, const char *family, const char *name)
{
	struct access_token t = { .id = fixture_id(id),
		.client = cl->id,
		.user = u->id,
		.has_family = family != NULL,
		.name = name,
		.scope = "read-posts",
		.created_at = NOW,
		.expires_at = NOW + TTL };

	if (family != NULL)
		t.family = fixture_id(family);
	assert_int_equal(store_access_add(fx.st, &t), 1);
}

/* A pair: the refresh token named so, and the access token of that name. */
static inline void
add_pair(const char *name, const char *family)
{
	struct refresh_token t = { .digest = fixture_digest(name),
		.granted.family = fixture_id(family),
		.access_token = fixture_id(name),
		.granted.client = cl->id,
		.granted.user = u->id,
		.granted.scope = "read-posts",
		.expires_at = NOW + TTL };

	add_access(name, family, NULL);
	assert_int_equal(store_refresh_add(fx.st, &t), 1);
}

/* Spend the refresh token named so for the one named next. */
static inline int
spend_for(const char *name, const char *next, int64_t now, int64_t grace_s)
{
	struct digest d = fixture_digest(name), n = fixture_digest(next);
	int rc;

	assert_int_equal(store_begin(fx.st), 0);
	rc = store_refresh_spend(fx.st, &d, &n, now, grace_s);
	assert_int_equal(store_commit(fx.st), 0);
	return rc;
}

static inline int
spend(const char *name, int64_t now, int64_t grace_s)
{
	return spend_for(name, "next", now, grace_s);
}

/* How many pairs of the family could still be refreshed. */
static inline int64_t
live(const char *family)
{
	const struct id id = fixture_id(family);
	char hex[2 * ID_LEN + 1];

	for (int i = 0; i < ID_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02x", id.byte[i]);
	return fixture_sql(arena_printf(fx.a,
	    "SELECT count(*) FROM oauth_refresh_tokens WHERE family = x'%s'"
	    " AND spent_at IS NULL AND revoked_at IS NULL",
	    hex));
}

static inline int
access_is_revoked(const char *id)
{
	struct id key = fixture_id(id);
	struct access h;

	assert_int_equal(store_access_find(fx.st, fx.a, &key, &h), 1);
	return h.token_revoked;
}

static inline struct refresh_token
found(const char *name)
{
	struct digest d = fixture_digest(name);
	struct refresh_token t;

	assert_int_equal(store_refresh_find(fx.st, fx.a, &d, &t), 1);
	return t;
}

#endif
