/* test_guard.c: who calls, and the rule (RFC 6750). */
#include "guarded.h"

static void
a_good_token_tells_who_calls(void **state)
{
	struct caller who;
	const char *token = sign("at+jwt", claims);

	(void)state;
	/*
	 * Check it twice: the second time the process remembers the signature.
	 */
	for (int i = 0; i < 2; i++) {
		assert_null(check(token, &anyone, &who));
		assert_memory_equal(who.says.id.byte, id.byte, ID_LEN);
		assert_int_equal(who.is.user, u->id);
		assert_string_equal(who.is.email, "a@b.example");
		assert_string_equal(who.is.client_id, "c1");
		assert_string_equal(who.is.scope, "read-posts write-posts");
		assert_string_equal(fx.rq.trail.client_id, "c1");
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
	struct caller who;

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
	struct caller who;

	(void)state;
	fixture_conf("auth_header = X-Token\n");
	for (size_t i = 0; i < N(forms); i++) {
		const char *at = strstr(forms[i], "%s");

		REQUEST(arena_printf(
		    fx.a, "%.*s%s", (int)(at - forms[i]), forms[i], token));
		assert_null(guard_check(&fx.rq, &anyone, &who));
	}
}

/*
 * doc/guard.md, What is checked: all scopes of a list, or any of them; a user,
 * a client, either.
 */
static void
the_rule_decides_by_scope_and_caller(void **state)
{
	static const struct {
		struct guard_rule rule;
		const struct oerr *user, *own;
	} rows[] = {
		{ { .caller = CALLER_ANY }, NULL, NULL },
		{ { .all = "read-posts" }, NULL, NULL },
		{ { .all = "read-posts write-posts" }, NULL,
		    &oerr_insufficient_scope },
		{ { .all = "read-posts admin" },
		    &oerr_insufficient_scope, &oerr_insufficient_scope },
		{ { .all = "read" }, &oerr_insufficient_scope,
		    &oerr_insufficient_scope },
		{ { .any = "admin write-posts" }, NULL,
		    &oerr_insufficient_scope },
		{ { .any = "admin read-posts" }, NULL, NULL },
		{ { .any = "admin" }, &oerr_insufficient_scope,
		    &oerr_insufficient_scope },
		{ { .any = "" }, &oerr_insufficient_scope,
		    &oerr_insufficient_scope },
		{ { .all = "write-posts", .any = "read-posts" }, NULL,
		    &oerr_insufficient_scope },
		{ { .caller = CALLER_CLIENT }, &oerr_wrong_caller, NULL },
		{ { .caller = CALLER_USER }, NULL, &oerr_invalid_token },
	};
	struct access_token own = row("own", 0, "read-posts", NULL);
	const char *tokens[] = { sign("at+jwt", claims),
		sign("at+jwt", claims_of(&own.id)) };
	struct caller who;

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
	static const struct guard_rule all = { .all = "admin x" };
	static const struct guard_rule any = { .any = "admin" };
	struct caller who;

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

/* RFC 6750 section 3: the same without a token, or with a bad one. */
static void
what_is_needed_is_told_with_each_401(void **state)
{
	static const struct guard_rule all = { .all = "admin x" };
	static const struct guard_rule any = { .any = "admin read-posts" };
	struct caller who;

	(void)state;
	REQUEST(NULL);
	assert_ptr_equal(guard_check(&fx.rq, &all, &who), &oerr_no_token);
	assert_string_equal(
	    fx.headers.data, CHALLENGE ", scope=\"admin x\"\r\n");
	REQUEST(NULL);
	assert_ptr_equal(guard_check(&fx.rq, &any, &who), &oerr_no_token);
	assert_string_equal(
	    fx.headers.data, CHALLENGE ", scope=\"admin read-posts\"\r\n");
	assert_ptr_equal(check("a.b.c", &any, &who), &oerr_invalid_token);
	assert_non_null(strstr(
	    fx.headers.data, "revoked.\", scope=\"admin read-posts\"\r\n"));
}

/* doc/protocol.md, Personal tokens: an app's token does not reach them. */
static void
the_first_party_is_the_password_grant_and_the_users_own_tokens(void **state)
{
	static const struct guard_rule rule = { .caller = CALLER_FIRST_PARTY };
	struct access_token own = row("own", 0, "", NULL);
	struct access_token mine = row("mine", u->id, "", "laptop");
	const char *app = sign("at+jwt", claims);
	struct caller who;

	(void)state;
	fixture_sql("UPDATE oauth_clients SET grants = 'authorization_code'");
	assert_int_equal(check(app, &rule, &who)->status, 403);
	assert_non_null(
	    strstr(fx.headers.data, "error=\"insufficient_scope\""));
	assert_int_equal(
	    check(sign("at+jwt", claims_of(&own.id)), &rule, &who)->status, 401);
	assert_null(check(sign("at+jwt", claims_of(&mine.id)), &rule, &who));
	fixture_sql("UPDATE oauth_clients SET grants = 'refresh_token password'");
	assert_null(check(app, &rule, &who));
	fixture_sql("UPDATE oauth_clients SET grants = 'refresh_token'");
	assert_int_equal(check(app, &rule, &who)->status, 403);
}

static void
the_use_of_a_personal_token_is_noted_to_the_hour(void **state)
{
	struct access_token t = row("p", u->id, "", "laptop");
	const char *token = sign("at+jwt", claims_of(&t.id));
	struct caller who;

	(void)state;
	assert_null(check(token, &anyone, &who));
	req_end(&fx.rq);
	assert_int_equal(fixture_sql("SELECT last_used_at FROM"
				     " oauth_access_tokens WHERE name IS"
				     " NOT NULL"),
	    NOW);
	fixture_sql("UPDATE oauth_access_tokens SET last_used_at = 1699996400");
	assert_null(check(token, &anyone, &who));
	req_end(&fx.rq);
	assert_int_equal(fixture_sql("SELECT max(last_used_at) FROM"
				     " oauth_access_tokens"),
	    NOW - 3600);
	assert_null(check(sign("at+jwt", claims), &anyone, &who));
	req_end(&fx.rq);
}

static void
a_failure_here_is_no_statement_about_the_token(void **state)
{
	struct caller who;
	const char *token = sign("at+jwt", claims);

	(void)state;
	fixture_sql("ALTER TABLE oauth_access_tokens RENAME TO x");
	assert_ptr_equal(check(token, &anyone, &who), &oerr_server_error);
	assert_string_equal(fx.headers.data, "");
}

static void
without_keys_there_is_a_server_error(void **state)
{
	struct caller who;
	const char *token = sign("at+jwt", claims);

	(void)state;
	fixture_conf("keys = nowhere\n");
	assert_ptr_equal(check(token, &anyone, &who), &oerr_server_error);
	assert_string_equal(fx.rq.trail.why, "no keys");
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, guarded_setup, guarded_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_good_token_tells_who_calls),
		TEST(without_a_bearer_token_there_is_a_bare_challenge),
		TEST(the_header_is_found_under_its_other_names_and_in_any_case),
		TEST(the_rule_decides_by_scope_and_caller),
		TEST(a_lack_of_scope_is_told_with_what_is_needed),
		TEST(what_is_needed_is_told_with_each_401),
		TEST(
		    the_first_party_is_the_password_grant_and_the_users_own_tokens),
		TEST(the_use_of_a_personal_token_is_noted_to_the_hour),
		TEST(a_failure_here_is_no_statement_about_the_token),
		TEST(without_keys_there_is_a_server_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
