/* test_resource.c: granted for one resource, for no other (RFC 8707). */
#include "fixture.h"

#include "grant.h"
#include "json.h"
#include "jwt.h"
#include "resource.h"
#include "scope.h"
#include "store_code.h"
#include "store_consent.h"
#include "store_device.h"
#include "store_token.h"

#define A "https://a.example/api"
#define B "https://b.example/"

#define DEVICE "urn:ietf:params:oauth:grant-type:device_code"
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" /* RFC 7636 */
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define ISSUER "https://auth.example" /* of the fixture */

static struct client *cl;
static struct user *u;

static int
setup(void **state)
{
	if (fixture_server(state) < 0 ||
	    keys_make(fx.cf->keys, ALG_ES256, 0, 0) != 1)
		return -1;
	fixture_conf("audiences = " A " " B "\n");
	REQUEST(NULL);
	cl = fixture_client((struct client){ .client_id = "c1",
	    .has_secret = 1,
	    .grants = "authorization_code refresh_token "
		      "client_credentials " DEVICE });
	u = fixture_user("a@b.example", "x", NULL);
	return 0;
}

static struct auth_code
code_for(const char *resource)
{
	return (struct auth_code){ .digest = fixture_digest("code"),
		.family = fixture_id("f"),
		.client = cl->id,
		.user = u->id,
		.redirect_uri = "u",
		.challenge = CHALLENGE,
		.scope = "read-posts",
		.resource = resource,
		.expires_at = NOW + 60 };
}

static struct device_code
device_for(const char *resource)
{
	return (struct device_code){ .digest = fixture_digest("device"),
		.user_code = "BCDFGHJK",
		.family = fixture_id("f"),
		.client = cl->id,
		.scope = "read-posts",
		.resource = resource,
		.interval_s = 5,
		.expires_at = NOW + 600 };
}

static struct refresh_token
refresh_for(const char *resource)
{
	return (struct refresh_token){ .digest = fixture_digest("token"),
		.family = fixture_id("f"),
		.access_token = fixture_id("t"),
		.client = cl->id,
		.user = u->id,
		.scope = "read-posts",
		.resource = resource,
		.expires_at = NOW + 600 };
}

static void
what_is_granted_keeps_its_resource(void **state)
{
	struct refresh_token t = refresh_for(A), t_out;
	struct device_code dc = device_for(A), dc_out;
	struct auth_code c = code_for(A), c_out;

	(void)state;
	assert_int_equal(store_code_add(fx.st, &c), 1);
	assert_int_equal(store_code_find(fx.st, fx.a, &c.digest, &c_out), 1);
	assert_string_equal(c_out.resource, A);
	assert_int_equal(store_device_add(fx.st, &dc), 1);
	assert_int_equal(
	    store_device_find(fx.st, fx.a, &dc.digest, &dc_out), 1);
	assert_string_equal(dc_out.resource, A);
	memset(&dc_out, 0, sizeof(dc_out));
	assert_int_equal(
	    store_device_by_user_code(fx.st, fx.a, "BCDFGHJK", NOW, &dc_out),
	    1);
	assert_string_equal(dc_out.resource, A);
	assert_int_equal(store_refresh_add(fx.st, &t), 1);
	assert_int_equal(store_refresh_find(fx.st, fx.a, &t.digest, &t_out), 1);
	assert_string_equal(t_out.resource, A);
}

/* Rows stay as small as they were. */
static void
where_none_was_named_there_is_none(void **state)
{
	struct refresh_token t = refresh_for(NULL), t_out;
	struct device_code dc = device_for(NULL), dc_out;
	struct auth_code c = code_for(NULL), c_out;

	(void)state;
	assert_int_equal(store_code_add(fx.st, &c), 1);
	assert_int_equal(store_code_find(fx.st, fx.a, &c.digest, &c_out), 1);
	assert_null(c_out.resource);
	assert_int_equal(store_device_add(fx.st, &dc), 1);
	assert_int_equal(
	    store_device_find(fx.st, fx.a, &dc.digest, &dc_out), 1);
	assert_null(dc_out.resource);
	assert_int_equal(store_refresh_add(fx.st, &t), 1);
	assert_int_equal(store_refresh_find(fx.st, fx.a, &t.digest, &t_out), 1);
	assert_null(t_out.resource);
	assert_int_equal(
	    fixture_sql("SELECT (SELECT count(*) FROM oauth_auth_codes"
			"  WHERE resource IS NULL) + (SELECT count(*) FROM"
			"  oauth_device_codes WHERE resource IS NULL) + "
			"(SELECT count(*)"
			"  FROM oauth_refresh_tokens WHERE resource IS NULL)"),
	    3);
}

/* The words that are remembered for that resource, or "none". */
static const char *
remembered(const char *resource)
{
	const char *scope = NULL;
	int rc =
	    store_consent_find(fx.st, fx.a, u->id, cl->id, resource, &scope);

	assert_in_range(rc, 0, 1);
	return rc == 1 ? scope : "none";
}

static void
grant(const char *resource, const char *words, int64_t at)
{
	fx.rq.now = at;
	assert_int_equal(scope_consent(&fx.rq, u->id, cl->id, resource,
			     scope_parse(fx.cf, words, NULL)),
	    1);
}

static void
a_consent_counts_for_its_resource_alone(void **state)
{
	(void)state;
	assert_string_equal(remembered(NULL), "none");
	grant(A, "read-posts", NOW);
	assert_string_equal(remembered(A), "read-posts");
	assert_string_equal(remembered(B), "none");
	assert_string_equal(remembered(NULL), "none");
	grant(A, "write-posts", NOW);
	assert_string_equal(remembered(A), "read-posts write-posts");
	grant(B, "admin", NOW);
	assert_string_equal(remembered(A), "read-posts write-posts");
	assert_string_equal(remembered(B), "admin");
	assert_string_equal(remembered(NULL), "none");
}

/* With a code of such a consent the client may name any of them. */
static void
a_consent_for_none_in_particular_counts_for_each(void **state)
{
	(void)state;
	grant(NULL, "read-posts", NOW);
	assert_string_equal(remembered(A), "read-posts");
	assert_string_equal(remembered(NULL), "read-posts");
	grant(A, "write-posts", NOW);
	assert_non_null(strstr(remembered(A), "read-posts"));
	assert_non_null(strstr(remembered(A), "write-posts"));
	assert_string_equal(remembered(NULL), "read-posts");
	assert_string_equal(remembered(B), "read-posts");
}

/* The account page: an app, and what it may do at all. */
static void
consents_are_listed_and_taken_back_by_client(void **state)
{
	struct client *other =
	    fixture_client((struct client){ .client_id = "c2" });
	struct consent out[3];

	(void)state;
	grant(A, "read-posts", NOW + 1);
	grant(B, "write-posts", NOW + 3);
	assert_int_equal(scope_consent(&fx.rq, u->id, other->id, NULL, 0), 1);
	grant(NULL, "", NOW + 4);
	assert_int_equal(store_consent_used(fx.st, u->id, cl->id, NOW + 9), 3);
	assert_int_equal(
	    store_consent_list(fx.st, fx.a, u->id, out, N(out)), 2);
	assert_int_equal(out[0].client, cl->id);
	assert_string_equal(out[0].client_id, "c1");
	assert_int_equal(out[0].granted_at, NOW + 4);
	assert_int_equal(out[0].last_used_at, NOW + 9);
	assert_int_equal(scope_parse(fx.cf, out[0].scope, NULL),
	    scope_parse(fx.cf, "read-posts write-posts", NULL));
	assert_int_equal(out[1].client, other->id);
	assert_int_equal(out[1].last_used_at, 0);
	assert_int_equal(store_begin(fx.st), 0);
	assert_true(store_app_revoke(fx.st, u->id, cl->id, NOW) >= 0);
	assert_int_equal(store_commit(fx.st), 0);
	assert_string_equal(remembered(A), "none");
	assert_string_equal(remembered(B), "none");
	assert_int_equal(
	    store_consent_list(fx.st, fx.a, u->id, out, N(out)), 1);
}

/* RFC 8707 section 2: an absolute URI without a fragment, and one of ours. */
static void
a_resource_is_a_uri_that_we_serve(void **state)
{
	static const struct {
		const char *resource;
		int good;
	} rows[] = {
		{ A, 1 },
		{ B, 1 },
		{ ISSUER, 1 },
		{ "urn:api:1", 1 },
		{ "h2.x-y+z:a", 1 },
		{ "https://c.example/?a=b", 1 },
		{ A "/", 0 },
		{ "https://b.example", 0 },
		{ ISSUER "/", 0 },
		{ "https://evil.example", 0 },
		{ A " " B, 0 },
		/* These are audiences, but no absolute URI without fragment. */
		{ "api", 0 },
		{ "/api", 0 },
		{ "//a.example/", 0 },
		{ "1a:b", 0 },
		{ ":b", 0 },
		{ "https://c.example/#a", 0 },
		{ "https://c.example/#", 0 },
		{ "a_b:c", 0 },
		{ "urn:<x>", 0 },
	};
	const char *out;

	(void)state;
	fixture_conf(
	    "audiences = " A " " B " urn:api:1 h2.x-y+z:a"
	    " https://c.example/?a=b api /api //a.example/ 1a:b :b"
	    " https://c.example/#a https://c.example/# a_b:c urn:<x>\n");
	REQUEST(NULL);
	assert_null(resource_asked(&fx.rq, &out));
	assert_null(out);
	for (size_t i = 0; i < N(rows); i++) {
		const struct oerr *e;

		fx.rq.param[PARAM_RESOURCE] = rows[i].resource;
		e = resource_asked(&fx.rq, &out);
		if (rows[i].good
			? e != NULL
			: e == NULL || strcmp(e->error, "invalid_target") != 0)
			fail_msg("%s", rows[i].resource);
		if (rows[i].good)
			assert_string_equal(out, rows[i].resource);
	}
}

/* RFC 8707 section 2.2: granted for one, a token is for that one. */
static void
a_token_is_for_what_was_granted(void **state)
{
	static const struct {
		const char *granted, *asked, *audience; /* NULL: refused */
	} rows[] = {
		{ NULL, NULL, ISSUER },
		{ NULL, A, A },
		{ NULL, ISSUER, ISSUER },
		{ A, NULL, A },
		{ A, A, A },
		{ A, B, NULL },
		{ A, ISSUER, NULL },
		{ ISSUER, A, NULL },
		{ ISSUER, NULL, ISSUER },
		{ A, "api", NULL },
		{ NULL, "https://evil.example", NULL },
		/* No longer in the configuration. */
		{ "urn:gone", NULL, NULL },
		{ "urn:gone", "urn:gone", NULL },
		{ "urn:gone", A, NULL },
	};
	const struct oerr *e;
	const char *out;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		fx.rq.param[PARAM_RESOURCE] = rows[i].asked;
		e = resource_for_token(&fx.rq, rows[i].granted, &out);
		if (rows[i].audience == NULL) {
			if (e == NULL ||
			    strcmp(e->error, "invalid_target") != 0)
				fail_msg("row %zu", i);
			continue;
		}
		if (e != NULL ||
		    strcmp(out == NULL ? ISSUER : out, rows[i].audience) != 0)
			fail_msg("row %zu: %s", i, out);
	}
}

/* What the answer's access token is for, or the error; a refresh token to
 * *next.
 */
static const char *
redeem(const char *name, const char *resource, const char **next)
{
	struct subject sub = { .user = NULL };
	const struct grant *g;
	const struct oerr *e;
	struct json_object *o;
	struct jwt t;

	fx.rq.param[PARAM_GRANT_TYPE] = name;
	fx.rq.param[PARAM_RESOURCE] = resource;
	if ((e = grant_find(&fx.rq, &g)) != NULL ||
	    (e = grant_check(&fx.rq, g, cl)) != NULL ||
	    (e = g->redeem(&fx.rq, cl, &sub)) != NULL ||
	    (e = issue_tokens(&fx.rq, cl, &sub)) != NULL)
		return e->error;
	o = json_parse(fx.a, fx.rq.body->data, fx.rq.body->len);
	*next = json_get_str(o, "refresh_token");
	assert_null(jwt_read(fx.a, json_get_str(o, "access_token"), &t));
	o = json_parse(fx.a, t.payload, t.payload_len);
	return json_get_str(o, "aud");
}

static const char *
refresh(const char **token, const char *resource)
{
	REQUEST(NULL);
	fx.rq.now = NOW + 1;
	fx.rq.param[PARAM_REFRESH_TOKEN] = *token;
	return redeem("refresh_token", resource, token);
}

static const char *
redeem_code(const char *resource, const char **next)
{
	REQUEST(NULL);
	fx.rq.param[PARAM_CODE] = "code";
	fx.rq.param[PARAM_REDIRECT_URI] = "u";
	fx.rq.param[PARAM_CODE_VERIFIER] = VERIFIER;
	return redeem("authorization_code", resource, next);
}

static const char *
poll_device(const char *resource, const char **next)
{
	REQUEST(NULL);
	fx.rq.param[PARAM_DEVICE_CODE] = "device";
	return redeem(DEVICE, resource, next);
}

/* A family bound to A, refreshed over and over. */
static void
assert_bound(const char *token)
{
	for (int i = 0; i < 3; i++) {
		assert_string_equal(refresh(&token, B), "invalid_target");
		assert_string_equal(refresh(&token, ISSUER), "invalid_target");
		assert_string_equal(refresh(&token, NULL), A);
		assert_string_equal(refresh(&token, A), A);
	}
	assert_int_equal(
	    fixture_sql("SELECT count(*) FROM"
			" oauth_refresh_tokens WHERE resource IS NOT '" A "'"),
	    0);
}

static void
a_code_and_its_family_are_bound_to_the_resource(void **state)
{
	struct auth_code c = code_for(A);
	const char *token = NULL;

	(void)state;
	assert_int_equal(store_code_add(fx.st, &c), 1);
	/* A refusal spends nothing. */
	assert_string_equal(redeem_code(B, &token), "invalid_target");
	assert_string_equal(redeem_code(ISSUER, &token), "invalid_target");
	assert_string_equal(redeem_code(NULL, &token), A);
	assert_bound(token);
}

static void
a_device_code_and_its_family_are_bound_to_the_resource(void **state)
{
	struct device_code c = device_for(A);
	const char *token = NULL;

	(void)state;
	assert_int_equal(store_device_add(fx.st, &c), 1);
	assert_int_equal(
	    store_device_decide(fx.st, "BCDFGHJK", u->id, "read-posts", 1, NOW),
	    1);
	assert_string_equal(poll_device(B, &token), "invalid_target");
	assert_string_equal(poll_device(A, &token), A);
	assert_bound(token);
}

/* As it was: each token request may name another. */
static void
a_family_bound_to_none_names_it_each_time(void **state)
{
	struct auth_code c = code_for(NULL);
	const char *token = NULL;

	(void)state;
	assert_int_equal(store_code_add(fx.st, &c), 1);
	assert_string_equal(redeem_code(A, &token), A);
	assert_string_equal(refresh(&token, B), B);
	assert_string_equal(refresh(&token, NULL), ISSUER);
	assert_string_equal(refresh(&token, "urn:x"), "invalid_target");
	assert_string_equal(refresh(&token, A), A);
	assert_int_equal(
	    fixture_sql("SELECT count(*) FROM"
			" oauth_refresh_tokens WHERE resource IS NOT NULL"),
	    0);
}

/* A retry after a lost answer is of the same family. */
static void
a_retry_within_the_grace_is_bound_too(void **state)
{
	struct auth_code c = code_for(A);
	const char *token = NULL, *again;

	(void)state;
	assert_int_equal(store_code_add(fx.st, &c), 1);
	assert_string_equal(redeem_code(NULL, &token), A);
	again = token;
	assert_string_equal(refresh(&token, NULL), A);
	assert_string_equal(refresh(&again, B), "invalid_target");
	assert_string_equal(refresh(&again, NULL), A);
	assert_bound(again);
}

/* RFC 6749 section 4.1.2: a thief's use counts, whatever it names. */
static void
a_replay_is_one_whatever_resource_it_names(void **state)
{
	struct auth_code c = code_for(A);
	const char *token = NULL;

	(void)state;
	assert_int_equal(store_code_add(fx.st, &c), 1);
	assert_string_equal(redeem_code(NULL, &token), A);
	assert_string_equal(redeem_code(B, &token), "invalid_grant");
	assert_string_equal(refresh(&token, NULL), "invalid_grant");
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_granted_keeps_its_resource),
		TEST(where_none_was_named_there_is_none),
		TEST(a_consent_counts_for_its_resource_alone),
		TEST(a_consent_for_none_in_particular_counts_for_each),
		TEST(consents_are_listed_and_taken_back_by_client),
		TEST(a_resource_is_a_uri_that_we_serve),
		TEST(a_token_is_for_what_was_granted),
		TEST(a_code_and_its_family_are_bound_to_the_resource),
		TEST(a_device_code_and_its_family_are_bound_to_the_resource),
		TEST(a_family_bound_to_none_names_it_each_time),
		TEST(a_retry_within_the_grace_is_bound_too),
		TEST(a_replay_is_one_whatever_resource_it_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
