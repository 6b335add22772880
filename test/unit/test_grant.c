/* test_grant.c: the table of grants, from parameters to stored tokens. */
#include "grants.h"

#include "store_code.h"
#include "store_device.h"

#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" /* RFC 7636 */
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

/* RFC 6749 section 5.2: unsupported_grant_type, invalid_request. */
static void
a_grant_is_found_by_its_exact_name(void **state)
{
	static const char *const no[] = { "Password", "implicit", "password ",
		"refresh", "urn:ietf:params:oauth:grant-type:jwt-bearer" };
	const struct grant *const *table, *g;
	size_t n;

	(void)state;
	table = grant_table(&n);
	assert_int_equal(n, 5);
	for (size_t i = 0; i < n; i++) {
		fx.rq.param[PARAM_GRANT_TYPE] = table[i]->name;
		assert_null(grant_find(&fx.rq, &g));
		assert_ptr_equal(g, table[i]);
	}
	for (size_t i = 0; i < N(no); i++) {
		fx.rq.param[PARAM_GRANT_TYPE] = no[i];
		assert_ptr_equal(
		    grant_find(&fx.rq, &g), &oerr_unsupported_grant_type);
	}
	fx.rq.param[PARAM_GRANT_TYPE] = NULL;
	assert_string_equal(grant_find(&fx.rq, &g)->description,
	    "The parameter grant_type is missing.");
}

/* RFC 6749 sections 4.3, 4.4 and 5.2: only confidential clients. */
static void
a_client_needs_the_grant_a_secret_and_the_parameters(void **state)
{
	const struct grant *const *table, *g;
	size_t n;

	(void)state;
	table = grant_table(&n);
	for (size_t i = 0; i < n; i++) {
		struct client holds = { .grants = table[i]->name,
			.has_secret = 1 };
		struct client open = { .grants = table[i]->name };
		struct client none = { .grants = "", .has_secret = 1 };
		const int may = strcmp(table[i]->name, "password") != 0 &&
		    strcmp(table[i]->name, "client_credentials") != 0;

		g = table[i];
		request(NOW);
		for (int p = 0; p < g->n_needs; p++) {
			const struct oerr *e = grant_check(&fx.rq, g, &holds);

			assert_string_equal(e->error, "invalid_request");
			assert_string_equal(e->description,
			    arena_printf(fx.a, "The parameter %s is missing.",
				param_name(g->needs[p])));
			fx.rq.param[g->needs[p]] = "x";
		}
		assert_null(grant_check(&fx.rq, g, &holds));
		assert_ptr_equal(
		    grant_check(&fx.rq, g, &none), &oerr_unauthorized_client);
		assert_ptr_equal(grant_check(&fx.rq, g, &open),
		    may ? NULL : &oerr_unauthorized_client);
	}
}

/* RFC 6749 section 4.4.3: no refresh token. */
static void
client_credentials_give_an_access_token_alone(void **state)
{
	struct client self = *other;
	struct json_object *o;
	const struct oerr *e;

	(void)state;
	self.has_secret = 1;
	request(NOW);
	fx.rq.param[PARAM_SCOPE] = "read-posts";
	o = redeem("client_credentials", &self, &e);
	assert_non_null(o);
	assert_null(json_get_str(o, "refresh_token"));
	assert_string_equal(json_get_str(o, "scope"), "read-posts");
	assert_int_equal(live_pairs(), 0);
	request(NOW);
	fx.rq.param[PARAM_SCOPE] = "admin";
	assert_null(redeem("client_credentials", &self, &e));
	assert_ptr_equal(e, &oerr_invalid_scope);
}

static struct json_object *
redeem_code(int64_t now, const struct client *who, const char *redirect_uri,
    const char *verifier, const struct oerr **e)
{
	request(now);
	fx.rq.param[PARAM_CODE] = "the code";
	fx.rq.param[PARAM_REDIRECT_URI] = redirect_uri;
	fx.rq.param[PARAM_CODE_VERIFIER] = verifier;
	return redeem("authorization_code", who, e);
}

static void
add_code(void)
{
	struct auth_code c = { .digest = fixture_digest("the code"),
		.granted.family = fixture_id("family"),
		.granted.client = cl->id,
		.granted.user = u->id,
		.redirect_uri = "https://app.example/cb",
		.challenge = CHALLENGE,
		.granted.scope = "read-posts",
		.expires_at = NOW + 60 };

	assert_int_equal(store_code_add(fx.st, &c), 1);
}

/* RFC 6749 section 4.1.2, 4.1.3, RFC 7636 section 4.6. */
static void
a_code_is_good_once_for_its_client_uri_and_verifier(void **state)
{
	static const char uri[] = "https://app.example/cb";
	struct client app = *other;
	struct json_object *o;
	const struct oerr *e;

	(void)state;
	app.grants = cl->grants;
	add_code();
	assert_null(redeem_code(NOW, &app, uri, VERIFIER, &e));
	assert_string_equal(fx.rq.trail.why, "code of another client");
	assert_null(
	    redeem_code(NOW, cl, "https://app.example/cb/", VERIFIER, &e));
	assert_string_equal(fx.rq.trail.why,
	    "another redirect_uri: https://app.example/cb/; the code is for"
	    " https://app.example/cb");
	assert_null(redeem_code(NOW, cl, uri, CHALLENGE, &e));
	assert_string_equal(fx.rq.trail.why, "wrong code_verifier");
	assert_null(redeem_code(NOW + 60, cl, uri, VERIFIER, &e));
	assert_string_equal(fx.rq.trail.why, "expired code");
	o = redeem_code(NOW + 59, cl, uri, VERIFIER, &e);
	assert_string_equal(json_get_str(o, "scope"), "read-posts");
	assert_int_equal(live_pairs(), 1);
	/* A second use of the code revokes what the first use gave. */
	assert_null(redeem_code(NOW + 59, cl, uri, VERIFIER, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_string_equal(fx.rq.trail.why, "code used twice: family revoked");
	assert_int_equal(live_pairs(), 0);
	assert_int_equal(live_access(), 0);
}

static void
add_device_code(void)
{
	struct device_code c = { .digest = fixture_digest("the device"),
		.user_code = "BCDFGHJK",
		.granted.family = fixture_id("family"),
		.granted.client = cl->id,
		.granted.scope = "read-posts",
		.interval_s = 5,
		.expires_at = NOW + 600 };

	assert_int_equal(store_device_add(fx.st, &c), 1);
}

static struct json_object *
poll_device(int64_t now, const struct oerr **e)
{
	request(now);
	fx.rq.param[PARAM_DEVICE_CODE] = "the device";
	return redeem(DEVICE, cl, e);
}

/* RFC 8628 section 3.5. */
static void
a_device_polls_until_its_user_has_decided(void **state)
{
	const struct granted g = { .user = u->id, .scope = "read-posts" };
	const struct oerr *e;

	(void)state;
	add_device_code();
	poll_device(NOW, &e);
	assert_ptr_equal(e, &oerr_authorization_pending);
	poll_device(NOW + 4, &e);
	assert_ptr_equal(e, &oerr_slow_down);
	poll_device(NOW + 12, &e); /* ten seconds from now on */
	assert_ptr_equal(e, &oerr_slow_down);
	poll_device(NOW + 27, &e); /* fifteen */
	assert_ptr_equal(e, &oerr_authorization_pending);
	assert_int_equal(
	    store_device_decide(fx.st, "BCDFGHJK", &g, 1, NOW + 30), 1);
	assert_int_equal(
	    store_device_decide(fx.st, "BCDFGHJK", &g, 0, NOW + 30), 0);
	assert_non_null(poll_device(NOW + 31, &e));
	assert_int_equal(live_pairs(), 1);
	assert_null(poll_device(NOW + 40, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_int_equal(live_pairs(), 0);
}

static void
a_device_code_denied_or_expired_gives_nothing(void **state)
{
	const struct oerr *e;

	(void)state;
	poll_device(NOW, &e);
	assert_ptr_equal(e, &oerr_invalid_grant);
	add_device_code();
	poll_device(NOW + 600, &e);
	assert_ptr_equal(e, &oerr_expired_token);
	store_device_decide(fx.st, "BCDFGHJK",
	    &(struct granted) { .user = u->id, .scope = "" }, 0, NOW);
	poll_device(NOW + 1, &e);
	assert_ptr_equal(e, &oerr_access_denied);
	assert_int_equal(live_access(), 0);
}

/* RFC 8707 section 2. */
static void
a_token_is_for_the_issuer_or_an_audience_of_ours(void **state)
{
	static const struct {
		const char *resource;
		int good;
	} rows[] = { { "https://auth.example", 1 },
		{ "https://api.example", 1 }, { "https://evil.example", 0 },
		{ "https://api.example/", 1 },
		{ "https://api.example/x", 0 } };
	struct client self = *other;
	const struct oerr *e;

	(void)state;
	self.has_secret = 1;
	fixture_conf("audiences = https://api.example\n");
	for (size_t i = 0; i < N(rows); i++) {
		request(NOW);
		fx.rq.param[PARAM_RESOURCE] = rows[i].resource;
		redeem("client_credentials", &self, &e);
		assert_ptr_equal(e, rows[i].good ? NULL : &oerr_invalid_target);
	}
}

#define TEST(name) TEST_IN(name, grants_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_grant_is_found_by_its_exact_name),
		TEST(a_client_needs_the_grant_a_secret_and_the_parameters),
		TEST(client_credentials_give_an_access_token_alone),
		TEST(a_code_is_good_once_for_its_client_uri_and_verifier),
		TEST(a_device_polls_until_its_user_has_decided),
		TEST(a_device_code_denied_or_expired_gives_nothing),
		TEST(a_token_is_for_the_issuer_or_an_audience_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
