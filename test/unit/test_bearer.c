/* test_bearer.c: what a bearer token says (RFC 9068 section 4); seals. */
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
	/* signed by a stranger, under our kid and under none of ours */
	assert_refused(
	    jwt_sign(fx.a, k, en->kid, "at+jwt", claims, len), "bad signature");
	assert_refused(
	    jwt_sign(fx.a, k, "AAAA", "at+jwt", claims, len), "unknown key");
	/* by one key of ours, named as the other: RFC 8725 section 3.1 */
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
 * RFC 8707 section 2, RFC 9068 section 4: a token that is bound to one API opens no
 * other, remembered or not.  A rule of [guard] is for what audiences names, too.
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

/*
 * A scope that is taken from a user or a client is gone from their tokens at
 * once.
 */
static void
a_token_has_what_client_and_user_may_have_now(void **state)
{
	static const struct {
		const char *client, *user, *scope;
	} rows[] = {
		{ NULL, NULL, "read-posts write-posts" },
		{ "'*'", "'*'", "read-posts write-posts" },
		{ "'read-posts admin'", NULL, "read-posts" },
		{ NULL, "'write-posts'", "write-posts" },
		{ "'read-posts'", "'write-posts'", "" },
		{ "''", "'*'", "" },
		{ "NULL", "''", "" },
		{ NULL, NULL, "read-posts write-posts" },
	};
	const char *token = sign("at+jwt", claims);
	static const struct guard_rule rule = { .all = "read-posts" };
	struct caller who;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const int may = strstr(rows[i].scope, "read-posts") != NULL;

		fixture_sql(arena_printf(fx.a,
		    "UPDATE oauth_clients SET scope = %s",
		    rows[i].client == NULL ? "NULL" : rows[i].client));
		fixture_sql(arena_printf(fx.a, "UPDATE users SET scope = %s",
		    rows[i].user == NULL ? "NULL" : rows[i].user));
		assert_null(check(token, &anyone, &who));
		assert_string_equal(who.is.scope, rows[i].scope);
		assert_ptr_equal(check(token, &rule, &who),
		    may ? NULL : &oerr_insufficient_scope);
	}
	/* The setting user_scopes, and [scopes], are of the configuration. */
	fixture_conf("user_scopes = write-posts\n");
	assert_null(check(token, &anyone, &who));
	assert_string_equal(who.is.scope, "write-posts");
}

/* Revocation acts on the very next request, remembered token or not. */
static void
what_the_database_says_ends_a_token_at_once(void **state)
{
	const char *token = sign("at+jwt", claims);
	struct caller who;

	(void)state;
	assert_null(check(token, &anyone, &who));
	store_user_set_disabled(fx.st, u->id, NOW);
	assert_refused(token, "disabled user");
	store_user_set_disabled(fx.st, u->id, 0);
	assert_null(check(token, &anyone, &who));
	store_client_revoke(fx.st, cl->id, NOW);
	assert_refused(token, "revoked client");
	store_access_revoke(fx.st, &id, NOW);
	assert_refused(token, "revoked token");
	fixture_sql("DELETE FROM oauth_access_tokens");
	assert_refused(token, "unknown token");
}

static void
a_remembered_token_expires_and_falls_with_its_key(void **state)
{
	const char *token = sign("at+jwt", claims);
	struct caller who;

	(void)state;
	assert_null(check(token, &anyone, &who));
	REQUEST(arena_printf(fx.a, "HTTP_AUTHORIZATION=Bearer %s", token));
	fx.rq.now = NOW + 90;
	assert_ptr_equal(
	    guard_check(&fx.rq, &anyone, &who), &oerr_invalid_token);
	assert_string_equal(fx.rq.trail.why, "expired token");
	/* Another issuer in the configuration. */
	assert_null(check(token, &anyone, &who));
	fx.cf->issuer = "https://new.example";
	process_drop(&fx.pr, 0);
	assert_ptr_equal(check(token, &anyone, &who), &oerr_invalid_token);
	fx.cf->issuer = "https://auth.example";
	process_drop(&fx.pr, 0);
	assert_null(check(token, &anyone, &who));
	/* A key that leaked and was replaced. */
	usleep(20000);
	assert_int_equal(keys_make(fx.cf->keys, ALG_ES256, 0, 1), 1);
	REQUEST(arena_printf(fx.a, "HTTP_AUTHORIZATION=Bearer %s", token));
	fx.rq.now++;
	assert_ptr_equal(
	    guard_check(&fx.rq, &anyone, &who), &oerr_invalid_token);
	assert_string_equal(fx.rq.trail.why, "unknown key");
}

/* One token is remembered, and not the others that share its place. */
static void
a_forgery_in_the_place_of_a_remembered_token_is_refused(void **state)
{
	const char *token = sign("at+jwt", claims);
	struct digest d = fixture_digest(token), e;
	struct caller who;
	char forged[32];
	int n = 0;

	(void)state;
	assert_null(check(token, &anyone, &who));
	do {
		snprintf(forged, sizeof(forged), "forged.%d.x", n++);
		e = fixture_digest(forged);
	} while (memcmp(d.byte, e.byte, 2) != 0);
	assert_refused(forged, "malformed header");
}

static void
put_seal(const struct digest *d)
{
	char hex[2 * DIGEST_LEN + 1];

	for (int i = 0; i < DIGEST_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02x", d->byte[i]);
	fixture_sql(arena_printf(
	    fx.a, "UPDATE oauth_access_tokens SET seal = x'%s'", hex));
}

/* The token with a signature that is none, so that it shows who looks at it. */
static const char *
unsigned_as(const char *token, const char *end)
{
	return arena_printf(fx.a, "%.*s%s",
	    (int)(strlen(token) - strlen(end)), token, end);
}

/* A seal tells that we signed a token; other tokens need a valid signature. */
static void
what_we_sealed_needs_no_signature_checked(void **state)
{
	struct access_token t = row("d", u->id, "read-posts", NULL);
	const char *token = sign("at+jwt", claims_of(&t.id));
	const char *given = unsigned_as(token, "AAAAAAAA");
	const char *other = unsigned_as(token, "AAAAAAAB");
	struct caller who;
	struct digest d;

	(void)state;
	assert_ptr_equal(check(given, &anyone, &who), &oerr_invalid_token);
	assert_int_equal(keys_seal(ks, given, &d), 0);
	put_seal(&d);
	assert_null(check(given, &anyone, &who));
	assert_ptr_equal(check(other, &anyone, &who), &oerr_invalid_token);
	assert_string_equal(fx.rq.trail.why, "bad signature");
	/* A genuine one with another text passes by its signature. */
	assert_null(check(token, &anyone, &who));
}

/*
 * Whoever writes to the database, but has no key's file, cannot make a token.
 */
static void
a_seal_takes_the_key_s_file(void **state)
{
	struct access_token t = row("d", u->id, "read-posts", NULL);
	const char *token = sign("at+jwt", claims_of(&t.id));
	const char *given = unsigned_as(token, "AAAAAAAA");
	struct digest d = fixture_digest(given), none = { { 0 } };
	struct caller who;

	(void)state;
	put_seal(&d);
	assert_ptr_equal(check(given, &anyone, &who), &oerr_invalid_token);
	digest_seal(&none, given, &d);
	put_seal(&d);
	assert_ptr_equal(check(given, &anyone, &who), &oerr_invalid_token);
	assert_string_equal(fx.rq.trail.why, "bad signature");
}

/*
 * A seal made before there was a seal.key: by the digest of the private file.
 */
static void
a_token_with_an_older_seal_passes_by_its_signature(void **state)
{
	struct access_token t = row("d", u->id, "read-posts", NULL);
	const char *token = sign("at+jwt", claims_of(&t.id));
	const char *given = unsigned_as(token, "AAAAAAAA");
	struct digest pem, d;
	struct caller who;
	char text[4096] = "";
	FILE *f;

	(void)state;
	assert_non_null(f = fopen(fixture_file("keys/ES256.pem"), "r"));
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	digest_of(text, strlen(text), &pem);
	digest_seal(&pem, token, &d);
	put_seal(&d);
	assert_null(check(token, &anyone, &who));
	digest_seal(&pem, given, &d);
	put_seal(&d);
	assert_ptr_equal(check(given, &anyone, &who), &oerr_invalid_token);
	assert_string_equal(fx.rq.trail.why, "bad signature");
}

/* Without seal.key signatures are checked, as for any text without a seal. */
static void
without_the_key_of_seals_signatures_are_checked(void **state)
{
	struct access_token t = row("d", u->id, "read-posts", NULL);
	const char *token = sign("at+jwt", claims_of(&t.id));
	const char *given = unsigned_as(token, "AAAAAAAA");
	struct caller who;
	struct digest d;

	(void)state;
	assert_int_equal(keys_seal(ks, given, &d), 0);
	put_seal(&d);
	assert_int_equal(unlink(fixture_file("keys/verify/seal.key")), 0);
	assert_ptr_equal(check(given, &anyone, &who), &oerr_invalid_token);
	assert_string_equal(fx.rq.trail.why, "bad signature");
	assert_non_null(strstr(fx.log, "seal.key"));
	assert_null(check(token, &anyone, &who));
}

/* Retiring a key ends its tokens, sealed or not. */
static void
a_seal_does_not_outlive_its_key(void **state)
{
	int64_t from;
	struct access_token t = row("d", u->id, "read-posts", NULL);
	const struct keys_entry *en = keys_signer(ks, ALG_ES256);
	const char *token = sign("at+jwt", claims_of(&t.id));
	struct caller who;
	struct digest d;

	(void)state;
	assert_int_equal(keys_seal(ks, token, &d), 0);
	put_seal(&d);
	assert_int_equal(keys_rotate(fx.cf->keys, ALG_ES256, 0, 1, &from), 1);
	keys_look_again(&fx.rq);
	assert_null(check(token, &anyone, &who));
	assert_int_equal(keys_retire(fx.cf->keys, en->kid), 0);
	keys_look_again(&fx.rq);
	assert_ptr_equal(check(token, &anyone, &who), &oerr_invalid_token);
	assert_string_equal(fx.rq.trail.why, "unknown key");
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
		TEST(a_token_has_what_client_and_user_may_have_now),
		TEST(what_the_database_says_ends_a_token_at_once),
		TEST(a_remembered_token_expires_and_falls_with_its_key),
		TEST(a_forgery_in_the_place_of_a_remembered_token_is_refused),
		TEST(what_we_sealed_needs_no_signature_checked),
		TEST(a_seal_takes_the_key_s_file),
		TEST(a_token_with_an_older_seal_passes_by_its_signature),
		TEST(without_the_key_of_seals_signatures_are_checked),
		TEST(a_seal_does_not_outlive_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
