/* test_passwd.c: people's passwords, through crypt(3). */
#include "scratch.h"

#include "crypt_spy.h"
#include "hash.h"
#include "passwd.h"

/* The example of PHP's password_verify, and one of crypt_blowfish's tests. */
#define BCRYPT_2Y "$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq"
#define BCRYPT_2B "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

/* A database with bcrypt hashes of that cost at most; 0: with none. */
static const struct hash_load *
bcrypt_load(int cost)
{
	static struct hash_load load;

	load.n = 0;
	if (cost > 0)
		hash_load_add(&load, arena_printf(a, "bcrypt %d", cost));
	return &load;
}

static int
setup(void **state)
{
	crypt_spy_begin();
	return scratch_setup(state);
}

static void
a_hash_verifies_its_password_and_no_other(void **state)
{
	static const char *const others[] = { "correct horse", "", "Correct",
		"correct horse battery stapl", "correct horse battery staple ",
		"correct horse battery Staple" };
	const char *hash = passwd_hash(a, "correct horse battery staple");

	(void)state;
	assert_non_null(hash);
	assert_int_equal(
	    passwd_verify("correct horse battery staple", hash), 1);
	for (size_t i = 0; i < N(others); i++)
		assert_int_equal(passwd_verify(others[i], hash), 0);
	assert_int_equal(passwd_verify(hash, hash), 0);
}

static void
a_hash_is_yescrypt_at_the_default_cost_with_a_salt_of_its_own(void **state)
{
	const char *one = passwd_hash(a, "same"), *two = passwd_hash(a, "same");

	(void)state;
	assert_memory_equal(one, "$y$j9T$", 7);
	assert_string_not_equal(one, two);
	assert_int_equal(crypt_checksalt(one), CRYPT_SALT_OK);
	assert_int_equal(strchr(one + 7, '$') - (one + 7), 22); /* 128 bits */
	assert_int_equal(passwd_verify("same", one), 1);
	assert_int_equal(passwd_verify("same", two), 1);
	assert_int_equal(passwd_is_stale(one), 0);
}

/*
 * The time must not tell whether an account exists: for an unknown user the
 * same work is done, at the cost of a real hash.
 */
static void
an_unknown_user_costs_what_a_known_one_does(void **state)
{
	struct crypt_data data = { .initialized = 0 };
	const char *real = passwd_hash(a, "x");

	(void)state;
	crypt_spy_begin();
	assert_int_equal(passwd_verify("x", real), 1);
	assert_int_equal(crypt_spy.calls, 1);
	assert_int_equal(passwd_verify("x", NULL), 0);
	assert_int_equal(crypt_spy.calls, 2);
	assert_int_equal(crypt_checksalt(crypt_spy.setting), CRYPT_SALT_OK);
	assert_memory_equal(crypt_spy.setting, real, 7); /* method and cost */
	assert_int_equal(strlen(crypt_spy.setting), strlen(real));
	assert_non_null(
	    crypt_rn("x", crypt_spy.setting, &data, (int)sizeof(data)));
	assert_int_equal(strlen(data.output), strlen(real));
	assert_memory_equal(data.output, crypt_spy.setting, 30);
	assert_int_equal(passwd_verify("", NULL), 0);
}

/*
 * RFC 8265 section 4.2: U+00F6 and o with U+0308 are one password.  An older
 * hash was made of the bytes as they were sent.
 */
static void
a_password_is_the_same_in_each_spelling(void **state)
{
	static const char nfc[] = "sch\xc3\xb6ne Rosen";
	static const char nfd[] = "scho\xcc\x88ne\xc2\xa0Rosen";
	const char *ours = passwd_hash(a, nfd), *old;
	struct crypt_data data = { .initialized = 0 };

	(void)state;
	assert_int_equal(passwd_verify(nfc, ours), 1);
	assert_int_equal(passwd_verify(nfd, ours), 1);
	old = arena_str(a, crypt_rn(nfd, ours, &data, (int)sizeof(data)));
	assert_string_not_equal(old, ours);
	assert_int_equal(passwd_verify(nfd, old), 2);
	assert_int_equal(passwd_verify(nfc, old), 0);
}

/*
 * A second spelling is tried for unknown users too, so its time tells nothing.
 */
static void
each_refusal_of_a_spelling_costs_the_same(void **state)
{
	static const char nfd[] = "o\xcc\x88";
	const char *const hashes[] = { NULL, passwd_hash(a, "x"), BCRYPT_2B };

	(void)state;
	for (size_t i = 0; i < N(hashes); i++) {
		crypt_spy_begin();
		assert_int_equal(passwd_verify(nfd, hashes[i]), 0);
		passwd_refuse(nfd, hashes[i], bcrypt_load(7));
		assert_int_equal(crypt_spy.yescrypts, 2);
		assert_int_equal(crypt_spy.bcrypt_work, 2 * (1 << 7));
	}
}

/* Users of Passport have bcrypt hashes. */
static void
bcrypt_hashes_are_verified_and_stale(void **state)
{
	static const struct {
		const char *password, *hash;
	} rows[] = { { "rasmuslerdorf", BCRYPT_2Y }, { "U*U", BCRYPT_2B } };

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		assert_int_equal(
		    passwd_verify(rows[i].password, rows[i].hash), 1);
		assert_int_equal(passwd_verify("U*", rows[i].hash), 0);
		assert_int_equal(passwd_verify("", rows[i].hash), 0);
		assert_int_equal(passwd_is_stale(rows[i].hash), 1);
	}
}

/*
 * If there are old hashes, a refusal costs a yescrypt and a bcrypt of max_cost.
 */
static void
a_refusal_costs_the_same_whatever_the_hash(void **state)
{
	static const char *const hashes[] = { NULL, BCRYPT_2Y, BCRYPT_2B, "*",
		"$2y$04$abcdefghijklmnopqrstuuSPXhyA0QOVBF/bLIaDJFbT.9aDqYQ4W" };
	static const int max_cost[] = { 0, 7, 8 };
	const char *hash;

	(void)state;
	for (size_t d = 0; d < N(max_cost); d++)
		for (size_t i = 0; i < N(hashes) + 1; i++) {
			hash = i < N(hashes) ? hashes[i] : passwd_hash(a, "x");
			/* max_cost 0: there are no bcrypt hashes. */
			if (max_cost[d] == 0 && hash != NULL && *hash == '$' &&
			    hash[1] == '2')
				continue;
			crypt_spy_begin();
			assert_int_equal(passwd_verify("wrong", hash), 0);
			passwd_refuse(
			    "wrong", hash, bcrypt_load(max_cost[d]));
			assert_int_equal(crypt_spy.yescrypts, 1);
			assert_int_equal(crypt_spy.bcrypt_work,
			    max_cost[d] == 0 ? 0 : 1L << max_cost[d]);
		}
}

/* A wrong cost in the database does not make a sign-in last for hours. */
static void
no_cost_is_too_high(void **state)
{
	(void)state;
	crypt_spy_begin();
	passwd_refuse("x", NULL, bcrypt_load(99));
	assert_int_equal(crypt_spy.bcrypt_work, 1L << 14);
	assert_int_equal(crypt_checksalt(crypt_spy.setting), CRYPT_SALT_OK);
	assert_int_equal(passwd_verify("x", crypt_spy.setting), 0);
}

static void
a_hash_of_another_method_or_cost_is_stale(void **state)
{
	static const char *const stale[] = { "", "*", "!", "$y$", "$y$j8T$abc",
		"$y$jAT$abc", "$6$salt$x", "$7$CU..../....x", "$gy$j9T$x",
		BCRYPT_2Y };

	(void)state;
	for (size_t i = 0; i < N(stale); i++)
		assert_int_equal(passwd_is_stale(stale[i]), 1);
	assert_int_equal(passwd_is_stale("$y$j9T$salt$hash"), 0);
}

/* crypt(3) tells failure by a string that begins with '*'. */
static void
what_is_no_hash_verifies_nothing(void **state)
{
	static const char *const bad[] = { "", "*", "*0", "*1", "!", "x",
		"x:", "$y$", "$y$j9T$", "$2y$04$", "$99$salt$hash",
		"plain text", "correct" };

	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		assert_int_equal(passwd_verify("correct", bad[i]), 0);
		assert_int_equal(passwd_verify(bad[i], bad[i]), 0);
		assert_int_equal(passwd_verify("", bad[i]), 0);
	}
}

static void
a_hash_cut_short_or_longer_verifies_nothing(void **state)
{
	char hash[CRYPT_OUTPUT_SIZE + 1];
	const size_t len = strlen(BCRYPT_2B);

	(void)state;
	snprintf(hash, sizeof(hash), "%sx", BCRYPT_2B);
	assert_int_equal(passwd_verify("U*U", hash), 0);
	for (size_t n = 1; n < 32; n++) {
		hash[len - n] = '\0';
		assert_int_equal(passwd_verify("U*U", hash), 0);
	}
}

static void
a_password_is_0_to_511_bytes_and_all_of_them_count(void **state)
{
	char text[PASSWD_MAX + 2];
	const char *hash;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[PASSWD_MAX + 1] = '\0';
	assert_null(passwd_hash(a, text));
	hash = passwd_hash(a, "");
	assert_int_equal(passwd_verify("", hash), 1);
	assert_int_equal(passwd_verify(" ", hash), 0);
	assert_int_equal(passwd_verify(text, hash), 0);
	assert_int_equal(passwd_verify(text, NULL), 0);
	text[PASSWD_MAX] = '\0';
	hash = passwd_hash(a, text);
	assert_non_null(hash);
	assert_int_equal(passwd_verify(text, hash), 1);
	text[PASSWD_MAX - 1] = 'b';
	assert_int_equal(passwd_verify(text, hash), 0);
	text[PASSWD_MAX - 1] = '\0';
	assert_int_equal(passwd_verify(text, hash), 0);
}

static void
a_password_may_hold_any_bytes(void **state)
{
	static const char text[] = "p\xc3\xa4ssw\xf6rt \x01\xff'\"\\%s";
	const char *hash = passwd_hash(a, text);

	(void)state;
	assert_int_equal(passwd_verify(text, hash), 1);
	assert_int_equal(passwd_verify("p\xc3\xa4ssw\xf6rt", hash), 0);
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_hash_verifies_its_password_and_no_other),
		TEST(
		    a_hash_is_yescrypt_at_the_default_cost_with_a_salt_of_its_own),
		TEST(an_unknown_user_costs_what_a_known_one_does),
		TEST(a_password_is_the_same_in_each_spelling),
		TEST(each_refusal_of_a_spelling_costs_the_same),
		TEST(bcrypt_hashes_are_verified_and_stale),
		TEST(a_refusal_costs_the_same_whatever_the_hash),
		TEST(no_cost_is_too_high),
		TEST(a_hash_of_another_method_or_cost_is_stale),
		TEST(what_is_no_hash_verifies_nothing),
		TEST(a_hash_cut_short_or_longer_verifies_nothing),
		TEST(a_password_is_0_to_511_bytes_and_all_of_them_count),
		TEST(a_password_may_hold_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
