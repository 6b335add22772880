/*
 * test_keys_rotate.c: a new key takes the place of an old one, and the old one
 * goes.
 */
#include "keydir.h"

#include <fcntl.h>
#include <time.h>

/*
 * In place of libc's: was that file in the directory when the directory was
 * last synced?
 */
static struct {
	const char *file;     /* in the directory that is synced */
	int was_there, syncs;
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

/* RFC 7517 section 5: the old key stays until its tokens have expired. */
static void
a_rotation_makes_a_new_signer_and_keeps_the_old_key(void **state)
{
	int64_t before, from, again;
	char old[KID_LEN + 1];
	const struct keys_entry *en;
	struct keys *ks;

	(void)state;
	assert_int_equal(keys_make(dir, ALG_ES256, 0, 0), 1);
	ks = keys_load(dir);
	memcpy(old, keys_signer(ks, ALG_ES256)->kid, sizeof(old));
	keys_free(ks);
	before = time(NULL);
	assert_int_equal(keys_rotate(dir, ALG_ES256, 0, 0, &from), 1);
	assert_in_range(from - KEYS_WAIT_S, before, time(NULL));
	ks = keys_load(dir);
	assert_int_equal(count(ks), 2);
	assert_string_equal(keys_signer(ks, ALG_ES256)->kid, old);
	keys_free(ks);
	assert_int_equal(keys_rotate(dir, ALG_ES256, 0, 0, &again), 0);
	/* The time comes when the new key signs: its file's name says when. */
	assert_int_equal(rename(file(arena_printf(fx.a, "ES256.%lld.pem",
				    (long long)from)),
			     file("ES256.5.pem")),
	    0);
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

/* A power cut must not bring back a key that was retired because it leaked. */
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

/* doc/deploy.md, Keys: a command that hangs does not make all others hang. */
static void
who_waits_for_the_keys_gives_up_and_says_why(void **state)
{
	int other, lock;

	(void)state;
	assert_int_equal(keys_make(dir, ALG_ES256, 0, 0), 1);
	assert_true((other = keys_lock(dir)) >= 0);
	fixture_log();
	assert_int_equal(keys_lock_within(dir, 40), -1);
	assert_non_null(strstr(fx.log, "another command has it locked"));
	keys_unlock(other);
	assert_true((lock = keys_lock_within(dir, 40)) >= 0);
	keys_unlock(lock);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_rotation_makes_a_new_signer_and_keeps_the_old_key),
		TEST(a_retired_key_is_gone_from_the_disk),
		TEST(who_waits_for_the_keys_gives_up_and_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
