/* test_guard.c: bearer token to caller (RFC 6750, RFC 9068 section 4). */
#include "fixture.h"

#include "guard.h"
#include "issue.h"
#include "jwt.h"
#include "store_token.h"

static const struct guard_rule anyone = { CALLER_ANY, NULL, NULL, NULL };

static struct client *cl;
static struct user *u;
static struct keys *ks; /* as the programs read them */
static struct id id;    /* of the user's token in the database */
static const char *claims;

static struct access_token
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
static const char *
claims_of(const struct id *token)
{
	return arena_printf(fx.a,
	    "{\"iss\":\"https://auth.example\",\"sub\":\"1\","
	    "\"aud\":\"https://auth.example\",\"client_id\":\"c1\","
	    "\"exp\":1700000090,\"iat\":1699999990,\"nbf\":1699999990,"
	    "\"jti\":\"%s\",\"scope\":\"read-posts write-posts\"}",
	    issue_id_text(fx.a, token));
}

static int
setup(void **state)
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

static int
teardown(void **state)
{
	keys_free(ks);
	return fixture_end(state);
}

static const char *
sign(const char *typ, const char *text)
{
	const struct keys_entry *en = keys_signer(ks, ALG_ES256);

	return jwt_sign(fx.a, en->key, en->kid, typ, text, strlen(text));
}

/* The claims with old, which must stand in them, replaced by new. */
static const char *
with(const char *old, const char *new)
{
	const char *at = strstr(claims, old);

	assert_non_null(at);
	return arena_printf(fx.a, "%.*s%s%s", (int)(at - claims), claims, new,
	    at + strlen(old));
}

static const struct oerr *
check(
    const char *token, const struct guard_rule *rule, struct guard_caller *out)
{
	REQUEST(arena_printf(fx.a, "HTTP_AUTHORIZATION=Bearer %s", token));
	return guard_check(&fx.rq, rule, out);
}

/* RFC 6750 section 3, RFC 9728 section 5.1. */
#define CHALLENGE \
	"WWW-Authenticate: Bearer realm=\"https://auth.example\"," \
	" resource_metadata=\"https://auth.example/.well-known/" \
	"oauth-protected-resource\""

static void
assert_refused(const char *token, const char *why)
{
	struct guard_caller who;
	const struct oerr *e = check(token, &anyone, &who);

	if (e != &oerr_invalid_token)
		fail_msg("%s: taken, or not as invalid", why);
	assert_string_equal(fx.rq.why, why);
	assert_string_equal(fx.headers.data,
	    CHALLENGE ","
	    " error=\"invalid_token\", error_description=\"The access token"
	    " is malformed, expired or revoked.\"\r\n");
}

static void
a_good_token_tells_who_calls(void **state)
{
	struct guard_caller who;
	const char *token = sign("at+jwt", claims);

	(void)state;
	/* Twice: what was verified once is remembered. */
	for (int i = 0; i < 2; i++) {
		assert_null(check(token, &anyone, &who));
		assert_memory_equal(who.token.byte, id.byte, ID_LEN);
		assert_int_equal(who.is.user, u->id);
		assert_string_equal(who.is.email, "a@b.example");
		assert_string_equal(who.is.client_id, "c1");
		assert_string_equal(who.is.scope, "read-posts write-posts");
		assert_string_equal(fx.rq.client_id, "c1");
		assert_string_equal(fx.headers.data, "");
	}
}

/* RFC 6750 section 2.1, 3.1: without a token the challenge names no error. */
static void
without_a_bearer_token_there_is_a_bare_challenge(void **state)
{
	static const char *const vars[] = { "X=y",
		"HTTP_AUTHORIZATION=", "HTTP_AUTHORIZATION=Basic Zm9v",
		"HTTP_AUTHORIZATION=Bearerx y", "QUERY_STRING=access_token=x",
		"HTTP_X_TOKEN=Bearer x", "HTTP_COOKIE=access_token=x" };
	struct guard_caller who;

	(void)state;
	for (size_t i = 0; i < N(vars); i++) {
		REQUEST(vars[i]);
		assert_ptr_equal(
		    guard_check(&fx.rq, &anyone, &who), &oerr_no_token);
		assert_string_equal(fx.headers.data,
		    CHALLENGE "\r\n");
	}
}

static void
the_header_is_found_under_its_other_names_and_in_any_case(void **state)
{
	static const char *const forms[] = { "HTTP_AUTHORIZATION=bearer %s",
		"HTTP_AUTHORIZATION=BEARER   %s",
		"REDIRECT_HTTP_AUTHORIZATION=Bearer %s",
		"REDIRECT_REDIRECT_HTTP_AUTHORIZATION=Bearer %s",
		"HTTP_X_TOKEN=Bearer %s" };
	const char *token = sign("at+jwt", claims);
	struct guard_caller who;

	(void)state;
	fixture_conf("auth_header = X-Token\n");
	for (size_t i = 0; i < N(forms); i++) {
		const char *at = strstr(forms[i], "%s");

		REQUEST(arena_printf(
		    fx.a, "%.*s%s", (int)(at - forms[i]), forms[i], token));
		assert_null(guard_check(&fx.rq, &anyone, &who));
	}
}

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
	struct guard_caller who;

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
				    fx.rq.why, "not an access token");
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
		{ AUD, "\"aud\":\"https://api.example\"" },
		{ AUD, "\"aud\":[\"https://b.example\"]" },
		{ "{", "{\"more\":{\"aud\":1},\"groups\":[]," },
	};
	struct guard_caller who;

	(void)state;
	fixture_conf("audiences = https://api.example https://b.example\n");
	for (size_t i = 0; i < N(rows); i++)
		if (check(sign("at+jwt", with(rows[i].old, rows[i].new)),
			&anyone, &who) != NULL)
			fail_msg("%s: %s", rows[i].new, fx.rq.why);
	fixture_conf("passport_compat = yes\n");
	assert_null(
	    check(sign("JWT", with(AUD, "\"aud\":\"c1\"")), &anyone, &who));
	assert_ptr_equal(
	    check(sign("JWT", with(AUD, "\"aud\":\"c2\"")), &anyone, &who),
	    &oerr_invalid_token);
}

/* Revocation acts on the very next request, remembered token or not. */
static void
what_the_database_says_ends_a_token_at_once(void **state)
{
	const char *token = sign("at+jwt", claims);
	struct guard_caller who;

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
	struct guard_caller who;

	(void)state;
	assert_null(check(token, &anyone, &who));
	REQUEST(arena_printf(fx.a, "HTTP_AUTHORIZATION=Bearer %s", token));
	fx.rq.now = NOW + 90;
	assert_ptr_equal(
	    guard_check(&fx.rq, &anyone, &who), &oerr_invalid_token);
	assert_string_equal(fx.rq.why, "expired token");
	/* Another issuer in the configuration. */
	assert_null(check(token, &anyone, &who));
	fx.cf->issuer = "https://new.example";
	fx.pr.conf_generation++;
	assert_ptr_equal(check(token, &anyone, &who), &oerr_invalid_token);
	fx.cf->issuer = "https://auth.example";
	fx.pr.conf_generation++;
	assert_null(check(token, &anyone, &who));
	/* A key that leaked and was replaced. */
	usleep(20000);
	assert_int_equal(keys_make(fx.cf->keys, ALG_ES256, 0, 1), 1);
	REQUEST(arena_printf(fx.a, "HTTP_AUTHORIZATION=Bearer %s", token));
	fx.rq.now++;
	assert_ptr_equal(
	    guard_check(&fx.rq, &anyone, &who), &oerr_invalid_token);
	assert_string_equal(fx.rq.why, "unknown key");
}

/* What is remembered is this very token, not all that share its place. */
static void
a_forgery_in_the_place_of_a_remembered_token_is_refused(void **state)
{
	const char *token = sign("at+jwt", claims);
	struct digest d = fixture_digest(token), e;
	struct guard_caller who;
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

/* DESIGN, section 6: all of a list, or any of it; a user, a client, either. */
static void
the_rule_decides_by_scope_and_caller(void **state)
{
	static const struct {
		struct guard_rule rule;
		const struct oerr *user, *own;
	} rows[] = {
		{ { CALLER_ANY, NULL, NULL, NULL }, NULL, NULL },
		{ { CALLER_ANY, "read-posts", NULL, NULL }, NULL, NULL },
		{ { CALLER_ANY, "read-posts write-posts", NULL, NULL }, NULL,
		    &oerr_insufficient_scope },
		{ { CALLER_ANY, "read-posts admin", NULL, NULL },
		    &oerr_insufficient_scope, &oerr_insufficient_scope },
		{ { CALLER_ANY, "read", NULL, NULL }, &oerr_insufficient_scope,
		    &oerr_insufficient_scope },
		{ { CALLER_ANY, NULL, "admin write-posts", NULL }, NULL,
		    &oerr_insufficient_scope },
		{ { CALLER_ANY, NULL, "admin read-posts", NULL }, NULL, NULL },
		{ { CALLER_ANY, NULL, "admin", NULL }, &oerr_insufficient_scope,
		    &oerr_insufficient_scope },
		{ { CALLER_ANY, NULL, "", NULL }, &oerr_insufficient_scope,
		    &oerr_insufficient_scope },
		{ { CALLER_ANY, "write-posts", "read-posts", NULL }, NULL,
		    &oerr_insufficient_scope },
		{ { CALLER_CLIENT, NULL, NULL, NULL }, &oerr_wrong_caller, NULL },
		{ { CALLER_USER, NULL, NULL, NULL }, NULL, &oerr_invalid_token },
	};
	struct access_token own = row("own", 0, "read-posts", NULL);
	const char *tokens[] = { sign("at+jwt", claims),
		sign("at+jwt", claims_of(&own.id)) };
	struct guard_caller who;

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		for (int k = 0; k < 2; k++) {
			const struct oerr *want =
			    k ? rows[i].own : rows[i].user;
			const struct oerr *e =
			    check(tokens[k], &rows[i].rule, &who);

			if ((e == NULL) != (want == NULL))
				fail_msg("row %zu %d", i, k);
			if (want == NULL)
				continue;
			assert_int_equal(e->status, want->status);
			assert_string_equal(e->error, want->error);
		}
}

/* RFC 6750 section 3: the challenge names the scopes that are needed. */
static void
a_lack_of_scope_is_told_with_what_is_needed(void **state)
{
	static const struct guard_rule all = { CALLER_ANY, "admin x", NULL, NULL };
	static const struct guard_rule any = { CALLER_ANY, NULL, "admin", NULL };
	struct guard_caller who;

	(void)state;
	assert_ptr_equal(check(sign("at+jwt", claims), &all, &who),
	    &oerr_insufficient_scope);
	assert_non_null(strstr(fx.headers.data,
	    "error=\"insufficient_scope\", error_description=\"The access"
	    " token lacks a scope that this resource needs.\","
	    " scope=\"admin x\"\r\n"));
	check(sign("at+jwt", claims), &any, &who);
	assert_non_null(strstr(fx.headers.data, ", scope=\"admin\"\r\n"));
}

static void
the_use_of_a_personal_token_is_noted_to_the_hour(void **state)
{
	struct access_token t = row("p", u->id, "", "laptop");
	const char *token = sign("at+jwt", claims_of(&t.id));
	struct guard_caller who;

	(void)state;
	assert_null(check(token, &anyone, &who));
	guard_note_use(&fx.rq, &who);
	assert_int_equal(fixture_sql("SELECT last_used_at FROM"
				     " oauth_access_tokens WHERE name IS"
				     " NOT NULL"),
	    NOW);
	fixture_sql("UPDATE oauth_access_tokens SET last_used_at = 1699996400");
	assert_null(check(token, &anyone, &who));
	guard_note_use(&fx.rq, &who);
	assert_int_equal(fixture_sql("SELECT max(last_used_at) FROM"
				     " oauth_access_tokens"),
	    NOW - 3600);
	assert_null(check(sign("at+jwt", claims), &anyone, &who));
	guard_note_use(&fx.rq, &who);
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

/* What we signed is known again by its seal; any other text needs a signature. */
static void
what_we_sealed_needs_no_signature_checked(void **state)
{
	struct access_token t = row("d", u->id, "read-posts", NULL);
	const char *token = sign("at+jwt", claims_of(&t.id));
	const char *given = unsigned_as(token, "AAAAAAAA");
	const char *other = unsigned_as(token, "AAAAAAAB");
	struct guard_caller who;
	struct digest d;

	(void)state;
	assert_ptr_equal(check(given, &anyone, &who), &oerr_invalid_token);
	keys_seal(keys_signer(ks, ALG_ES256), given, &d);
	put_seal(&d);
	assert_null(check(given, &anyone, &who));
	assert_ptr_equal(check(other, &anyone, &who), &oerr_invalid_token);
	assert_string_equal(fx.rq.why, "bad signature");
	/* A genuine one with another text passes by its signature. */
	assert_null(check(token, &anyone, &who));
}

/* Who writes to the database, and has no key's file, makes no token. */
static void
a_seal_takes_the_key_s_file(void **state)
{
	struct access_token t = row("d", u->id, "read-posts", NULL);
	const char *token = sign("at+jwt", claims_of(&t.id));
	const char *given = unsigned_as(token, "AAAAAAAA");
	struct digest d = fixture_digest(given), none = { { 0 } };
	struct guard_caller who;

	(void)state;
	put_seal(&d);
	assert_ptr_equal(check(given, &anyone, &who), &oerr_invalid_token);
	digest_seal(&none, given, &d);
	put_seal(&d);
	assert_ptr_equal(check(given, &anyone, &who), &oerr_invalid_token);
	assert_string_equal(fx.rq.why, "bad signature");
}

/* Nor does the file of a public key make one, which anyone may have. */
static void
a_public_key_seals_nothing(void **state)
{
	static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
	    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n";
	struct access_token t = row("d", u->id, "read-posts", NULL);
	const char *given =
	    unsigned_as(sign("at+jwt", claims_of(&t.id)), "AAAAAAAA");
	struct digest key = fixture_digest(pem), d;
	struct guard_caller who;
	FILE *f;

	(void)state;
	f = fopen(fixture_file("keys/ES256-old.pem"), "w");
	assert_non_null(f);
	assert_true(fputs(pem, f) >= 0 && fclose(f) == 0);
	keys_look_again(&fx.rq);
	digest_seal(&key, given, &d);
	put_seal(&d);
	assert_ptr_equal(check(given, &anyone, &who), &oerr_invalid_token);
	assert_string_equal(fx.rq.why, "bad signature");
}

/* Retiring a key ends its tokens, sealed or not. */
static void
a_seal_does_not_outlive_its_key(void **state)
{
	struct access_token t = row("d", u->id, "read-posts", NULL);
	const struct keys_entry *en = keys_signer(ks, ALG_ES256);
	const char *token = sign("at+jwt", claims_of(&t.id));
	struct guard_caller who;
	struct digest d;
	struct keys *now;

	(void)state;
	keys_seal(en, token, &d);
	put_seal(&d);
	assert_int_equal(keys_rotate(fx.cf->keys, ALG_ES256, 0), 0);
	keys_look_again(&fx.rq);
	assert_null(check(token, &anyone, &who));
	assert_non_null(now = keys_load(fx.cf->keys));
	assert_int_equal(
	    keys_retire(fx.cf->keys, keys_by_kid(now, en->kid)), 0);
	keys_free(now);
	keys_look_again(&fx.rq);
	assert_ptr_equal(check(token, &anyone, &who), &oerr_invalid_token);
	assert_string_equal(fx.rq.why, "unknown key");
}

static void
a_failure_here_is_no_statement_about_the_token(void **state)
{
	struct guard_caller who;
	const char *token = sign("at+jwt", claims);

	(void)state;
	fixture_sql("ALTER TABLE oauth_access_tokens RENAME TO x");
	assert_ptr_equal(check(token, &anyone, &who), &oerr_server_error);
	assert_string_equal(fx.headers.data, "");
}

static void
without_keys_there_is_a_server_error(void **state)
{
	struct guard_caller who;
	const char *token = sign("at+jwt", claims);

	(void)state;
	fixture_conf("keys = nowhere\n");
	assert_ptr_equal(check(token, &anyone, &who), &oerr_server_error);
	assert_string_equal(fx.rq.why, "no keys");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_good_token_tells_who_calls),
		TEST(without_a_bearer_token_there_is_a_bare_challenge),
		TEST(the_header_is_found_under_its_other_names_and_in_any_case),
		TEST(a_token_that_is_not_ours_is_refused),
		TEST(the_type_must_be_that_of_an_access_token),
		TEST(claims_that_do_not_fit_are_refused),
		TEST(claims_at_the_edge_and_others_of_the_audience_are_taken),
		TEST(what_the_database_says_ends_a_token_at_once),
		TEST(a_remembered_token_expires_and_falls_with_its_key),
		TEST(a_forgery_in_the_place_of_a_remembered_token_is_refused),
		TEST(the_rule_decides_by_scope_and_caller),
		TEST(a_lack_of_scope_is_told_with_what_is_needed),
		TEST(the_use_of_a_personal_token_is_noted_to_the_hour),
		TEST(what_we_sealed_needs_no_signature_checked),
		TEST(a_seal_takes_the_key_s_file),
		TEST(a_public_key_seals_nothing),
		TEST(a_seal_does_not_outlive_its_key),
		TEST(a_failure_here_is_no_statement_about_the_token),
		TEST(without_keys_there_is_a_server_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
