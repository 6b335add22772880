/* test_key.c: signing keys: import, export, sign, verify. */
#include "scratch.h"

#include "jwk.h"
#include "key.h"
#include "pem.h"

#define MESSAGE "header.payload"

static struct key *keys[ALG_COUNT]; /* one key of each algorithm, made once */

static int
setup(void **state)
{
	scratch_setup(state);
	for (int alg = 0; alg < ALG_COUNT; alg++)
		if ((keys[alg] = key_generate((enum alg)alg, 2048)) == NULL)
			return -1;
	return 0;
}

static int
teardown(void **state)
{
	for (int alg = 0; alg < ALG_COUNT; alg++)
		key_free(keys[alg]);
	return scratch_end(state);
}

/* RFC 7518 section 3.1, RFC 8037 section 3.1: names are case-sensitive. */
static void
algorithms_are_four_and_found_by_exact_name(void **state)
{
	static const char *const no[] = { "", "none", "None", "HS256", "RS384",
		"RS512", "PS384", "PS512", "ES384", "ES512", "ES256K", "es256",
		"ES256 ", " ES256", "EDDSA", "eddsa", "Ed25519", "RS25" };

	(void)state;
	assert_int_equal(alg_find("ES256"), ALG_ES256);
	assert_int_equal(alg_find("RS256"), ALG_RS256);
	assert_int_equal(alg_find("PS256"), ALG_PS256);
	assert_int_equal(alg_find("EdDSA"), ALG_EDDSA);
	for (int alg = 0; alg < ALG_COUNT; alg++)
		assert_int_equal(alg_find(alg_name((enum alg)alg)), alg);
	for (size_t i = 0; i < N(no); i++)
		assert_int_equal(alg_find(no[i]), -1);
}

static void
what_a_key_signs_it_verifies(void **state)
{
	static const struct {
		unsigned bits;
		size_t sig_len;
	} want[ALG_COUNT] = { { 256, 64 }, { 2048, 256 }, { 2048, 256 },
		{ 256, 64 } };
	uint8_t sig[SIGNATURE_MAX];
	ssize_t n;

	(void)state;
	for (int i = 0; i < ALG_COUNT; i++) {
		assert_int_equal(key_alg(keys[i]), i);
		assert_int_equal(key_can_sign(keys[i]), 1);
		if (i != ALG_EDDSA)
			assert_int_equal(key_bits(keys[i]), want[i].bits);
		n = key_sign(keys[i], MESSAGE, strlen(MESSAGE), sig);
		assert_int_equal(n, want[i].sig_len);
		assert_int_equal(key_verify(keys[i], MESSAGE, strlen(MESSAGE),
				     sig, (size_t)n),
		    1);
		n = key_sign(keys[i], "", 0, sig);
		assert_int_equal(key_verify(keys[i], "", 0, sig, (size_t)n), 1);
		assert_int_equal(
		    key_verify(keys[i], "x", 1, sig, (size_t)n), 0);
	}
}

static void
a_flipped_bit_spoils_message_or_signature(void **state)
{
	char text[] = MESSAGE;
	size_t len = strlen(text);
	uint8_t sig[SIGNATURE_MAX];
	ssize_t n;

	(void)state;
	for (int i = 0; i < ALG_COUNT; i++) {
		n = key_sign(keys[i], text, len, sig);
		for (size_t bit = 0; bit < 8 * (size_t)n; bit++) {
			sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (key_verify(keys[i], text, len, sig, (size_t)n))
				fail_msg(
				    "%s: bit %zu", alg_name((enum alg)i), bit);
			sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t bit = 0; bit < 8 * len; bit++) {
			text[bit / 8] ^= (char)(1 << bit % 8);
			assert_int_equal(
			    key_verify(keys[i], text, len, sig, (size_t)n), 0);
			text[bit / 8] ^= (char)(1 << bit % 8);
		}
		assert_int_equal(
		    key_verify(keys[i], text, len, sig, (size_t)n), 1);
		assert_int_equal(
		    key_verify(keys[i], text, len - 1, sig, (size_t)n), 0);
	}
}

/* RFC 7518 section 3.4, RFC 8017 section 8.2.2: lengths are fixed. */
static void
a_signature_of_another_length_is_refused(void **state)
{
	uint8_t sig[SIGNATURE_MAX + 1], longer[SIGNATURE_MAX + 2];
	ssize_t n;

	(void)state;
	for (int i = 0; i < ALG_COUNT; i++) {
		memset(sig, 0, sizeof(sig));
		n = key_sign(keys[i], MESSAGE, strlen(MESSAGE), sig);
		for (size_t len = 0; len < sizeof(sig); len++)
			assert_int_equal(key_verify(keys[i], MESSAGE,
					     strlen(MESSAGE), sig, len),
			    len == (size_t)n);
		longer[0] = 0; /* the same number, with a zero before it */
		memcpy(longer + 1, sig, (size_t)n);
		assert_int_equal(key_verify(keys[i], MESSAGE, strlen(MESSAGE),
				     longer, (size_t)n + 1),
		    0);
	}
}

static void
a_key_does_not_verify_what_another_signed(void **state)
{
	uint8_t sig[SIGNATURE_MAX];
	ssize_t n;

	(void)state;
	for (int i = 0; i < ALG_COUNT; i++) {
		n = key_sign(keys[i], MESSAGE, strlen(MESSAGE), sig);
		for (int k = 0; k < ALG_COUNT; k++)
			assert_int_equal(key_verify(keys[k], MESSAGE,
					     strlen(MESSAGE), sig, (size_t)n),
			    i == k);
	}
}

/* RFC 7518 section 3.4: r and s have 32 bytes each, for any value. */
static void
ecdsa_numbers_that_begin_with_zeros_round_trip(void **state)
{
	const struct key *k = keys[ALG_ES256];
	uint8_t sig[SIGNATURE_MAX];
	int r = 0, s = 0, n;

	(void)state;
	for (n = 0; n < 20000 && (r == 0 || s == 0); n++) {
		assert_int_equal(key_sign(k, &n, sizeof(n), sig), 64);
		/* 31 bytes in DER; with its next bit set it would have 32 */
		r += sig[0] == 0 && sig[1] < 0x80;
		s += sig[32] == 0 && sig[33] < 0x80;
		assert_int_equal(key_verify(k, &n, sizeof(n), sig, 64), 1);
	}
	assert_true(r > 0 && s > 0); /* fails once in e^39 runs */
}

/* FIPS 186-5 section 6.4.2: r and s lie in 1 .. n - 1. */
static void
ecdsa_numbers_out_of_range_are_refused(void **state)
{
	const struct key *k = keys[ALG_ES256];
	uint8_t sig[SIGNATURE_MAX], swapped[64];

	(void)state;
	for (int r = 0; r < 3; r++)
		for (int s = 0; s < 3; s++) {
			static const uint8_t fill[] = { 0x00, 0xff, 0x01 };

			memset(sig, fill[r], 32);
			memset(sig + 32, fill[s], 32);
			assert_int_equal(
			    key_verify(k, MESSAGE, strlen(MESSAGE), sig, 64),
			    0);
		}
	assert_int_equal(key_sign(k, MESSAGE, strlen(MESSAGE), sig), 64);
	memcpy(swapped, sig + 32, 32);
	memcpy(swapped + 32, sig, 32);
	assert_int_equal(
	    key_verify(k, MESSAGE, strlen(MESSAGE), swapped, 64), 0);
}

/* RFC 7468: PKCS#8, the older forms, public keys. */
static const struct {
	const char *pem;
	int fits[ALG_COUNT]; /* ES256, RS256, PS256, EdDSA */
	int can_sign;
} pems[] = {
	{ PEM_RSA_PKCS8, { 0, 1, 1, 0 }, 1 },
	{ PEM_RSA_PKCS1, { 0, 1, 1, 0 }, 1 },
	{ PEM_RSA_PUBLIC, { 0, 1, 1, 0 }, 0 },
	{ PEM_EC_PKCS8, { 1, 0, 0, 0 }, 1 },
	{ PEM_EC_SEC1, { 1, 0, 0, 0 }, 1 },
	{ PEM_EC_PUBLIC, { 1, 0, 0, 0 }, 0 },
	{ PEM_ED25519, { 0, 0, 0, 1 }, 1 },
	{ PEM_ED25519_PUBLIC, { 0, 0, 0, 1 }, 0 },
	{ PEM_RSA1024, { 0 }, 0 },
	{ PEM_RSA1024_PUBLIC, { 0 }, 0 },
	{ PEM_P384, { 0 }, 0 },
	{ PEM_P384_PUBLIC, { 0 }, 0 },
	{ PEM_ED448, { 0 }, 0 },
	{ PEM_SECP256K1, { 0 }, 0 },
	{ PEM_EC_ENCRYPTED, { 0 }, 0 },
	{ PEM_RSA_PUBLIC_PKCS1, { 0 }, 0 }, /* GnuTLS does not read it */
	{ "", { 0 }, 0 },
	{ "garbage", { 0 }, 0 },
	{ "-----BEGIN PRIVATE KEY-----\n", { 0 }, 0 },
	{ "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	    { 0 }, 0 },
	{ "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", { 0 },
	    0 },
};

static void
a_pem_text_is_taken_where_kind_and_size_fit(void **state)
{
	struct key *k;

	(void)state;
	for (size_t i = 0; i < N(pems); i++)
		for (int alg = 0; alg < ALG_COUNT; alg++) {
			k = key_from_pem(
			    pems[i].pem, strlen(pems[i].pem), (enum alg)alg);
			if ((k != NULL) != pems[i].fits[alg])
				fail_msg("%s as %s", pems[i].pem,
				    alg_name((enum alg)alg));
			if (k == NULL)
				continue;
			assert_int_equal(key_can_sign(k), pems[i].can_sign);
			assert_int_equal(
			    key_to_pem(k, a) != NULL, pems[i].can_sign);
			key_free(k);
		}
}

/* GnuTLS does not check the last line, once it has begun. */
static void
a_pem_text_cut_short_is_refused(void **state)
{
	static const char *const texts[] = { PEM_EC_PKCS8, PEM_EC_PUBLIC };

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		size_t end = (size_t)(strstr(texts[i], "-----END") - texts[i]);

		for (size_t len = 0; len < end; len++)
			assert_null(key_from_pem(texts[i], len, ALG_ES256));
	}
}

static void
all_forms_of_one_key_verify_what_its_private_half_signs(void **state)
{
	static const struct {
		enum alg alg;
		const char *form[3];
	} rows[] = {
		{ ALG_RS256, { PEM_RSA_PKCS8, PEM_RSA_PKCS1, PEM_RSA_PUBLIC } },
		{ ALG_ES256, { PEM_EC_PKCS8, PEM_EC_SEC1, PEM_EC_PUBLIC } },
		{ ALG_EDDSA, { PEM_ED25519, PEM_ED25519_PUBLIC } },
	};
	char kid[KID_LEN + 1], other[KID_LEN + 1];
	uint8_t sig[SIGNATURE_MAX];
	struct key *first, *k;
	ssize_t n;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		first = key_from_pem(
		    rows[i].form[0], strlen(rows[i].form[0]), rows[i].alg);
		assert_int_equal(jwk_thumbprint(first, kid), 0);
		n = key_sign(first, MESSAGE, strlen(MESSAGE), sig);
		for (int f = 1; f < 3 && rows[i].form[f] != NULL; f++) {
			k = key_from_pem(rows[i].form[f],
			    strlen(rows[i].form[f]), rows[i].alg);
			assert_int_equal(key_verify(k, MESSAGE, strlen(MESSAGE),
					     sig, (size_t)n),
			    1);
			assert_int_equal(jwk_thumbprint(k, other), 0);
			assert_string_equal(other, kid);
			key_free(k);
		}
		key_free(first);
	}
}

static void
a_key_survives_its_own_pem(void **state)
{
	char kid[KID_LEN + 1], other[KID_LEN + 1];
	uint8_t sig[SIGNATURE_MAX];
	struct key *k;
	ssize_t n;
	char *pem;

	(void)state;
	for (int i = 0; i < ALG_COUNT; i++) {
		assert_non_null(pem = key_to_pem(keys[i], a));
		assert_memory_equal(pem, "-----BEGIN PRIVATE KEY-----\n", 28);
		k = key_from_pem(pem, strlen(pem), (enum alg)i);
		assert_non_null(k);
		assert_int_equal(jwk_thumbprint(keys[i], kid), 0);
		assert_int_equal(jwk_thumbprint(k, other), 0);
		assert_string_equal(other, kid);
		n = key_sign(k, MESSAGE, strlen(MESSAGE), sig);
		assert_int_equal(key_verify(keys[i], MESSAGE, strlen(MESSAGE),
				     sig, (size_t)n),
		    1);
		key_free(k);
	}
}

static void
a_public_key_does_not_sign(void **state)
{
	uint8_t sig[SIGNATURE_MAX];
	struct key *k;

	(void)state;
	k = key_from_pem(PEM_EC_PUBLIC, strlen(PEM_EC_PUBLIC), ALG_ES256);
	assert_non_null(k);
	assert_int_equal(key_sign(k, "x", 1, sig), -1);
	key_free(k);
	key_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(algorithms_are_four_and_found_by_exact_name),
		cmocka_unit_test(what_a_key_signs_it_verifies),
		cmocka_unit_test(a_flipped_bit_spoils_message_or_signature),
		cmocka_unit_test(a_signature_of_another_length_is_refused),
		cmocka_unit_test(a_key_does_not_verify_what_another_signed),
		cmocka_unit_test(
		    ecdsa_numbers_that_begin_with_zeros_round_trip),
		cmocka_unit_test(ecdsa_numbers_out_of_range_are_refused),
		cmocka_unit_test(a_pem_text_is_taken_where_kind_and_size_fit),
		cmocka_unit_test(a_pem_text_cut_short_is_refused),
		cmocka_unit_test(
		    all_forms_of_one_key_verify_what_its_private_half_signs),
		cmocka_unit_test(a_key_survives_its_own_pem),
		cmocka_unit_test(a_public_key_does_not_sign),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
