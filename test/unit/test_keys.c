/* test_keys.c: the signing keys of this server: a directory of PEM files. */
#include "keydir.h"

#include <fcntl.h>
#include <time.h>

static void
a_key_is_made_once_private_and_loaded(void **state)
{
	struct stat sb;
	struct keys *ks;
	const struct keys_entry *en;

	(void)state;
	for (int alg = 0; alg < ALG_COUNT; alg++) {
		const char *path = file(
		    arena_printf(fx.a, "%s.pem", alg_name((enum alg)alg)));

		assert_int_equal(keys_make(dir, (enum alg)alg, 2048, 0), 1);
		assert_int_equal(keys_make(dir, (enum alg)alg, 2048, 0), 0);
		assert_int_equal(stat(path, &sb), 0);
		assert_int_equal(sb.st_mode & 07777, 0600);
		assert_int_equal(
		    access(arena_printf(fx.a, "%s.new", path), F_OK), -1);
	}
	assert_int_equal(stat(dir, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0700);
	assert_non_null(ks = keys_load(dir));
	assert_int_equal(count(ks), ALG_COUNT);
	for (int alg = 0; alg < ALG_COUNT; alg++) {
		assert_non_null(en = keys_signer(ks, alg));
		assert_int_equal(key_alg(en->key), alg);
		assert_int_equal(en->signs, 1);
		assert_ptr_equal(keys_by_kid(ks, en->kid), en);
	}
	assert_null(keys_by_kid(ks, ""));
	assert_null(keys_by_kid(ks, "AAAA"));
	keys_free(ks);
	keys_free(NULL);
}

static void
a_key_is_replaced_when_forced(void **state)
{
	char kid[KID_LEN + 1];
	struct keys *ks;

	(void)state;
	assert_int_equal(keys_make(dir, ALG_ES256, 0, 0), 1);
	ks = keys_load(dir);
	memcpy(kid, keys_signer(ks, -1)->kid, sizeof(kid));
	keys_free(ks);
	assert_int_equal(keys_make(dir, ALG_ES256, 0, 1), 1);
	ks = keys_load(dir);
	assert_int_equal(count(ks), 1);
	assert_string_not_equal(keys_signer(ks, -1)->kid, kid);
	keys_free(ks);
}

static void
the_file_signer_says_which_algorithm_signs(void **state)
{
	struct keys *ks;
	int64_t from;

	(void)state;
	put("ES256.pem", PEM_EC_PKCS8);
	put("EdDSA.pem", PEM_ED25519);
	ks = keys_load(dir);
	assert_string_equal(keys_signer(ks, -1)->file, "ES256.pem");
	assert_null(keys_signer(ks, ALG_RS256));
	keys_free(ks);
	assert_int_equal(keys_set_signer(dir, ALG_EDDSA, 1, &from), 0);
	ks = keys_load(dir);
	assert_string_equal(keys_signer(ks, -1)->file, "EdDSA.pem");
	assert_string_equal(keys_signer(ks, ALG_ES256)->file, "ES256.pem");
	keys_free(ks);
	put("signer", "RS256\nEdDSA 1000\n");
	ks = keys_load(dir);
	assert_string_equal(keys_signer(ks, -1)->file, "EdDSA.pem");
	keys_free(ks);
	put("signer", "ES256\nEdDSA 9999999999\n");
	ks = keys_load(dir);
	assert_string_equal(keys_signer(ks, -1)->file, "ES256.pem");
	keys_free(ks);
	put("signer", "HS256\n");
	ks = keys_load(dir);
	assert_string_equal(keys_signer(ks, -1)->file, "ES256.pem");
	assert_non_null(strstr(fx.log, "HS256 is no algorithm"));
	keys_free(ks);
}

/* Else another key would sign, which clients may not know. */
static void
a_signer_that_cannot_be_read_is_no_default(void **state)
{
	(void)state;
	put("ES256.pem", PEM_EC_PKCS8);
	assert_int_equal(mkdir(file("signer"), 0700), 0);
	assert_null(keys_load(dir));
	assert_non_null(strstr(fx.log, "signer: Is a directory"));
	assert_int_equal(keys_default_alg(dir), -1);
}

/* The key named ALG.pem signs for its algorithm; all keys are published. */
static void
older_and_public_keys_verify_and_do_not_sign(void **state)
{
	struct keys *ks;

	(void)state;
	put("ES256-old.pem", PEM_EC_PKCS8);
	put("EdDSA.pem", PEM_ED25519_PUBLIC);
	put("RS256.old.pem", PEM_RSA_PUBLIC);
	assert_non_null(ks = keys_load(dir));
	assert_int_equal(count(ks), 3);
	for (int alg = -1; alg < ALG_COUNT; alg++)
		assert_null(keys_signer(ks, alg));
	keys_free(ks);
}

static void
a_file_that_is_no_key_is_passed_over(void **state)
{
	static const struct {
		const char *name, *text;
		int is_logged;
	} rows[] = {
		{ "RS256.pem", PEM_RSA1024, 1 },
		{ "PS256.pem", PEM_EC_PKCS8, 1 },
		{ "EdDSA.pem", "garbage", 1 },
		{ "ES256-x.pem", "", 1 },
		{ "HS256.pem", PEM_RSA_PKCS8, 0 },
		{ "es256.pem", PEM_EC_PKCS8, 0 },
		{ "ES256.pem.new", PEM_EC_PKCS8, 0 },
		{ "ES256.pem~", PEM_EC_PKCS8, 0 },
		{ "ES256", PEM_EC_PKCS8, 0 },
		{ ".pem", PEM_EC_PKCS8, 0 },
		{ "README", "x", 0 },
		{ "a-very-long-name-of-an-algorithm.pem", PEM_EC_PKCS8, 0 },
	};
	struct keys *ks;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		put(rows[i].name, rows[i].text);
		fixture_log();
		assert_null(keys_load(dir));
		assert_non_null(strstr(fx.log, "no key in it"));
		assert_int_equal(
		    strstr(fx.log, "is not used") != NULL, rows[i].is_logged);
		unlink(file(rows[i].name));
	}
	put("RS256.pem", "garbage");
	put("ES256.pem", PEM_EC_PKCS8);
	assert_non_null(ks = keys_load(dir));
	assert_int_equal(count(ks), 1);
	assert_non_null(strstr(fx.log, "RS256.pem: this key is not used"));
	keys_free(ks);
	/* A private key must not be in the log. */
	assert_null(strstr(fx.log, "PRIVATE KEY"));
}

static void
without_a_directory_or_a_key_there_are_no_keys(void **state)
{
	(void)state;
	assert_null(keys_load(dir));
	assert_non_null(strstr(fx.log, "carnet install makes them"));
	assert_null(keys_get(&fx.rq));
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_null(keys_load(dir));
	assert_null(keys_get(&fx.rq));
}

static void
one_key_under_two_names_counts_once_and_signs(void **state)
{
	struct keys *ks;

	(void)state;
	put("ES256.pem", PEM_EC_PKCS8);
	put("ES256-kid.pem", PEM_EC_SEC1);
	assert_non_null(ks = keys_load(dir));
	assert_int_equal(count(ks), 1);
	assert_non_null(keys_signer(ks, ALG_ES256));
	keys_free(ks);
}

/* A program sees a change of the directory in the next second, and goes on. */
static void
a_running_program_takes_up_new_keys(void **state)
{
	struct keys *ks;
	uint64_t generation;

	(void)state;
	put("ES256.pem", PEM_EC_PKCS8);
	assert_non_null(ks = keys_get_signing(&fx.rq));
	generation = keys_generation(ks);
	assert_ptr_equal(keys_get_signing(&fx.rq), ks);
	usleep(20000); /* longer than a tick of the file system's clock */
	put("EdDSA.pem", PEM_ED25519);
	assert_int_equal(count(keys_get_signing(&fx.rq)), 1);
	fx.rq.now++;
	ks = keys_get_signing(&fx.rq);
	assert_int_equal(count(ks), 2);
	assert_int_not_equal(keys_generation(ks), generation);
	generation = keys_generation(ks);
	fx.rq.now++;
	assert_int_equal(keys_generation(keys_get_signing(&fx.rq)), generation);
	/* All files are gone: the keys that were read still serve. */
	usleep(20000);
	unlink(file("ES256.pem"));
	unlink(file("EdDSA.pem"));
	fx.rq.now++;
	assert_int_equal(count(keys_get_signing(&fx.rq)), 2);
}

/* Two changes within one tick of the file system's clock leave one time. */
static void
a_change_within_the_tick_of_another_is_seen(void **state)
{
	/* The directory's time is recent, even on a slow machine. */
	const struct timespec t = { .tv_sec = time(NULL) + 1000 };
	const struct timespec times[] = { t, t };
	uint64_t generation;

	(void)state;
	put("ES256.pem", PEM_EC_PKCS8);
	assert_int_equal(utimensat(AT_FDCWD, dir, times, 0), 0);
	assert_int_equal(count(keys_get_signing(&fx.rq)), 1);
	generation = keys_generation(keys_get_signing(&fx.rq));
	fx.rq.now++;
	/* The directory is read again, and the keys that were read stay. */
	assert_int_equal(keys_generation(keys_get_signing(&fx.rq)), generation);
	put("EdDSA.pem", PEM_ED25519);
	assert_int_equal(utimensat(AT_FDCWD, dir, times, 0), 0);
	fx.rq.now++;
	assert_int_equal(count(keys_get_signing(&fx.rq)), 2);
	/* Another key under the same name. */
	generation = keys_generation(keys_get_signing(&fx.rq));
	put("new", PEM_ED25519_PUBLIC);
	assert_int_equal(rename(file("new"),
			     file("EdDSA.pem")),
	    0);
	assert_int_equal(utimensat(AT_FDCWD, dir, times, 0), 0);
	fx.rq.now++;
	assert_int_not_equal(keys_generation(keys_get_signing(&fx.rq)), generation);
	assert_null(keys_signer(keys_get_signing(&fx.rq), ALG_EDDSA));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_is_made_once_private_and_loaded),
		TEST(a_key_is_replaced_when_forced),
		TEST(the_file_signer_says_which_algorithm_signs),
		TEST(a_signer_that_cannot_be_read_is_no_default),
		TEST(older_and_public_keys_verify_and_do_not_sign),
		TEST(a_file_that_is_no_key_is_passed_over),
		TEST(without_a_directory_or_a_key_there_are_no_keys),
		TEST(one_key_under_two_names_counts_once_and_signs),
		TEST(a_running_program_takes_up_new_keys),
		TEST(a_change_within_the_tick_of_another_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
