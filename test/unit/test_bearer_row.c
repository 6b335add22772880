/* test_bearer_row.c: what the database says of a bearer token; its seal. */
#include "guarded.h"

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
