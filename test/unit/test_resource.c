/*
 * test_resource.c: a token that is granted for one resource is for no other
 * (RFC 8707).
 */
#include "resources.h"

#include "grant.h"
#include "issue.h"
#include "json.h"
#include "jwt.h"
#include "resource.h"

/*
 * RFC 8707 section 2: an absolute URI without a fragment, and one that we know.
 */
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
		{ A "?", 0 },
		{ ISSUER "/x", 0 },
		{ "https://evil.example", 0 },
		{ A " " B, 0 },
		/*
		 * These are audiences, but no absolute URIs without a fragment.
		 */
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

/*
 * RFC 3986 section 6.2: one URI has many spellings; the token has our spelling.
 */
static void
a_resource_is_spelt_as_the_configuration_spells_it(void **state)
{
	static const struct {
		const char *asked, *audience;
	} rows[] = {
		{ ISSUER "/", ISSUER },
		{ "HTTPS://AUTH.Example:443", ISSUER },
		{ "https://A.example:443/api", A },
		{ "https://a.example/x/../%61pi", A },
		{ "https://b.example", B },
		{ "https://b.example:/", B },
	};
	const char *out;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		fx.rq.param[PARAM_RESOURCE] = rows[i].asked;
		assert_null(resource_asked(&fx.rq, &out));
		assert_string_equal(out, rows[i].audience);
		assert_null(
		    resource_for_token(&fx.rq, rows[i].audience, &out));
		assert_string_equal(out, rows[i].audience);
		/*
		 * It was stored before the configuration had another spelling.
		 */
		fx.rq.param[PARAM_RESOURCE] = NULL;
		assert_null(resource_for_token(&fx.rq, rows[i].asked, &out));
		assert_string_equal(out, rows[i].audience);
	}
}

/*
 * RFC 8707 section 2.2: what was granted for one resource gives a token for
 * that one.
 */
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
		/* The configuration does not name it any more. */
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

/*
 * The audience of the answer's access token, or the error; the refresh token
 * goes to *next.
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
	    (e = issue_tokens(&fx.rq, cl, g, &sub)) != NULL)
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

/* A family that is bound to A is refreshed several times. */
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
			" oauth_refresh_tokens WHERE resource IS DISTINCT FROM '" A "'"),
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
	assert_int_equal(store_device_decide(fx.st, "BCDFGHJK",
			     &(struct granted) {
				 .user = u->id, .scope = "read-posts" },
			     1, NOW),
	    1);
	assert_string_equal(poll_device(B, &token), "invalid_target");
	assert_string_equal(poll_device(A, &token), A);
	assert_bound(token);
}

/* If the grant has no resource, each token request may name another. */
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

/* A retry after a lost answer gets a token of the same family. */
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

/* RFC 6749 section 4.1.2: a thief's use counts, whichever resource it names. */
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

#define TEST(name) TEST_IN(name, resources_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_resource_is_a_uri_that_we_serve),
		TEST(a_resource_is_spelt_as_the_configuration_spells_it),
		TEST(a_token_is_for_what_was_granted),
		TEST(a_code_and_its_family_are_bound_to_the_resource),
		TEST(a_device_code_and_its_family_are_bound_to_the_resource),
		TEST(a_family_bound_to_none_names_it_each_time),
		TEST(a_retry_within_the_grace_is_bound_too),
		TEST(a_replay_is_one_whatever_resource_it_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
