/* test_factor.c: guesses at a second factor (doc/users.md, A second factor). */
#include "fixture.h"

#include "enrol_secret.h"
#include "factor.h"
#include "keys.h"
#include "recovery.h"
#include "store_factor.h"
#include "totp.h"

#define GUESSES 10000
#define SETTINGS "[throttle]\nwindow = 900s\naccount_address = 10\naccount = 30\n"

static struct user *u;
static struct totp_secret secret;
static struct recovery codes;

static int
add_step(struct store *st, void *ctx)
{
	recovery_make(&codes);
	return store_totp_add(st, ctx) < 0 ? -1
					   : recovery_store(st, u->id, &codes);
}

/* A user with an app and recovery codes. */
static int
setup(void **state)
{
	struct totp t = { .id = fixture_id("phone"), .name = "Phone",
		.created_at = NOW };

	if (fixture_server(state) < 0)
		return -1;
	fixture_conf(SETTINGS);
	if (keys_make(fx.cf->keys, ALG_ES256, 0, 0) != 1)
		return -1;
	u = fixture_user("a@b.example", "x", NULL);
	t.user = u->id;
	memset(&secret, 7, sizeof(secret));
	return enrol_secret_close(REQUEST(NULL), &secret, &t) == 0 &&
		store_write(fx.st, add_step, &t) == 1
	    ? 0
	    : -1;
}

/* The status of the answer to a proof from the n-th address at now; 0: it is right. */
static int
try(enum param field, const char *proof, int n, int64_t now)
{
	struct req *rq = REQUEST(arena_printf(
	    fx.a, "REMOTE_ADDR=2001:db8:%x::1", (unsigned)n));
	struct proof p = { .acr = ACR_PWD, .amr = "pwd" };
	const struct oerr *e;

	rq->now = now;
	rq->param[field] = proof;
	e = factor_check(rq, u, &p);
	fx.log[0] = '\0';
	return e == NULL ? 0 : e->status;
}

static const char *
right(int64_t now)
{
	char code[TOTP_DIGITS + 1];

	assert_int_equal(totp_code(&secret, now / 30, code), 0);
	return arena_str(fx.a, code);
}

/* No code of these minutes. */
static const char *
wrong(int64_t now)
{
	static const char *const some[] = { "000000", "111111", "222222",
		"333333" };
	size_t i = 0;

	while (strcmp(some[i], right(now - 30)) == 0 ||
	    strcmp(some[i], right(now)) == 0 ||
	    strcmp(some[i], right(now + 30)) == 0)
		assert_true(++i < N(some));
	return some[i];
}

/*
 * One guess a second, each from an address of its own: 30 are checked in a window,
 * which makes 12 times 30 in all.  Meanwhile the right code is not.
 */
static void
ten_thousand_wrong_codes_are_few_that_are_checked(void **state)
{
	int n[600] = { 0 };

	(void)state;
	for (int i = 0; i < GUESSES; i++) {
		const int64_t now = NOW + i;
		const int is_put_off = i % 900 >= 30;

		assert_int_equal(try(PARAM_OTP, wrong(now), i, now),
		    is_put_off ? 429 : 400);
		n[is_put_off ? 429 : 400]++;
		if (i % 900 == 500)
			assert_int_equal(
			    try(PARAM_OTP, right(now), i, now), 429);
	}
	assert_int_equal(n[400], 12 * 30);
	assert_int_equal(n[429], GUESSES - 12 * 30);
	/* Later the right one is. */
	assert_int_equal(try(PARAM_OTP, right(NOW + 11000), 1, NOW + 11000), 0);
}

/* It does not matter which factor is guessed at. */
static void
recovery_codes_are_no_way_around_the_count(void **state)
{
	(void)state;
	for (int i = 0; i < GUESSES; i++)
		assert_int_equal(i % 2 == 0
		    ? try(PARAM_RECOVERY_CODE, "aaaa-bbbb-cccc-dddd", i, NOW)
		    : try(PARAM_OTP, wrong(NOW), i, NOW),
		    i < 30 ? 400 : 429);
	assert_int_equal(
	    try(PARAM_RECOVERY_CODE, codes.text[0], GUESSES, NOW), 429);
	assert_int_equal(
	    try(PARAM_RECOVERY_CODE, codes.text[0], 1, NOW + 900), 0);
}

/* From one place there are fewer, and another place goes on. */
static void
one_address_is_put_off_alone(void **state)
{
	(void)state;
	for (int i = 0; i < GUESSES; i++)
		assert_int_equal(try(PARAM_OTP, wrong(NOW), 1, NOW),
		    i < 10 ? 400 : 429);
	assert_int_equal(try(PARAM_OTP, right(NOW), 1, NOW), 429);
	assert_int_equal(try(PARAM_OTP, right(NOW), 2, NOW), 0);
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ten_thousand_wrong_codes_are_few_that_are_checked),
		TEST(recovery_codes_are_no_way_around_the_count),
		TEST(one_address_is_put_off_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
