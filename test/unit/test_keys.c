/* test_keys.c: the signing keys of this server: a directory of PEM files. */
#undef _FORTIFY_SOURCE /* its inline functions would get in the way of ours */
#include "fixture.h"

#include <fcntl.h>
#include <time.h>

#include "keys_int.h"
#include "pem.h"
#include "wipe.h"

static const char *dir;

/*
 * These take the place of libc's: which keys a directory had when it was synced
 * last, and whether a secret was in what was wiped.
 */
static struct {
	const char *file;    /* in the directory that is synced */
	int was_there, syncs; /* when it was */
	struct digest secret;
	int wiped;
} spy;

int
fsync(int fd)
{
	struct stat sb;

	if (fstat(fd, &sb) == 0 && S_ISDIR(sb.st_mode) && spy.file != NULL) {
		spy.was_there = faccessat(fd, spy.file, F_OK, 0) == 0;
		spy.syncs++;
	}
	return fdatasync(fd);
}

static void
wipe(void *p, size_t len)
{
	volatile unsigned char *bytes = p;

	for (size_t i = 0; i + DIGEST_LEN <= len; i++)
		spy.wiped |= memcmp((unsigned char *)p + i, spy.secret.byte,
				 DIGEST_LEN) == 0;
	while (len-- > 0)
		*bytes++ = 0;
}

static int
setup(void **state)
{
	if (fixture_dir(state) < 0)
		return -1;
	dir = fixture_file("keys");
	memset(&spy, 0, sizeof(spy));
	fixture_conf("");
	REQUEST(NULL);
	return 0;
}

static void
put(const char *name, const char *text)
{
	FILE *f;

	mkdir(dir, 0700);
	f = fopen(arena_printf(fx.a, "%s/%s", dir, name), "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	fclose(f);
}

static size_t
count(struct keys *ks)
{
	size_t n;

	keys_all(ks, &n);
	return n;
}

static void
a_key_is_made_once_private_and_loaded(void **state)
{
	struct stat sb;
	struct keys *ks;
	const struct keys_entry *en;

	(void)state;
	for (int alg = 0; alg < ALG_COUNT; alg++) {
		const char *file = arena_printf(
		    fx.a, "%s/%s.pem", dir, alg_name((enum alg)alg));

		assert_int_equal(keys_make(dir, (enum alg)alg, 2048, 0), 1);
		assert_int_equal(keys_make(dir, (enum alg)alg, 2048, 0), 0);
		assert_int_equal(stat(file, &sb), 0);
		assert_int_equal(sb.st_mode & 07777, 0600);
		assert_int_equal(
		    access(arena_printf(fx.a, "%s.new", file), F_OK), -1);
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

/* Or another key would sign, that clients may not know. */
static void
a_signer_that_cannot_be_read_is_no_default(void **state)
{
	(void)state;
	put("ES256.pem", PEM_EC_PKCS8);
	assert_int_equal(mkdir(arena_printf(fx.a, "%s/signer", dir), 0700), 0);
	assert_null(keys_load(dir));
	assert_non_null(strstr(fx.log, "signer: Is a directory"));
	assert_int_equal(keys_default_alg(dir), -1);
}

/* Of an algorithm's keys the one named ALG.pem signs; all are published. */
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
		unlink(arena_printf(fx.a, "%s/%s", dir, rows[i].name));
	}
	put("RS256.pem", "garbage");
	put("ES256.pem", PEM_EC_PKCS8);
	assert_non_null(ks = keys_load(dir));
	assert_int_equal(count(ks), 1);
	assert_non_null(strstr(fx.log, "RS256.pem: this key is not used"));
	keys_free(ks);
	/* A private key has no place in the log. */
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

/* RFC 7517 section 5: the old key stays until its tokens have expired. */
static void
a_rotation_makes_a_new_signer_and_keeps_the_old_key(void **state)
{
	int64_t from;
	char old[KID_LEN + 1];
	const struct keys_entry *en;
	struct keys *ks;

	(void)state;
	assert_int_equal(keys_make(dir, ALG_ES256, 0, 0), 1);
	ks = keys_load(dir);
	memcpy(old, keys_signer(ks, ALG_ES256)->kid, sizeof(old));
	keys_free(ks);
	assert_int_equal(keys_rotate(dir, ALG_ES256, 0, 0, &from), 1);
	assert_in_range(from - time(NULL), KEYS_WAIT_S - 5, KEYS_WAIT_S);
	ks = keys_load(dir);
	assert_int_equal(count(ks), 2);
	assert_string_equal(keys_signer(ks, ALG_ES256)->kid, old);
	keys_free(ks);
	assert_int_equal(keys_rotate(dir, ALG_ES256, 0, 0, &from), 0);
	assert_int_equal(rename(arena_printf(fx.a, "%s/ES256.%lld.pem", dir,
				    (long long)time(NULL) + KEYS_WAIT_S),
			     arena_printf(fx.a, "%s/ES256.5.pem", dir)) == 0 ||
		rename(arena_printf(fx.a, "%s/ES256.%lld.pem", dir,
			   (long long)time(NULL) + KEYS_WAIT_S - 1),
		    arena_printf(fx.a, "%s/ES256.5.pem", dir)) == 0,
	    1);
	ks = keys_load(dir);
	assert_int_equal(count(ks), 2);
	assert_string_not_equal(keys_signer(ks, ALG_ES256)->kid, old);
	assert_non_null(en = keys_by_kid(ks, old));
	assert_int_equal(en->signs, 0);
	assert_string_equal(en->file, "ES256.pem");
	assert_int_equal(keys_retire(dir, en->kid), 0);
	keys_free(ks);
	ks = keys_load(dir);
	assert_int_equal(count(ks), 1);
	assert_null(keys_by_kid(ks, old));
	keys_free(ks);
}

/* A power cut must not bring a key back that was let go for a leak. */
static void
a_retired_key_is_gone_from_the_disk(void **state)
{
	const struct keys_entry *en;
	struct keys *ks;
	size_t n;

	(void)state;
	put("ES256.pem", PEM_EC_PKCS8);
	put("EdDSA-old.pem", PEM_ED25519);
	ks = keys_load(dir);
	en = keys_all(ks, &n);
	assert_int_equal(n, 2);
	spy.file = "EdDSA-old.pem";
	assert_string_equal(en[1].file, spy.file);
	assert_int_equal(keys_retire(dir, en[1].kid), 0);
	assert_int_equal(spy.syncs, 1);
	assert_int_equal(spy.was_there, 0);
	keys_free(ks);
}

static const char *
file(const char *name)
{
	return arena_printf(fx.a, "%s/%s", dir, name);
}

static const char *
public_file(const struct keys_entry *en)
{
	return arena_printf(fx.a, "%s/verify/%s-%s.pem", dir,
	    alg_name(key_alg(en->key)), en->kid);
}

/* By one key of the server; a key that is not there any more ends its seals. */
static void
a_seal_counts_while_the_key_that_it_names_is_there(void **state)
{
	char kid[KID_LEN + 1];
	struct digest d;
	struct keys *ks;

	(void)state;
	put("ES256.pem", PEM_EC_PKCS8);
	assert_int_equal(keys_publish(dir), 0);
	ks = keys_load(dir);
	memcpy(kid, keys_signer(ks, -1)->kid, sizeof(kid));
	assert_int_equal(keys_seal(ks, "token", &d), 0);
	keys_free(ks);
	for (fx.pr.once = 0; fx.pr.once < 2; fx.pr.once++) {
		ks = keys_get(&fx.rq);
		fixture_log();
		assert_int_equal(keys_have_sealed(ks, kid, "token", &d), 1);
		assert_string_equal(fx.log, "");
		assert_int_equal(keys_have_sealed(ks, kid, "tokem", &d), 0);
		assert_int_equal(keys_have_sealed(ks, "", "token", &d), 0);
		assert_int_equal(keys_have_sealed(ks, NULL, "token", &d), 0);
		kid[3] ^= 1;
		assert_int_equal(keys_have_sealed(ks, kid, "token", &d), 0);
		kid[3] ^= 1;
		keys_free(fx.pr.keys);
		fx.pr.keys = NULL;
	}
	fx.pr.once = 0;
	assert_int_equal(unlink(file("ES256.pem")), 0);
	put("EdDSA.pem", PEM_ED25519);
	assert_int_equal(keys_publish(dir), 0);
	ks = keys_get(&fx.rq);
	assert_int_equal(keys_have_sealed(ks, kid, "token", &d), 0);
	assert_int_equal(count(ks), 1);
}

/* Whoever verifies has the public halves of all keys, and nothing private. */
static void
what_verifies_is_made_with_the_keys(void **state)
{
	const struct keys_entry *en;
	struct keys *ks, *public;
	struct stat sb;
	int64_t from;
	size_t n;

	(void)state;
	assert_int_equal(keys_make(dir, ALG_ES256, 0, 0), 1);
	assert_int_equal(keys_make(dir, ALG_RS256, 2048, 0), 1);
	assert_int_equal(keys_rotate(dir, ALG_ES256, 0, 0, &from), 1);
	ks = keys_load(dir);
	assert_non_null(public = keys_get(&fx.rq));
	assert_int_equal(count(public), 3);
	en = keys_all(ks, &n);
	for (size_t i = 0; i < n; i++) {
		assert_non_null(keys_by_kid(public, en[i].kid));
		assert_false(key_can_sign(
		    keys_by_kid(public, en[i].kid)->key));
		assert_int_equal(stat(public_file(&en[i]), &sb), 0);
		assert_int_equal(sb.st_mode & 07777, 0600);
	}
	for (int alg = -1; alg < ALG_COUNT; alg++)
		assert_null(keys_signer(public, alg));
	assert_int_equal(stat(file("verify"), &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0700);
	assert_int_equal(stat(file("verify/seal.key"), &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0600);
	assert_int_equal(keys_check_published(dir), 1);
	keys_free(ks);
	/* By force: the key that it replaces goes, what waits too. */
	usleep(20000);
	assert_int_equal(keys_make(dir, ALG_ES256, 0, 1), 1);
	fx.rq.now++;
	assert_int_equal(count(keys_get(&fx.rq)), 2);
	assert_int_equal(keys_check_published(dir), 1);
}

static void
spoil_other(const char *path)
{
	(void)path;
	put("verify/EdDSA-A.pem", PEM_ED25519_PUBLIC);
}

static void
spoil_text(const char *path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(PEM_ED25519_PUBLIC, f);
	fclose(f);
}

static void
spoil_gone(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static void
spoil_seal(const char *path)
{
	(void)path;
	put("verify/seal.key", "too short\n");
}

static void
spoil_no_seal(const char *path)
{
	(void)path;
	assert_int_equal(unlink(file("verify/seal.key")), 0);
}

/* As a site from before there was such a directory has to be, too. */
static void
what_verifies_is_mended(void **state)
{
	static const struct {
		void (*spoil)(const char *path);
		const char *why;
	} rows[] = {
		{ spoil_other, "of a key that is not there any more" },
		{ spoil_text, "not the public half of its key" },
		{ spoil_gone, "cannot be read" },
		{ spoil_seal, "does not hold 32 bytes" },
		{ spoil_no_seal, "No such file or directory; carnet install" },
	};
	const char *path;
	struct keys *ks;

	(void)state;
	put("ES256.pem", PEM_EC_PKCS8);
	assert_int_equal(keys_check_published(dir), 0);
	assert_int_equal(keys_publish(dir), 0);
	assert_int_equal(keys_check_published(dir), 1);
	ks = keys_load(dir);
	path = public_file(keys_signer(ks, -1));
	keys_free(ks);
	for (size_t i = 0; i < N(rows); i++) {
		rows[i].spoil(path);
		fixture_log();
		assert_int_equal(keys_check_published(dir), 0);
		assert_non_null(strstr(fx.log, rows[i].why));
		assert_int_equal(keys_publish(dir), 0);
		fixture_log();
		assert_int_equal(keys_check_published(dir), 1);
		assert_string_equal(fx.log, "");
	}
}

/* What makes seals is as secret as the keys. */
static void
what_seals_is_wiped(void **state)
{
	struct digest sealed;
	struct keys *ks;

	(void)state;
	put("ES256.pem", PEM_EC_PKCS8);
	ks = keys_load(dir);
	assert_int_equal(keys_publish(dir), 0);
	assert_int_equal(keys_secret_read(file("verify/seal.key"), &spy.secret),
	    1);
	assert_int_equal(keys_seal(ks, "token", &sealed), 0);
	spy.wiped = 0;
	keys_free(ks);
	assert_int_equal(spy.wiped, 1);
}

/* A change of the directory is seen with the next second, and survived. */
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
	usleep(20000); /* past the clock tick of the file system */
	put("EdDSA.pem", PEM_ED25519);
	assert_int_equal(count(keys_get_signing(&fx.rq)), 1);
	fx.rq.now++;
	ks = keys_get_signing(&fx.rq);
	assert_int_equal(count(ks), 2);
	assert_int_not_equal(keys_generation(ks), generation);
	generation = keys_generation(ks);
	fx.rq.now++;
	assert_int_equal(keys_generation(keys_get_signing(&fx.rq)), generation);
	/* All gone: what is known still serves. */
	usleep(20000);
	unlink(arena_printf(fx.a, "%s/ES256.pem", dir));
	unlink(arena_printf(fx.a, "%s/EdDSA.pem", dir));
	fx.rq.now++;
	assert_int_equal(count(keys_get_signing(&fx.rq)), 2);
}

/* Two changes in one tick of the file system's clock leave one time. */
static void
a_change_within_the_tick_of_another_is_seen(void **state)
{
	/* Young however slow the machine is. */
	const struct timespec t = { .tv_sec = time(NULL) + 1000 };
	const struct timespec times[] = { t, t };
	uint64_t generation;

	(void)state;
	put("ES256.pem", PEM_EC_PKCS8);
	assert_int_equal(utimensat(AT_FDCWD, dir, times, 0), 0);
	assert_int_equal(count(keys_get_signing(&fx.rq)), 1);
	generation = keys_generation(fx.pr.signing);
	fx.rq.now++;
	/* Looked at again, and what was read and verified is kept. */
	assert_int_equal(keys_generation(keys_get_signing(&fx.rq)), generation);
	put("EdDSA.pem", PEM_ED25519);
	assert_int_equal(utimensat(AT_FDCWD, dir, times, 0), 0);
	fx.rq.now++;
	assert_int_equal(count(keys_get_signing(&fx.rq)), 2);
	/* A key replaced under its name. */
	generation = keys_generation(fx.pr.signing);
	put("new", PEM_ED25519_PUBLIC);
	assert_int_equal(rename(arena_printf(fx.a, "%s/new", dir),
			     arena_printf(fx.a, "%s/EdDSA.pem", dir)),
	    0);
	assert_int_equal(utimensat(AT_FDCWD, dir, times, 0), 0);
	fx.rq.now++;
	assert_int_not_equal(keys_generation(keys_get_signing(&fx.rq)), generation);
	assert_null(keys_signer(fx.pr.signing, ALG_EDDSA));
}

#define TEST(name) TEST_IN(name, setup)

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
		TEST(a_rotation_makes_a_new_signer_and_keeps_the_old_key),
		TEST(a_retired_key_is_gone_from_the_disk),
		TEST(a_seal_counts_while_the_key_that_it_names_is_there),
		TEST(what_verifies_is_made_with_the_keys),
		TEST(what_verifies_is_mended),
		TEST(what_seals_is_wiped),
		TEST(a_running_program_takes_up_new_keys),
		TEST(a_change_within_the_tick_of_another_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
