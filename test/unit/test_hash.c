/*
 * test_hash.c: hashes that other programs made, of one password.  PHP 8.2 made
 * those of bcrypt, WordPress (wp_hash_password of 6.8) and Drupal 7
 * (_password_crypt); passlib 1.7, Django 5.2 and argon2-cffi 25.1 the others.
 */
#include "scratch.h"

#include "crypt_spy.h"
#include "hash.h"
#include "hash_import.h"
#include "passwd.h"

/* Of "password", as Windows has it. */
#define NT "$3$$8846f7eaee8fb117ad06bdd830b7586c"

#define PASSWORD "pa55 w\xc3\xb6rd"

static const struct {
	const char *kind, *hash;
} known[] = {
	{ "phpass", /* passlib phpass */
	    "$P$6IaRW78nSkkQb.Xkr.V7DlLHATNFbG0" },
	{ "phpass", /* passlib phpass */
	    "$H$6StUJqLKTjjYAf8TLH/XpdJ.U6QrsA0" },
	{ "sha512crypt", /* passlib sha512_crypt */
	    "$6$rounds=1500$/x9c73kKvWyZWL5w$iHVRiHCzfBgd5hFBCW75wcES"
	    "Qxhgp3ygLtxWpZGKR7fAS6FoOj042Erv8K8y98/3JZTX/dQEf1LeUkB4"
	    "CprYD1" },
	{ "sha512crypt", /* passlib sha512_crypt def */
	    "$6$kM6joUzEC4Fd17S3$s2fZhNU1CpgrW/Uv5JxyOhUwlXV8MjUGxayj"
	    "Z/Kc5OrNzFwi/0e.FbS8J/3i8h.DauNN1H8/QlS.EGSGr6EB41" },
	{ "sha256crypt", /* passlib sha256_crypt */
	    "$5$rounds=1500$8YkasOOVkJFIs4uf$GjXSIJIDSnZV/DqMB.oO8nR/"
	    "G3PjCzZuL0QiZHEWt32" },
	{ "sha1crypt", /* passlib sha1_crypt */
	    "$sha1$1000$jvb.qKO/$rvx.FbH0jvJjP8oSKjIBgkhQ1EHD" },
	{ "md5crypt", /* passlib md5_crypt */
	    "$1$Ok0PcPgQ$0XXPSG28lu7TBFijylXEW0" },
	{ "sunmd5", /* passlib sun_md5 */
	    "$md5,rounds=10$dEM.EFjV$$JmhxNqzyNBM7KJiIUJzmK0" },
	{ "bsdicrypt", /* passlib bsdi */
	    "_p5..Jn.zeaXMv8KRRyI" },
	{ "des", /* passlib des */
	    "IXdeQr7lzeIgc" },
	{ "pbkdf2_sha256", /* passlib django_pbkdf2 */
	    "pbkdf2_sha256$2000$hVhm09q390Eo$DnP/9Q//UxtRYBJfKcUfWpjj"
	    "eJqNRr3VfrWp0zHEDho=" },
	{ "ssha", /* passlib SSA */
	    "{SSHA}p5mruAHSTQJrAlL4+mhJNmckSgSm9H4P" },
	{ "ssha", /* passlib ldap_salted_sha256 */
	    "{SSHA256}m7Ln75RwD9ZSnQRuse18P7OVOAIaCT1GsAUpeyHW9/8S4lx"
	    "LyRnDGA==" },
	{ "ssha", /* passlib ldap_salted_sha512 */
	    "{SSHA512}U+xQkX5acVlXbj6+KqEmT1OFyU2SySWXIm8DpB8DuZFQnCZ"
	    "Cgy5cVox6R0kStJqQvdLFo8pWhrTTRnqVxzvdRoSQ0tr7H0NI" },
	{ "md5 in yescrypt", /* passlib ldap_md5 */
	    "{MD5}vvDZMR7NAcUzHitrbfgA6g==" },
	{ "sha1 in yescrypt", /* passlib ldap_sha1 */
	    "{SHA}00br2jWfWEQjpXcFuVoAVGH6lhk=" },
	{ "md5 in yescrypt", /* passlib hex_md5 */
	    "bef0d9311ecd01c5331e2b6b6df800ea" },
	{ "sha1 in yescrypt", /* passlib hex_sha1 */
	    "d346ebda359f584423a57705b95a005461fa9619" },
	{ "argon2", /* argon2-cffi */
	    "$argon2id$v=19$m=1024,t=2,p=4$6mDzGNV+ePQIxvGaJ9wn7g$Xh4"
	    "NceoX3WRmGQ7p//4MzrtzkzFiPLFTUhCkpdx7AYM" },
	{ "argon2", /* argon2-cffi */
	    "$argon2i$v=19$m=1024,t=2,p=4$ri1AhbjaJarHWulVIzlGFQ$VjBk"
	    "3m0TDSGULvPQyxReTJXsziZv/1DgV7yqHOy1aEg" },
	{ "argon2", /* argon2-cffi */
	    "$argon2d$v=19$m=1024,t=2,p=4$SFiBGqgBIe99AXPhfBYAsQ$ND9x"
	    "tWPP70Q9x+QyUoWOqc0E/XpMYEeR5FkMNhC4mVE" },
	{ "pbkdf2_sha256", /* Django */
	    "pbkdf2_sha256$3000$saltsaltsalt$h6sKO9M4ay8ITTzhvAzC0kkY"
	    "UBSzB0v7SThJSJJDPFo=" },
	{ "argon2", /* Django argon2 */
	    "argon2$argon2id$v=19$m=1024,t=2,p=2$c2FsdHNhbHRzYWx0$thD"
	    "MeT/l+/7Oz/l8ZlHWWN0g7Bbi0CpMXQwJJHgT0K4" },
	{ "bcrypt", /* php */
	    "$2y$05$dv.uhO9WD.bruLS5RjvX2OR73tYqQALSBfqdmsS0TaD.v/tQG"
	    "lv9O" },
	{ "argon2", /* php */
	    "$argon2id$v=19$m=1024,t=2,p=1$SVlvR1ZNNzZXOEJNckRjNw$Jzf"
	    "Bos4bVnlwUFR4Y0xkHTIRA4CITDcUeAQPrzgeaEY" },
	{ "wordpress", /* php */
	    "$wp$2y$05$mRdfzaT/vDyAB8WbgUantegIQmwzKnh9lHUYTT1pgRUy4B"
	    "Cx5P2PW" },
	{ "bcrypt", /* python3-bcrypt */
	    "$2b$05$Mlxumgk8G5QmW0spWz7i8OjS734k564qNhfFGHZqchifR2ryy"
	    "lU0O" },
	{ "bcrypt", /* python3-bcrypt */
	    "$2a$05$dP1sKAgb0jHK7OcXwOaENeh8arKOPwJ0M1DfJrd6uji318a/n"
	    "VwGS" },
	{ "yescrypt", /* pyescrypt */
	    "$y$j75$n34PoBLMgFrQVl4Rn34Po/$ybMC2Ywq.rXAgjUxLg7Rraef.m"
	    "LYFLdK72UDJV2Ug56" },
	{ "scrypt", /* passlib scrypt */
	    "$7$86..../....saltsaltsalt$pG6q5MF3ga2CdnYAUvVe9GciGQ5Cz"
	    "skhmh/2APCZ7NC" },
	{ "nt", /* passlib bsd_nthash */
	    "$3$$ac4e71f4e78c956fef0c7d711dc6ab8d" },
	{ "drupal", /* php */
	    "$S$6abcdEFGHWd444KvVQzpCRl9SWqj.0WTCCej3ofaRRBrXtqMf3YC" },
};

static const char *
taken(const char *text, unsigned flags, const char **kind)
{
	const char *out = NULL, *why = NULL;
	const struct hash_kind *k = hash_import(a, text, flags, &out, &why);

	*kind = k == NULL ? why : hash_kind_name(k);
	return k == NULL ? NULL : out;
}

static void
each_kind_is_verified_as_the_others_made_it(void **state)
{
	static const char *const wrong[] = { "", "pa55 word", "pa55 w\xc3\xb6r",
		"PA55 W\xc3\x96RD", "x" };
	const char *hash, *kind;

	(void)state;
	for (size_t i = 0; i < N(known); i++) {
		hash = taken(known[i].hash, HASH_WEAK, &kind);
		assert_string_equal(kind, known[i].kind);
		assert_non_null(hash);
		assert_int_equal(passwd_verify(PASSWORD, hash), 1);
		assert_int_equal(passwd_is_stale(hash), 1);
		for (size_t k = 0; k < N(wrong); k++)
			if (strcmp(known[i].kind, "des") != 0 || k != 2)
				assert_int_equal(
				    passwd_verify(wrong[k], hash), 0);
	}
}

/* DES looks at eight bytes, and tells by that that it is too weak. */
static void
weak_kinds_are_refused_by_name(void **state)
{
	const char *why;
	int n = 0;

	(void)state;
	for (size_t i = 0; i < N(known); i++)
		if (taken(known[i].hash, HASH_DRY, &why) == NULL) {
			n++;
			assert_non_null(strstr(why, known[i].kind));
			assert_non_null(strstr(why, "--allow-weak"));
		}
	assert_int_equal(n, 2);
	assert_null(taken(NT, 0, &why));
	assert_non_null(strstr(why, "a hash of nt is weak"));
	assert_string_equal(taken(NT, HASH_WEAK, &why), NT);
	assert_int_equal(passwd_verify("password", NT), 1);
	assert_int_equal(passwd_verify("passwore", NT), 0);
}

/* A plain digest is never stored as it came. */
static void
plain_digests_are_wrapped(void **state)
{
	static const char *const rows[] = { "bef0d9311ecd01c5331e2b6b6df800ea",
		"BEF0D9311ECD01C5331E2B6B6DF800EA",
		"d346ebda359f584423a57705b95a005461fa9619" };
	const char *hash, *kind;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		hash = taken(rows[i], 0, &kind);
		assert_non_null(strstr(hash, "}$y$j9T$"));
		assert_null(strcasestr(hash, rows[i]));
		assert_int_equal(passwd_verify(PASSWORD, hash), 1);
		assert_int_equal(passwd_verify(rows[i], hash), 0);
	}
}

static void
a_dear_hash_is_refused_by_its_kind(void **state)
{
	static const struct {
		const char *why, *hash;
	} rows[] = {
		{ "bcrypt dearer than cost 14",
		    "$2y$15$dv.uhO9WD.bruLS5RjvX2OR73tYqQALSBfqdmsS0TaD.v/tQGlv"
		    "9O" },
		{ "wordpress dearer than cost 14",
		    "$wp$2y$15$mRdfzaT/vDyAB8WbgUantegIQmwzKnh9lHUYTT1pgRUy4BCx"
		    "5P2PW" },
		{ "pbkdf2_sha256 dearer than 2,000,000",
		    "pbkdf2_sha256$2000001$saltsaltsalt$h6sKO9M4ay8ITTzhvAzC0kk"
		    "YUBSzB0v7SThJSJJDPFo=" },
		{ "sha512crypt dearer than 5,000,000",
		    "$6$rounds=5000001$/x9c73kKvWyZWL5w$iHVRiHCzfBgd5hFBCW75wcES"
		    "Qxhgp3ygLtxWpZGKR7fAS6FoOj042Erv8K8y98/3JZTX/dQEf1LeUkB4C"
		    "prYD1" },
		{ "argon2 dearer than 256 MiB",
		    "$argon2id$v=19$m=262145,t=1,p=1$SVlvR1ZNNzZXOEJNckRjNw$JzfB"
		    "os4bVnlwUFR4Y0xkHTIRA4CITDcUeAQPrzgeaEY" },
		{ "argon2 dearer than 256 MiB",
		    "$argon2id$v=19$m=8,t=4294967295,p=1$SVlvR1ZNNzZXOEJNckRjNw$"
		    "JzfBos4bVnlwUFR4Y0xkHTIRA4CITDcUeAQPrzgeaEY" },
		{ "phpass dearer than 2^20",
		    "$P$JIaRW78nSkkQb.Xkr.V7DlLHATNFbG0" },
		{ "drupal dearer than 2^20",
		    "$S$JabcdEFGHWd444KvVQzpCRl9SWqj.0WTCCej3ofaRRBrXtqMf3YC" },
		{ "yescrypt dearer than 256 MiB",
		    "$y$jGT$abcdefgh$"
		    "0000000000000000000000000000000000000000000" },
		{ "scrypt dearer than 256 MiB",
		    "$7$GU..../....abcdefgh$"
		    "0000000000000000000000000000000000000000000" },
	};
	const char *why;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		assert_null(taken(rows[i].hash, HASH_WEAK, &why));
		assert_non_null(strstr(why, rows[i].why));
	}
}

/* Each known hash with a byte less, a byte more, or another one in it. */
static void
what_is_nearly_a_hash_is_none(void **state)
{
	static const char *const bad[] = { "", "*", "!", "x", "$2y$", "$6$",
		"$P$", "$wp$", "$wp$P$", "$argon2id$", "{SSHA}", "{SSHA}AAAA",
		"pbkdf2_sha256$", "pbkdf2_sha256$0$a$b", "pbkdf2_sha256$1$$b",
		"$y$", "$y$$$", "$7$", "$md5", "$md5$", "$sha1$", "_", "{md5}",
		"{sha1}$2y$05$", "plaintext", "{PLAIN}secret",
		"pbkdf2_sha1$1000$salt$AAAA" };
	const char *kind;
	char text[HASH_MAX + 2];

	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		assert_null(taken(bad[i], HASH_WEAK | HASH_DRY, &kind));
		assert_string_equal(
		    kind, "nothing here verifies a hash of this kind");
	}
	for (size_t i = 0; i < N(known); i++) {
		snprintf(text, sizeof(text), "%s.", known[i].hash);
		assert_null(taken(text, HASH_WEAK | HASH_DRY, &kind));
		text[strlen(text) - 2] = '\0';
		/* In base64 the padding may be left out, and other lengths be. */
		if (strcmp(known[i].kind, "ssha") != 0 &&
		    (strchr(known[i].hash, '=') == NULL ||
			strncmp(known[i].hash, "$5$", 3) == 0))
			assert_null(taken(text, HASH_WEAK | HASH_DRY, &kind));
	}
	memset(text, 'a', sizeof(text));
	text[HASH_MAX + 1] = '\0';
	assert_null(taken(text, HASH_WEAK | HASH_DRY, &kind));
}

/* Python's hashlib: 511 times "p", and the longest salt that is taken. */
static void
the_longest_password_and_salt_fit(void **state)
{
	static const char hash[] =
	    "{SSHA}MUlmtmmuMO8R0qLciaE+olfacmlzc3Nzc3Nzc3Nzc3Nzc3Nzc3"
	    "Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3"
	    "Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3"
	    "Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3"
	    "Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz";
	char password[PASSWD_MAX + 1];
	const char *kind;

	(void)state;
	memset(password, 'p', PASSWD_MAX);
	password[PASSWD_MAX] = '\0';
	assert_string_equal(taken(hash, 0, &kind), hash);
	assert_int_equal(passwd_verify(password, hash), 1);
	password[PASSWD_MAX - 1] = 'q';
	assert_int_equal(passwd_verify(password, hash), 0);
}

/* hash_class and hash_load_add: of each kind the dearest, as work to be done. */
static void
a_load_keeps_the_dearest_of_each_kind(void **state)
{
	static const char *const classes[] = { "bcrypt 5", "bcrypt 12",
		"wordpress 10", "pbkdf2_sha256 1000", "pbkdf2_sha256 600000",
		"argon2 $argon2id$v=19$m=1024,t=2,p=4$", "md5crypt $1$",
		"md5 in yescrypt", "ssha", "phpass 8192", "no such 5", "bcrypt",
		"bcrypt x", "bcrypt 99", "", "sha1crypt 20123",
		"sha1crypt 24000", "sha1crypt 1000" };
	struct hash_load load = { .n = 0 };

	(void)state;
	for (size_t i = 0; i < N(classes); i++)
		hash_load_add(&load, classes[i]);
	assert_int_equal(load.n, 6);
	assert_string_equal(hash_kind_name(load.cost[0].kind), "bcrypt");
	assert_int_equal(load.cost[0].n, 14); /* 99 is held to the limit */
	assert_int_equal(load.cost[1].n, 600000);
	assert_int_equal(load.cost[5].n, 24000);
}

/*
 * Whatever the hash, a refusal runs each of the load's work once: crypt(3) is
 * asked for the same settings, but for that of the user's own kind.
 */
static void
a_refusal_costs_the_same_for_each_kind(void **state)
{
	struct hash_load load = { .n = 0 };
	char class[HASH_CLASS_MAX];
	const char *hash, *kind;
	int want, own;

	(void)state;
	for (size_t i = 0; i < N(known); i++)
		if (hash_class(known[i].hash, class) != NULL)
			hash_load_add(&load, class);
	crypt_spy_begin();
	assert_int_equal(passwd_verify("wrong", NULL), 0);
	passwd_refuse("wrong", NULL, &load);
	want = crypt_spy.calls;
	assert_true(want > 5);
	for (size_t i = 0; i < N(known); i++) {
		hash = taken(known[i].hash, HASH_WEAK, &kind);
		own = strcmp(kind, "des") == 0 || strcmp(kind, "nt") == 0;
		crypt_spy_begin();
		assert_int_equal(passwd_verify("wrong", hash), 0);
		passwd_refuse("wrong", hash, &load);
		assert_int_equal(crypt_spy.yescrypts, 1);
		assert_int_equal(crypt_spy.bcrypt_work, 1 << 5);
		/* Rounds that are wanting are one call more. */
		assert_in_range(crypt_spy.calls, want, want + 1 + own);
	}
}

#define TEST(name) TEST_IN(name, scratch_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_kind_is_verified_as_the_others_made_it),
		TEST(weak_kinds_are_refused_by_name),
		TEST(plain_digests_are_wrapped),
		TEST(a_dear_hash_is_refused_by_its_kind),
		TEST(what_is_nearly_a_hash_is_none),
		TEST(the_longest_password_and_salt_fit),
		TEST(a_load_keeps_the_dearest_of_each_kind),
		TEST(a_refusal_costs_the_same_for_each_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
