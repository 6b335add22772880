/* test_password.c: what a new password must be. */
#include "unit.h"

#include "arena.h"
#include "conf.h"
#include "password.h"
#include "store_user.h"

static const struct conf cf = {
	.password_min = 8, .site_name = "Goods & Sons",
};

static const char *
refusal(struct arena *a, const char *password)
{
	static const struct user u = {
		.email = "grace.hopper+test@navy.example",
		.login = "amzgrace", .name = "Grace Brewster Hopper",
	};

	return password_refusal(&cf, a, password, &u);
}

/* NIST SP 800-63B section 5.1.1.2. */
static void
unfit_passwords_are_refused(void **state)
{
	static const struct {
		const char *password, *why;
	} rows[] = {
		{ "", "fewer than 8" }, { "a", "fewer than 8" },
		{ "vW3$kq9", "fewer than 8" },
		/* Seven characters in 14 bytes. */
		{ "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa9\xc3\xa8\xc3\xaa",
		    "fewer than 8" },
		/*
		 * Four characters, each written as two: RFC 8265 section 4.2.
		 */
		{ "a\xcc\x88" "b\xcc\x87" "c\xcc\x81" "d\xcc\xa7",
		    "fewer than 8" },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff", "not UTF-8" },
		{ "password", "tried first" }, { "PassWord", "tried first" },
		{ "iloveyou", "tried first" }, { "trustno1", "tried first" },
		{ "!qaz2wsx", "tried first" }, { "zxcvbnm123", "tried first" },
		/* The first of the list, and the last. */
		{ "!qaz2wsx", "tried first" }, { "zxcvbnm123", "tried first" },
		/* With a few digits and signs around, or for letters. */
		{ "Monkey12!", "tried first" }, { "Summer2026", "tried first" },
		{ "P@ssw0rd1!", "tried first" }, { "$unsh1ne", "tried first" },
		{ "12dragon34", "tried first" }, { "1l0veyou", "tried first" },
		{ "aaaaaaaaaaaa", "tried first" },
		{ "34567890", "tried first" }, { "hgfedcba", "tried first" },
		{ "QWERTYUIOP", "tried first" }, { "qwertzuiop", "tried first" },
		{ "aabbccddee", "tried first" },
		{ "grace.hopper", "address or name" },
		{ "Hopper2025!", "address or name" },
		{ "1234navy1234", "address or name" },
		{ "gracebrewster1906", "address or name" },
		{ "grace_hopper_", "address or name" },
		{ "Amzgrace1906", "address or name" },
		{ "***Goods***", "name of this site" },
		{ "goods & sons", "name of this site" },
	};
	struct arena *a = arena_new();
	const char *why;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		why = refusal(a, rows[i].password);
		if (why == NULL)
			fail_msg("%s is let in", rows[i].password);
		if (strstr(why, rows[i].why) == NULL)
			fail_msg("%s: %s", rows[i].password, why);
	}
	arena_free(a);
}

/* Nothing else is required: no sign, no digit, no capital. */
static void
fit_passwords_are_taken(void **state)
{
	static const char *const rows[] = {
		"monkey12345", "monkey-dragon", "m0nkey and 1",
		"correct-horse-battery", "eight ch", "disgraced",
		"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa9\xc3\xa8\xc3\xaa\xc3\xa0",
		"a1 b2 c3 d4", "48151-623420", "hopper jumps", "passwords are hard", "goods and bads",
	};
	struct arena *a = arena_new();
	const char *why;

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		if ((why = refusal(a, rows[i])) != NULL)
			fail_msg("%s: %s", rows[i], why);
	arena_free(a);
}

static void
the_least_length_is_a_setting(void **state)
{
	struct conf longer = cf;
	struct arena *a = arena_new();

	(void)state;
	longer.password_min = 12;
	assert_non_null(password_refusal(&longer, a, "eleven chrs", NULL));
	assert_null(password_refusal(&longer, a, "twelve chars", NULL));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unfit_passwords_are_refused),
		cmocka_unit_test(fit_passwords_are_taken),
		cmocka_unit_test(the_least_length_is_a_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
