/* test_bearer.c: the claims of a bearer token (RFC 9068 section 4). */
#include "guarded.h"

static void
a_token_that_is_not_ours_is_refused(void **state)
{
	struct key *k = key_generate(ALG_ES256, 0);
	const struct keys_entry *en = keys_signer(ks, ALG_ES256);
	const struct keys_entry *other = keys_signer(ks, ALG_EDDSA);
	const size_t len = strlen(claims);

	(void)state;
	assert_refused("", "not three parts");
	assert_refused("garbage", "not three parts");
	assert_refused("a.b.c", "malformed header");
	assert_refused(arena_printf(fx.a, "%s x", sign("at+jwt", claims)),
	    "bad signature");
	/* signed by a stranger, with our kid, and with a kid that no key has */
	assert_refused(
	    jwt_sign(fx.a, k, en->kid, "at+jwt", claims, len), "bad signature");
	assert_refused(
	    jwt_sign(fx.a, k, "AAAA", "at+jwt", claims, len), "unknown key");
	/*
	 * signed by one key of ours with the kid of the other: RFC 8725 section
	 * 3.1
	 */
	assert_refused(
	    jwt_sign(fx.a, other->key, en->kid, "at+jwt", claims, len),
	    "another algorithm than the key's");
	key_free(k);
}

/* RFC 9068 section 4, RFC 8725 section 3.11: an ID token is no access token. */
static void
the_type_must_be_that_of_an_access_token(void **state)
{
	static const struct {
		const char *typ;
		int plain, compat;
	} rows[] = { { "at+jwt", 1, 0 }, { "AT+JWT", 1, 0 },
		{ "application/at+jwt", 1, 0 }, { "JWT", 0, 1 },
		{ "jwt", 0, 1 }, { "", 0, 0 }, { "at", 0, 0 },
		{ "id+jwt", 0, 0 }, { "at+jwt ", 0, 0 }, { "x/at+jwt", 0, 0 } };
	struct caller who;

	(void)state;
	for (int compat = 0; compat < 2; compat++) {
		fixture_conf(compat ? "passport_compat = yes\n" : "");
		for (size_t i = 0; i < N(rows); i++) {
			const struct oerr *e =
			    check(sign(rows[i].typ, claims), &anyone, &who);

			if ((e == NULL) !=
			    (compat ? rows[i].compat : rows[i].plain))
				fail_msg("typ %s", rows[i].typ);
			if (e != NULL)
				assert_string_equal(
				    fx.rq.trail.why, "not an access token");
		}
	}
}

#define AUD "\"aud\":\"https://auth.example\""
#define ISS "\"iss\":\"https://auth.example\""

static void
claims_that_do_not_fit_are_refused(void **state)
{
	static const struct {
		const char *old, *new, *why;
	} rows[] = {
		{ ISS, "\"iss\":\"https://auth.example/\"", "another issuer" },
		{ ISS, "\"iss\":\"https://AUTH.example\"", "another issuer" },
		{ ISS, "\"iss\":[\"https://auth.example\"]", "another issuer" },
		{ ISS ",", "", "another issuer" },
		{ AUD, "\"aud\":\"https://other.example\"",
		    "another audience" },
		{ AUD, "\"aud\":[]", "another audience" },
		{ "\"aud\":\"https://auth.example\"",
		    "\"aud\":\"https://auth.example\\u0000\"",
		    "another audience" },
		{ AUD, "\"aud\":[\"https://other.example\",1,null]",
		    "another audience" },
		{ AUD, "\"aud\":{\"https://auth.example\":1}",
		    "another audience" },
		{ AUD, "\"aud\":\"c1\"", "another audience" },
		{ AUD, "\"aud\":null", "another audience" },
		{ AUD ",", "", "another audience" },
		{ "\"exp\":1700000090,", "", "no exp" },
		{ "1700000090", "\"1700000090\"", "no exp" },
		{ "1700000090", "1700000000", "expired token" },
		{ "1700000090", "1699999999.9", "expired token" },
		{ "1700000090", "-1", "expired token" },
		{ "1700000090", "1e300", "no exp" },
		{ "\"nbf\":1699999990", "\"nbf\":1700000001", "not valid yet" },
		{ "\"nbf\":1699999990", "\"nbf\":\"now\"", "malformed nbf" },
		{ "\"iat\":1699999990,", "", "no sub, client_id or iat" },
		{ "\"sub\":\"1\",", "", "no sub, client_id or iat" },
		{ "\"sub\":\"1\"", "\"sub\":1", "no sub, client_id or iat" },
		{ "\"client_id\":\"c1\",", "", "no sub, client_id or iat" },
		{ "\"jti\":\"", "\"jti\":\"A", "no jti of ours" },
		{ "\"jti\"", "\"jtj\"", "no jti of ours" },
		{ "{", "{\"exp\":9999999999,", "malformed claims" },
		{ "{", "[{", "malformed claims" },
		{ "write-posts\"}", "write-posts\"}x", "malformed claims" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		assert_refused(sign("at+jwt", with(rows[i].old, rows[i].new)),
		    rows[i].why);
	assert_refused(sign("at+jwt", ""), "malformed claims");
	assert_refused(sign("at+jwt", "[]"), "malformed claims");
}

static void
claims_at_the_edge_and_others_of_the_audience_are_taken(void **state)
{
	static const struct {
		const char *old, *new;
	} rows[] = {
		{ "1700000090", "1700000001" },
		{ "1700000090", "1700000001.5" }, /* as Passport writes it */
		{ "\"nbf\":1699999990", "\"nbf\":1700000000" },
		{ "\"nbf\":1699999990,", "" },
		{ AUD, "\"aud\":[\"x\",\"https://auth.example\"]" },
		{ AUD, "\"aud\":\"HTTPS://auth.example:443/\"" },
		{ "{", "{\"more\":{\"aud\":1},\"groups\":[]," },
	};
	struct caller who;

	(void)state;
	fixture_conf("audiences = https://api.example https://b.example\n");
	for (size_t i = 0; i < N(rows); i++)
		if (check(sign("at+jwt", with(rows[i].old, rows[i].new)),
			&anyone, &who) != NULL)
			fail_msg("%s: %s", rows[i].new, fx.rq.trail.why);
	fixture_conf("passport_compat = yes\n");
	assert_null(
	    check(sign("JWT", with(AUD, "\"aud\":\"c1\"")), &anyone, &who));
	assert_ptr_equal(
	    check(sign("JWT", with(AUD, "\"aud\":\"c2\"")), &anyone, &who),
	    &oerr_invalid_token);
}

/*
 * RFC 8707 section 2, RFC 9068 section 4: a token that is bound to one API
 * opens no other, on its first use and on later ones.  A rule of [guard] also
 * takes the setting audiences.
 */
static void
a_token_opens_the_place_alone_that_it_is_for(void **state)
{
	static const struct guard_rule guarded = { .at_audiences = 1 };
	static const struct {
		const char *aud;
		int here, there;
	} rows[] = {
		{ AUD, 1, 1 },
		{ "\"aud\":\"https://api.example\"", 0, 1 },
		{ "\"aud\":\"HTTPS://API.EXAMPLE:443/\"", 0, 1 },
		{ "\"aud\":[\"x\",\"https://b.example/\"]", 0, 1 },
		{ "\"aud\":[\"https://b.example/\",\"https://auth.example\"]",
		    1, 1 },
		{ "\"aud\":\"https://api.example/x\"", 0, 0 },
		{ "\"aud\":\"https://evil.example\"", 0, 0 },
	};
	struct caller who;

	(void)state;
	fixture_conf("audiences = https://api.example https://b.example/\n");
	for (size_t i = 0; i < N(rows); i++)
		for (int again = 0; again < 2; again++) {
			const char *token =
			    sign("at+jwt", with(AUD, rows[i].aud));
			const struct oerr *here = check(token, &anyone, &who),
					  *there = check(token, &guarded, &who);

			if (here != (rows[i].here ? NULL : &oerr_invalid_token) ||
			    there !=
				(rows[i].there ? NULL : &oerr_invalid_token))
				fail_msg("%s", rows[i].aud);
		}
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, guarded_setup, guarded_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_token_that_is_not_ours_is_refused),
		TEST(the_type_must_be_that_of_an_access_token),
		TEST(claims_that_do_not_fit_are_refused),
		TEST(claims_at_the_edge_and_others_of_the_audience_are_taken),
		TEST(a_token_opens_the_place_alone_that_it_is_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
