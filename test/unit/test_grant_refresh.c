/* test_grant_refresh.c: refresh tokens: rotation, replay, scope (RFC 6749 6). */
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

/* RFC 6749 section 6; one pair of a family lives. */
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
	/* A retry within the grace gets a pair in place of the lost one. */
	assert_non_null(refresh(NOW + 130, cl, first, NULL, &e));
	assert_int_equal(live_pairs(), 1);
	assert_int_equal(live_access(), 1);
}

/* RFC 9700 section 4.14.2. */
static void
a_spent_token_past_the_grace_revokes_the_family(void **state)
{
	const char *first, *second;
	const struct oerr *e;

	(void)state;
	sign_in(NOW, "U*U", &e); /* another family, which stays */
	first = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	second =
	    json_get_str(refresh(NOW, cl, first, NULL, &e), "refresh_token");
	assert_null(refresh(NOW + 31, cl, first, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_string_equal(
	    fx.rq.why, "refresh token used twice: family revoked");
	assert_int_equal(live_pairs(), 1);
	assert_int_equal(live_access(), 1);
	assert_null(refresh(NOW + 31, cl, second, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_string_equal(fx.rq.why, "revoked refresh token");
}

/* What was spent in the future was so before the clock was set back. */
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
	    fx.rq.why, "refresh token used twice: family revoked");
	assert_int_equal(live_pairs(), 0);
}

/* Both found it unspent; in the transaction the second one finds it spent. */
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
	assert_null(grant_refresh(&fx.rq, cl, &sub));
	assert_non_null(refresh(NOW, cl, token, NULL, &e));
	request(NOW);
	assert_ptr_equal(issue_tokens(&fx.rq, cl, &sub), &oerr_invalid_grant);
	assert_string_equal(fx.rq.why, "used twice: family revoked");
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
	assert_string_equal(fx.rq.why, "unknown refresh token");
	/* Another client's: refused, and the owner's still good. */
	assert_null(refresh(NOW, other, token, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_int_equal(live_pairs(), 1);
	assert_null(refresh(NOW + 30 * 86400, cl, token, NULL, &e));
	assert_string_equal(fx.rq.why, "expired refresh token");
	store_user_set_disabled(fx.st, u->id, NOW);
	assert_null(refresh(NOW, cl, token, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	store_user_set_disabled(fx.st, u->id, 0);
	/* A spent one that another client sends: stolen, all of it dies. */
	assert_non_null(refresh(NOW, cl, token, NULL, &e));
	assert_null(refresh(NOW, other, token, NULL, &e));
	assert_int_equal(live_pairs(), 0);
	assert_int_equal(live_access(), 0);
}

/* RFC 6749 section 6: not more than was granted; less is for this time alone.
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
	assert_int_equal(live_pairs(), 1); /* nothing spent by a refusal */
	o = refresh(NOW, cl, token, "read-posts", &e);
	assert_string_equal(json_get_str(o, "scope"), "read-posts");
	o = refresh(NOW, cl, json_get_str(o, "refresh_token"), NULL, &e);
	assert_string_equal(json_get_str(o, "scope"), "read-posts write-posts");
	/* What the user may no longer have is gone; nothing left: an error. */
	fixture_conf("user_scopes = read-posts\n");
	o = refresh(NOW, cl, json_get_str(o, "refresh_token"), NULL, &e);
	assert_string_equal(json_get_str(o, "scope"), "read-posts");
	fixture_conf("user_scopes = admin\n");
	assert_null(
	    refresh(NOW, cl, json_get_str(o, "refresh_token"), NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_scope);
}

/* A 200 is a promise: where nothing was stored nothing is given. */
static void
where_storing_fails_nothing_is_issued(void **state)
{
	const struct oerr *e;
	const char *token;

	(void)state;
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	fixture_sql("CREATE TRIGGER t BEFORE INSERT ON oauth_refresh_tokens"
		    " BEGIN SELECT RAISE(ABORT, 'no'); END");
	assert_null(refresh(NOW + 100, cl, token, NULL, &e));
	assert_ptr_equal(e, &oerr_server_error);
	assert_int_equal(live_pairs(), 1); /* nor was the old one spent */
	assert_int_equal(live_access(), 1);
	fixture_sql("DROP TRIGGER t");
	assert_non_null(refresh(NOW + 100, cl, token, NULL, &e));
}

/* Disabled, or the token revoked, after it was looked at. */
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
	assert_null(grant_refresh(&fx.rq, cl, &sub));
	store_user_set_disabled(fx.st, u->id, NOW);
	assert_ptr_equal(issue_tokens(&fx.rq, cl, &sub), &oerr_invalid_grant);
	assert_int_equal(live_pairs(), 1); /* nothing spent */
	store_user_set_disabled(fx.st, u->id, 0);
	request(NOW);
	fx.rq.param[PARAM_REFRESH_TOKEN] = token;
	assert_null(grant_refresh(&fx.rq, cl, &sub));
	store_user_set_password(fx.st, u->id, NULL, "new");
	store_app_revoke(fx.st, u->id, 0, NOW);
	assert_ptr_equal(issue_tokens(&fx.rq, cl, &sub), &oerr_invalid_grant);
	assert_int_equal(live_pairs(), 0);
	assert_int_equal(live_access(), 0);
}

#define TEST(name) TEST_IN(name, grants_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_refresh_token_rotates),
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
