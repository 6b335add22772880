/* test_keys_publish.c: the public halves of the keys, and what seals tokens. */
#undef _FORTIFY_SOURCE /* its inline functions would get in the way of ours */
#include "keydir.h"

#include "wipe.h"

/* Was the secret in memory that was wiped? */
static struct {
	struct digest secret;
	int wiped;
} spy;

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

static const char *
public_file(const struct keys_entry *en)
{
	return arena_printf(fx.a, "%s/verify/%s-%s.pem", dir,
	    alg_name(key_alg(en->key)), en->kid);
}

/*
 * A seal names one key of the server, and counts only while that key is there.
 */
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
	for (fx.pr.serves_one = 0; fx.pr.serves_one < 2; fx.pr.serves_one++) {
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
		process_drop(&fx.pr, 0);
	}
	fx.pr.serves_one = 0;
	assert_int_equal(unlink(file("ES256.pem")), 0);
	put("EdDSA.pem", PEM_ED25519);
	assert_int_equal(keys_publish(dir), 0);
	ks = keys_get(&fx.rq);
	assert_int_equal(keys_have_sealed(ks, kid, "token", &d), 0);
	assert_int_equal(count(ks), 1);
}

/*
 * A program that verifies has the public half of every key, and nothing
 * private.
 */
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
	/* With force: the old key goes, and so does a key that waits. */
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

/* keys/verify is mended; a site of an earlier version has none. */
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

/* The key of the seals is wiped, as other keys are. */
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_seal_counts_while_the_key_that_it_names_is_there),
		TEST(what_verifies_is_made_with_the_keys),
		TEST(what_verifies_is_mended),
		TEST(what_seals_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
