/*
 * test_grant_refresh.c: refresh tokens: rotation, replay, scope (RFC 6749
 * section 6).
 */
#include "grants.h"

#include "store_consent.h"

static struct json_object *
refresh(int64_t now, const struct client *who, const char *token,
    const char *scope, const struct oerr **e)
{
	request(now);
	fx.rq.param[PARAM_REFRESH_TOKEN] = token;
	fx.rq.param[PARAM_SCOPE] = scope;
	return redeem("refresh_token", who, e);
}

/* RFC 6749 section 6: one pair of a family lives. */
static void
a_refresh_token_rotates(void **state)
{
	const char *first, *second;
	const struct oerr *e;

	(void)state;
	first = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	second = json_get_str(
	    refresh(NOW + 100, cl, first, NULL, &e), "refresh_token");
	assert_string_not_equal(first, second);
	assert_int_equal(live_pairs(), 1);
	assert_int_equal(live_access(), 1);
	/*
	 * The next token is made from a value that no file and no row has:
	 * nobody else can make it.
	 */
	assert_int_equal(strlen(second), SECRET_TEXT_LEN);
}

/*
 * Each use within the grace gives the same refresh token, and an access token
 * of its own.
 */
static void
uses_within_the_grace_converge(void **state)
{
	const char *first, *second, *third;
	struct json_object *o;
	const struct oerr *e;

	(void)state;
	first = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	o = refresh(NOW + 100, cl, first, NULL, &e);
	second = json_get_str(o, "refresh_token");
	for (int i = 1; i <= 3; i++) {
		o = refresh(NOW + 100 + 10 * i, cl, first, "read-posts", &e);
		assert_string_equal(json_get_str(o, "refresh_token"), second);
		assert_string_equal(json_get_str(o, "scope"), "read-posts");
		assert_int_equal(live_pairs(), 1);
		assert_int_equal(live_access(), 1 + i);
	}
	/*
	 * The first use of the next refresh token ends all access tokens that
	 * came with it.
	 */
	o = refresh(NOW + 125, cl, second, NULL, &e);
	assert_string_equal(json_get_str(o, "scope"), "read-posts write-posts");
	third = json_get_str(o, "refresh_token");
	assert_string_not_equal(third, second);
	assert_int_equal(live_pairs(), 1);
	assert_int_equal(live_access(), 1);
	/*
	 * A late use of the first token gives the next one, which is spent
	 * already.
	 */
	o = refresh(NOW + 130, cl, first, NULL, &e);
	assert_string_equal(json_get_str(o, "refresh_token"), second);
	assert_int_equal(live_pairs(), 1);
	assert_int_equal(live_access(), 2);
	o = refresh(NOW + 155, cl, second, NULL, &e);
	assert_string_equal(json_get_str(o, "refresh_token"), third);
	assert_int_equal(live_pairs(), 1);
	assert_int_equal(live_access(), 3);
	/* All of it ends with the family. */
	assert_null(refresh(NOW + 156, cl, second, NULL, &e));
	assert_int_equal(live_pairs(), 0);
	assert_int_equal(live_access(), 0);
}

/* A token that is given several times is stored once and expires once. */
static void
a_further_use_does_not_lengthen_the_next_one(void **state)
{
	const struct oerr *e;
	const char *first;

	(void)state;
	fixture_conf("refresh_grace = 10m\n");
	first = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	assert_non_null(refresh(NOW, cl, first, NULL, &e));
	assert_non_null(refresh(NOW + 500, cl, first, NULL, &e));
	assert_int_equal(fixture_sql("SELECT max(expires_at) FROM"
				     " oauth_refresh_tokens"),
	    NOW + 30 * 86400);
}

/*
 * It was spent under another key, as if the key's file was replaced later:
 * nothing is given, and the tokens of others live on.
 */
static void
another_refresh_key_gives_no_token_that_is_not_there(void **state)
{
	const char *first, *second, *path = fixture_file("keys/refresh.key");
	const struct oerr *e;

	(void)state;
	first = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	second =
	    json_get_str(refresh(NOW, cl, first, NULL, &e), "refresh_token");
	assert_int_equal(unlink(path), 0);
	process_drop(&fx.pr, 0);
	/*
	 * Without the key's file it is the server's fault, and the log says so.
	 */
	assert_null(refresh(NOW, cl, second, NULL, &e));
	assert_ptr_equal(e, &oerr_server_error);
	assert_non_null(strstr(fx.log, "keys/refresh.key: No such file or"
				       " directory; carnet install makes it"));
	assert_int_equal(keys_refresh_make(fx.cf->keys), 1);
	assert_int_equal(keys_refresh_make(fx.cf->keys), 0);
	assert_null(refresh(NOW, cl, first, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_int_equal(live_pairs(), 1);
	assert_int_equal(live_access(), 1);
	assert_non_null(refresh(NOW, cl, second, NULL, &e));
}

static void
a_broken_refresh_key_is_told(void **state)
{
	static const char *const broken[] = { "", "x", "\n",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	const char *path = fixture_file("keys/refresh.key");
	FILE *f;

	(void)state;
	assert_true(keys_refresh_ok(fx.cf->keys));
	for (size_t i = 0; i < N(broken); i++) {
		fixture_log();
		assert_non_null(f = fopen(path, "w"));
		fputs(broken[i], f);
		fclose(f);
		assert_false(keys_refresh_ok(fx.cf->keys));
		assert_non_null(strstr(fx.log, "does not hold 32 bytes"));
	}
}

/* FAPI 2.0: the client keeps its refresh token, and access tokens live on. */
static void
a_client_may_keep_its_refresh_token(void **state)
{
	struct json_object *o;
	const struct oerr *e;
	const char *token;

	(void)state;
	cl->refresh_keep = 1;
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	for (int i = 1; i <= 3; i++) {
		o = refresh(NOW + 86400 * 20 * i, cl, token, NULL, &e);
		assert_string_equal(json_get_str(o, "refresh_token"), token);
		assert_int_equal(live_pairs(), 1);
	}
	assert_null(refresh(NOW + 86400 * 90, cl, token, NULL, &e));
	assert_string_equal(fx.rq.trail.why, "expired refresh token");
	/* All access tokens that it gave end with the family. */
	fixture_sql("DELETE FROM oauth_refresh_tokens");
	fixture_sql("DELETE FROM oauth_access_tokens");
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	assert_non_null(refresh(NOW + 1, cl, token, NULL, &e));
	assert_non_null(refresh(NOW + 2, cl, token, NULL, &e));
	assert_int_equal(live_access(), 3);
	fixture_sql("UPDATE oauth_refresh_tokens SET spent_at = 1"
		    " WHERE spent_at IS NULL");
	assert_null(refresh(NOW + 3, cl, token, NULL, &e));
	assert_string_equal(
	    fx.rq.trail.why, "refresh token used twice: family revoked");
	assert_int_equal(live_access(), 0);
	/*
	 * The token of a public client rotates, whatever the client's row says
	 * (RFC 9700).
	 */
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	cl->has_secret = 0;
	assert_string_not_equal(
	    json_get_str(refresh(NOW, cl, token, NULL, &e), "refresh_token"),
	    token);
}

/*
 * refresh_max: a family ends that long after its sign-in, with all its tokens.
 */
static void
a_family_ends_with_refresh_max(void **state)
{
	struct json_object *o;
	const struct oerr *e;
	const char *token;
	int64_t ttl_s;

	(void)state;
	fixture_conf("refresh_max = 10h\n");
	o = sign_in(NOW, "U*U", &e);
	for (int h = 2; h <= 8; h += 2)
		assert_non_null(o = refresh(NOW + h * 3600, cl,
				    json_get_str(o, "refresh_token"), NULL,
				    &e));
	o = refresh(NOW + 10 * 3600 - 60, cl, json_get_str(o, "refresh_token"),
	    NULL, &e);
	assert_true(json_get_int(o, "expires_in", &ttl_s));
	assert_int_equal(ttl_s, 60);
	assert_int_equal(fixture_sql("SELECT max(expires_at) FROM"
				     " oauth_refresh_tokens"),
	    NOW + 10 * 3600);
	token = json_get_str(o, "refresh_token");
	assert_null(refresh(NOW + 10 * 3600, cl, token, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	/* A family that is older than the setting ends by it too. */
	fixture_conf("");
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	fixture_conf("refresh_max = 1h\n");
	assert_null(refresh(NOW + 3600, cl, token, NULL, &e));
	assert_string_equal(fx.rq.trail.why, "the sign-in is older than refresh_max");
	assert_non_null(refresh(NOW + 3599, cl, token, NULL, &e));
}

/* RFC 9700 section 4.14.2. */
static void
a_spent_token_past_the_grace_revokes_the_family(void **state)
{
	const char *first, *second;
	const struct oerr *e;

	(void)state;
	sign_in(NOW, "U*U", &e); /* another family, which lives on */
	first = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	second =
	    json_get_str(refresh(NOW, cl, first, NULL, &e), "refresh_token");
	assert_null(refresh(NOW + 31, cl, first, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_string_equal(
	    fx.rq.trail.why, "refresh token used twice: family revoked");
	assert_int_equal(live_pairs(), 1);
	assert_int_equal(live_access(), 1);
	assert_null(refresh(NOW + 31, cl, second, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_string_equal(fx.rq.trail.why, "revoked refresh token");
}

/*
 * A token with spent_at in the future was spent before the clock was set back.
 */
static void
a_clock_that_is_set_back_brings_no_spent_token_back(void **state)
{
	const struct oerr *e;
	const char *first;

	(void)state;
	first = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	assert_non_null(refresh(NOW, cl, first, NULL, &e));
	assert_non_null(refresh(NOW - 30, cl, first, NULL, &e));
	assert_null(refresh(NOW - 31, cl, first, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_string_equal(
	    fx.rq.trail.why, "refresh token used twice: family revoked");
	assert_int_equal(live_pairs(), 0);
}

/* Both found it unspent; the second one finds it spent in its transaction. */
static void
who_loses_the_race_for_a_token_revokes_the_family(void **state)
{
	struct subject sub = { .user = NULL };
	const struct oerr *e;
	const char *token;

	(void)state;
	fixture_conf("refresh_grace = 0\n");
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	request(NOW);
	fx.rq.param[PARAM_REFRESH_TOKEN] = token;
	assert_null(grant_refresh.redeem(&fx.rq, cl, &sub));
	assert_non_null(refresh(NOW, cl, token, NULL, &e));
	request(NOW);
	assert_ptr_equal(issue_tokens(&fx.rq, cl, &grant_refresh, &sub),
	    &oerr_invalid_grant);
	assert_string_equal(fx.rq.trail.why, "used twice: family revoked");
	assert_int_equal(live_pairs(), 0);
	assert_int_equal(live_access(), 0);
}

static void
a_refresh_token_is_refused_where_it_does_not_belong(void **state)
{
	const struct oerr *e;
	const char *token;

	(void)state;
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	assert_null(refresh(NOW, cl, "unknown", NULL, &e));
	assert_string_equal(fx.rq.trail.why, "unknown refresh token");
	/* Another client sends it: refused, and it stays good for its owner. */
	assert_null(refresh(NOW, other, token, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_int_equal(live_pairs(), 1);
	assert_null(refresh(NOW + 30 * 86400, cl, token, NULL, &e));
	assert_string_equal(fx.rq.trail.why, "expired refresh token");
	store_user_set_disabled(fx.st, u->id, NOW);
	assert_null(refresh(NOW, cl, token, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	store_user_set_disabled(fx.st, u->id, 0);
	/* Another client sends a spent one: the same. */
	assert_non_null(refresh(NOW, cl, token, NULL, &e));
	assert_null(refresh(NOW + 100, other, token, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_string_equal(
	    fx.rq.trail.why, "spent refresh token of another client");
	assert_int_equal(live_pairs(), 1);
	assert_int_equal(live_access(), 1);
}

/*
 * RFC 6749 section 6: not more scope than was granted; less counts for this
 * answer only.
 */
static void
a_refresh_may_narrow_the_scope_and_not_widen_it(void **state)
{
	static const char *const wide[] = { "admin", "read-posts admin", "*",
		"gone" };
	struct json_object *o;
	const struct oerr *e;
	const char *token;

	(void)state;
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	for (size_t i = 0; i < N(wide); i++) {
		assert_null(refresh(NOW, cl, token, wide[i], &e));
		assert_ptr_equal(e, &oerr_invalid_scope);
	}
	assert_int_equal(live_pairs(), 1); /* a refusal spends nothing */
	o = refresh(NOW, cl, token, "read-posts", &e);
	assert_string_equal(json_get_str(o, "scope"), "read-posts");
	o = refresh(NOW, cl, json_get_str(o, "refresh_token"), NULL, &e);
	assert_string_equal(json_get_str(o, "scope"), "read-posts write-posts");
	/*
	 * Scopes that the user may no longer have are left out; if none is
	 * left, it is refused.
	 */
	fixture_conf("user_scopes = read-posts\n");
	o = refresh(NOW, cl, json_get_str(o, "refresh_token"), NULL, &e);
	assert_string_equal(json_get_str(o, "scope"), "read-posts");
	fixture_conf("user_scopes = admin\n");
	assert_null(
	    refresh(NOW, cl, json_get_str(o, "refresh_token"), NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_scope);
}

/* A 200 is a promise: if nothing was stored, nothing is given. */
static void
where_storing_fails_nothing_is_issued(void **state)
{
	const struct oerr *e;
	const char *token;

	(void)state;
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	fixture_refuse_rows("oauth_refresh_tokens", 1);
	assert_null(refresh(NOW + 100, cl, token, NULL, &e));
	assert_ptr_equal(e, &oerr_server_error);
	assert_int_equal(live_pairs(), 1); /* and the old one is not spent */
	assert_int_equal(live_access(), 1);
	fixture_refuse_rows("oauth_refresh_tokens", 0);
	assert_non_null(refresh(NOW + 100, cl, token, NULL, &e));
}

/* The user is disabled, or the token revoked, after both were read. */
static void
what_is_ended_in_between_gives_no_new_pair(void **state)
{
	struct subject sub = { .user = NULL };
	const struct oerr *e;
	const char *token;

	(void)state;
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	request(NOW);
	fx.rq.param[PARAM_REFRESH_TOKEN] = token;
	assert_null(grant_refresh.redeem(&fx.rq, cl, &sub));
	store_user_set_disabled(fx.st, u->id, NOW);
	assert_ptr_equal(issue_tokens(&fx.rq, cl, &grant_refresh, &sub), &oerr_invalid_grant);
	assert_int_equal(live_pairs(), 1); /* a refusal spends nothing */
	store_user_set_disabled(fx.st, u->id, 0);
	request(NOW);
	fx.rq.param[PARAM_REFRESH_TOKEN] = token;
	assert_null(grant_refresh.redeem(&fx.rq, cl, &sub));
	store_user_set_password(fx.st, u->id, NULL, "new");
	store_app_revoke(fx.st, u->id, 0, NOW);
	assert_ptr_equal(issue_tokens(&fx.rq, cl, &grant_refresh, &sub), &oerr_invalid_grant);
	assert_int_equal(live_pairs(), 0);
	assert_int_equal(live_access(), 0);
}

#define TEST(name) TEST_IN(name, grants_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_refresh_token_rotates),
		TEST(uses_within_the_grace_converge),
		TEST(a_further_use_does_not_lengthen_the_next_one),
		TEST(another_refresh_key_gives_no_token_that_is_not_there),
		TEST(a_broken_refresh_key_is_told),
		TEST(a_client_may_keep_its_refresh_token),
		TEST(a_family_ends_with_refresh_max),
		TEST(a_spent_token_past_the_grace_revokes_the_family),
		TEST(a_clock_that_is_set_back_brings_no_spent_token_back),
		TEST(who_loses_the_race_for_a_token_revokes_the_family),
		TEST(a_refresh_token_is_refused_where_it_does_not_belong),
		TEST(a_refresh_may_narrow_the_scope_and_not_widen_it),
		TEST(where_storing_fails_nothing_is_issued),
		TEST(what_is_ended_in_between_gives_no_new_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
