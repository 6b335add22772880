/* guarded.h: tokens, and a guard to show them to. */
#ifndef CARNET_GUARDED_H
#define CARNET_GUARDED_H

#include "fixture.h"

#include "guard.h"
#include "id.h"
#include "jwt.h"
#include "store_token.h"

static const struct guard_rule anyone = { .caller = CALLER_ANY };

static struct client *cl;
static struct user *u;
static struct keys *ks; /* as the programs read them */
static struct id id;    /* of the user's token in the database */
static const char *claims;

static inline struct access_token
row(const char *name, int64_t user, const char *scope, const char *personal)
{
	struct access_token t = { .id = fixture_id(name),
		.client = cl->id,
		.user = user,
		.name = personal,
		.scope = scope,
		.created_at = NOW - 10,
		.expires_at = NOW + 90 };

	assert_int_equal(store_access_add(fx.st, &t), 1);
	return t;
}

/* RFC 9068 section 2.2. */
static inline const char *
claims_of(const struct id *token)
{
	return arena_printf(fx.a,
	    "{\"iss\":\"https://auth.example\",\"sub\":\"1\","
	    "\"aud\":\"https://auth.example\",\"client_id\":\"c1\","
	    "\"exp\":1700000090,\"iat\":1699999990,\"nbf\":1699999990,"
	    "\"jti\":\"%s\",\"scope\":\"read-posts write-posts\"}",
	    id_text(fx.a, token));
}

static inline int
guarded_setup(void **state)
{
	if (fixture_server(state) < 0 ||
	    keys_make(fx.cf->keys, ALG_ES256, 0, 0) != 1 ||
	    keys_make(fx.cf->keys, ALG_EDDSA, 0, 0) != 1)
		return -1;
	cl = fixture_client((struct client){ .client_id = "c1" });
	u = fixture_user("a@b.example", "x", NULL);
	id = row("token", u->id, "read-posts write-posts", NULL).id;
	claims = claims_of(&id);
	ks = keys_load(fx.cf->keys);
	return ks == NULL ? -1 : 0;
}

static inline int
guarded_teardown(void **state)
{
	keys_free(ks);
	return fixture_end(state);
}

static inline const char *
sign(const char *typ, const char *text)
{
	const struct keys_entry *en = keys_signer(ks, ALG_ES256);

	return jwt_sign(fx.a, en->key, en->kid, typ, text, strlen(text));
}

/* The claims, with the text old replaced by new.  old must be in them. */
static inline const char *
with(const char *old, const char *new)
{
	const char *at = strstr(claims, old);

	assert_non_null(at);
	return arena_printf(fx.a, "%.*s%s%s", (int)(at - claims), claims, new,
	    at + strlen(old));
}

static inline const struct oerr *
check(
    const char *token, const struct guard_rule *rule, struct caller *out)
{
	REQUEST(arena_printf(fx.a, "HTTP_AUTHORIZATION=Bearer %s", token));
	return guard_check(&fx.rq, rule, out);
}

/* RFC 6750 section 3, RFC 9728 section 5.1. */
#define CHALLENGE \
	"WWW-Authenticate: Bearer realm=\"https://auth.example\"," \
	" resource_metadata=\"https://auth.example/.well-known/" \
	"oauth-protected-resource\""

static inline void
assert_refused(const char *token, const char *why)
{
	struct caller who;
	const struct oerr *e = check(token, &anyone, &who);

	if (e != &oerr_invalid_token)
		fail_msg("%s: taken, or not as invalid", why);
	assert_string_equal(fx.rq.trail.why, why);
	assert_string_equal(fx.headers.data,
	    CHALLENGE ","
	    " error=\"invalid_token\", error_description=\"The access token"
	    " is malformed, expired or revoked.\"\r\n");
}

#endif
