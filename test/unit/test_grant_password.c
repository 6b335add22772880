/*
 * test_grant_password.c: who may sign in, what it costs, and what may change
 * during the hash.
 */
#include "grants.h"

#include "crypt_spy.h"
#include "proof.h"
#include "session.h"
#include "store_consent.h"
#include "user.h"

/* crypt_blowfish's example, for the password "U*". */
#define BCRYPT_OTHER \
    "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"

static int
setup(void **state)
{
	crypt_spy.at_call = NULL;
	return grants_setup(state);
}

/* RFC 6749 section 5.1. */
static void
a_password_gives_a_pair_and_renews_a_stale_hash(void **state)
{
	struct json_object *o;
	const struct oerr *e;
	struct user now;
	int64_t n;

	(void)state;
	o = sign_in(NOW, "U*U", &e);
	assert_non_null(o);
	assert_string_equal(json_get_str(o, "token_type"), "Bearer");
	assert_int_equal(json_get_int(o, "expires_in", &n), 1);
	assert_int_equal(n, 3600);
	assert_string_equal(json_get_str(o, "scope"), "read-posts write-posts");
	assert_non_null(json_get_str(o, "access_token"));
	assert_int_equal(strlen(json_get_str(o, "refresh_token")), 43);
	assert_non_null(strstr(fx.headers.data, "Cache-Control: no-store\r\n"));
	assert_non_null(strstr(fx.headers.data, "Pragma: no-cache\r\n"));
	assert_int_equal(store_user_by_id(fx.st, fx.a, u->id, &now), 1);
	assert_memory_equal(now.password, "$y$", 3);
	assert_non_null(sign_in(NOW, "U*U", &e));
}

/* All refusals are alike: else they would tell which accounts exist. */
static void
every_refused_sign_in_reads_alike(void **state)
{
	static const char *const names[] = { "a@b.example", "no@b.example",
		"no address", "" };
	const struct oerr *e;

	(void)state;
	for (size_t i = 0; i < N(names); i++) {
		request(NOW);
		fx.rq.param[PARAM_USERNAME] = names[i];
		fx.rq.param[PARAM_PASSWORD] = "wrong";
		crypt_spy_begin();
		assert_null(redeem("password", cl, &e));
		assert_ptr_equal(e, &oerr_invalid_grant);
		/* the time is alike too: one imported hash has cost 5 */
		assert_int_equal(crypt_spy.yescrypts, 1);
		assert_int_equal(crypt_spy.bcrypt_work, 32);
		assert_int_equal(
		    crypt_checksalt(crypt_spy.setting), CRYPT_SALT_OK);
	}
	store_user_set_disabled(fx.st, u->id, NOW);
	crypt_spy_begin();
	assert_null(sign_in(NOW, "U*U", &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_int_equal(crypt_spy.yescrypts, 1);
	assert_int_equal(crypt_spy.bcrypt_work, 32);
	assert_int_equal(live_access(), 0);
}

/* A sign-in makes its own hash, and the renewed one. */
static void
what_others_brought_along_costs_no_sign_in(void **state)
{
	const struct oerr *e;

	(void)state;
	crypt_spy_begin();
	assert_non_null(sign_in(NOW, "U*U", &e));
	assert_int_equal(crypt_spy.calls, 2);
	crypt_spy_begin();
	assert_non_null(sign_in(NOW, "U*U", &e));
	assert_int_equal(crypt_spy.calls, 1);
	/*
	 * A refusal makes no hash either, once the last old hash was renewed.
	 */
	crypt_spy_begin();
	assert_null(sign_in(NOW + 60, "wrong", &e));
	assert_int_equal(crypt_spy.calls, 1);
	assert_int_equal(crypt_spy.yescrypts, 1);
}

/* The cost is looked up once in a while, and at once if the clock went back. */
static void
hashes_that_come_along_later_are_seen(void **state)
{
	const struct oerr *e;

	(void)state;
	assert_null(sign_in(NOW, "wrong", &e));
	fixture_user("late@b.example", "$2y$06$abcdefghijklmnopqrstuuSPXhyA0QO"
	    "VBF/bLIaDJFbT.9aDqYQ4W", NULL);
	for (int i = 0; i < 3; i++) {
		crypt_spy_begin();
		sign_in(NOW + (i == 0 ? 59 : i == 1 ? 60 : -1), "wrong", &e);
		assert_int_equal(crypt_spy.bcrypt_work, i == 0 ? 32 : 64);
	}
}

/* Called while the second hash is made, which is the renewal. */
static void
change_password(int call)
{
	if (call == 2)
		store_user_set_password(fx.st, u->id, NULL, BCRYPT_OTHER);
}

static void
sign_in_meanwhile(int call)
{
	struct user who;
	struct req kept = fx.rq;

	if (call != 2)
		return;
	crypt_spy.at_call = NULL;
	assert_null(user_authenticate(&fx.rq, "a@b.example", "U*U", &who));
	fx.rq = kept;
}

/*
 * The password changes after it was verified, and before the tokens are stored.
 */
static void
a_password_that_was_changed_in_between_opens_nothing(void **state)
{
	struct subject sub = { .user = NULL };
	const struct oerr *e;

	(void)state;
	sign_in(NOW, "U*U", &e);
	assert_null(e);
	request(NOW);
	fx.rq.param[PARAM_USERNAME] = "a@b.example";
	fx.rq.param[PARAM_PASSWORD] = "U*U";
	assert_null(grant_password.redeem(&fx.rq, cl, &sub));
	store_user_set_password(fx.st, u->id, NULL, "new");
	store_app_revoke(fx.st, u->id, 0, NOW);
	assert_ptr_equal(issue_tokens(&fx.rq, cl, &grant_password, &sub), &oerr_invalid_grant);
	assert_string_equal(
	    fx.rq.trail.why, "password or factor changed, or user disabled, meanwhile");
	assert_int_equal(live_pairs(), 0);
	assert_int_equal(live_access(), 0);
}

static void
nor_does_it_begin_a_session(void **state)
{
	struct visitor v = { .signed_in = 0 };
	struct user who;
	struct proof p;

	(void)state;
	request(NOW);
	p = proof_of_password(&fx.rq);
	assert_null(user_authenticate(&fx.rq, "a@b.example", "U*U", &who));
	store_user_set_password(fx.st, u->id, NULL, "new");
	assert_ptr_equal(
	    session_sign_in(&fx.rq, &v, &who, &p), &oerr_invalid_grant);
	assert_int_equal(v.signed_in, 0);
	assert_string_equal(v.cookie, "");
	assert_int_equal(fixture_sql("SELECT count(*) FROM sessions"), 0);
	/* The next transaction has nothing of that attempt. */
	assert_int_equal(store_begin(fx.st), 0);
	store_rollback(fx.st);
}

/* The renewal of an old hash must not replace a new password. */
static void
a_renewal_does_not_bring_an_old_password_back(void **state)
{
	struct user now;
	struct user who;

	(void)state;
	request(NOW);
	crypt_spy.calls = 0;
	crypt_spy.at_call = change_password;
	assert_ptr_equal(user_authenticate(&fx.rq, "a@b.example", "U*U", &who),
	    &oerr_invalid_grant);
	assert_int_equal(crypt_spy.calls, 3); /* verified, renewed, verified */
	assert_int_equal(store_user_by_id(fx.st, fx.a, u->id, &now), 1);
	assert_string_equal(now.password, BCRYPT_OTHER);
}

/* Two sign-ins at once renew the hash: both succeed. */
static void
of_two_renewals_the_second_keeps_the_first(void **state)
{
	struct user now, who;

	(void)state;
	request(NOW);
	crypt_spy.calls = 0;
	crypt_spy.at_call = sign_in_meanwhile;
	assert_null(user_authenticate(&fx.rq, "a@b.example", "U*U", &who));
	assert_int_equal(store_user_by_id(fx.st, fx.a, u->id, &now), 1);
	assert_string_equal(now.password, who.password);
	assert_memory_equal(now.password, "$y$", 3);
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_password_gives_a_pair_and_renews_a_stale_hash),
		TEST(every_refused_sign_in_reads_alike),
		TEST(what_others_brought_along_costs_no_sign_in),
		TEST(hashes_that_come_along_later_are_seen),
		TEST(a_password_that_was_changed_in_between_opens_nothing),
		TEST(nor_does_it_begin_a_session),
		TEST(a_renewal_does_not_bring_an_old_password_back),
		TEST(of_two_renewals_the_second_keeps_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
