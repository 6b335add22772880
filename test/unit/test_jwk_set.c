/* test_jwk_set.c: the public keys of a client (RFC 7517 section 5). */
#include "scratch.h"

#include "b64.h"
#include "jwk_set.h"
#include "rfc_keys.h"

/* A modulus of two primes as Infineon's chips made them (CVE-2017-15361). */
#define ROCA_N \
    "w3ILpZrZCQUoHY5oi5qiQqPpyO8IQIpJK0P9G9uMdM6yhJPpBugVIY7Pk8vyAREh" \
    "lo1Me53mRe_ZF7QHyV757GTjpbGIQIVPq-B-pGl6Is0Jv-9Z7R2XfwU5ZddJIyZW" \
    "H7fZcwGYDegDokor0W5H9ws_ZuOOcP_MbKND6Bu8vPqZYOLaY8i1b0sjaV8TeRRV" \
    "ozfIdH_KeNwKpyTbRqyckuY73kpTFScjtklJ-tavLfdZkdb0sZSpKUnw9c-o-CLb" \
    "XPp_wUBV9UpEZyHDdDle6UUByUkHdCL9DSn9wjoR5n6KUIiZy7_HuRN8YmWYfIE0" \
    "ayDslD_2OD3LlqCMY1snww"
#define ROCA "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" ROCA_N "\"}"
#define SET(keys) "{\"keys\":[" keys "]}"

static void
a_set_is_refused_as_a_whole_or_key_by_key(void **state)
{
	static const struct {
		const char *text;
		const char *strictly, *loosely; /* parts of the refusals */
	} rows[] = {
		{ SET(RFC7515_A3_KEY), NULL, NULL },
		{ SET(RFC8037_KEY "," RFC7515_A2_KEY), NULL, NULL },
		{ SET(""), "no public key", "no public key" },
		{ SET(ROCA), "no sound public key", "no public key" },
		{ SET(ROCA "," RFC8037_KEY), "key 1 of the set", NULL },
		{ SET(RFC8037_KEY ",{\"kty\":\"EC\",\"crv\":\"P-384\"}"),
		    "key 2 of the set", NULL },
		{ SET(RFC8037_KEY ",{\"kty\":\"X\",\"use\":\"enc\"}"), NULL,
		    NULL },
		{ SET(RFC8037_KEY ",{\"kty\":\"oct\"}"), "symmetric",
		    "symmetric" },
		{ SET(RFC8037_KEY ",{\"kty\":\"X\",\"d\":1}"), "private",
		    "private" },
		{ SET("1," RFC8037_KEY), "no JSON object", "no JSON object" },
		{ "[" RFC8037_KEY "]", "no set", "no set" },
	};
	const char *why;

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		for (int strict = 0; strict < 2; strict++) {
			const char *want = strict ? rows[i].strictly
						  : rows[i].loosely;

			why = jwk_set_refused(a, rows[i].text, strict);
			if ((why == NULL) != (want == NULL) ||
			    (why != NULL && strstr(why, want) == NULL))
				fail_msg("row %zu, strict %d: %s", i, strict,
				    why == NULL ? "taken" : why);
		}
}

/* A longer exponent makes a signature dear to check: 32 bits are enough. */
static void
an_rsa_key_that_takes_long_is_refused(void **state)
{
	const char *long_e = strstr(RFC7515_A2_KEY, "AQAB");
	const char *text = arena_printf(a, SET("%.*sAQAAAAAB%s"),
	    (int)(long_e - RFC7515_A2_KEY), RFC7515_A2_KEY, long_e + 4);

	(void)state;
	assert_non_null(long_e);
	assert_null(jwk_set_refused(a, SET(RFC7515_A2_KEY), 1));
	assert_non_null(strstr(jwk_set_refused(a, text, 1), "no sound"));
}

/* 1: it fits; 0: it does not; -1: there may be a newer key. */
static int
verify(const char *set, const char *kid, const struct key *k)
{
	uint8_t sig[SIGNATURE_MAX];
	const ssize_t n = key_sign(k, "text", 4, sig);

	assert_true(n > 0);
	return jwk_set_verify(
	    a, set, kid, key_alg(k), "text", 4, sig, (size_t)n);
}

static void
keys_are_found_by_their_name_or_tried(void **state)
{
	struct key *k = key_generate(ALG_ES256, 0), *other;
	struct key_numbers n;
	char x[44], y[44];
	const char *set;

	(void)state;
	other = key_generate(ALG_ES256, 0);
	assert_int_equal(key_numbers(k, &n), 0);
	b64url_encode(n.x, 32, x);
	b64url_encode(n.y, 32, y);
	set = arena_printf(a,
	    SET(RFC7515_A3_KEY ",{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\","
		"\"x\":\"%s\",\"y\":\"%s\"}"), x, y);
	assert_int_equal(verify(set, "k", k), 1);
	assert_int_equal(verify(set, NULL, k), 1);
	assert_int_equal(verify(set, "k", other), 0);
	assert_int_equal(verify(set, "l", k), -1);
	assert_int_equal(verify(set, NULL, other), -1);
	assert_int_equal(verify("no set", "k", k), -1);
	key_free(k);
	key_free(other);
}

#define TEST(name) TEST_IN(name, scratch_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_set_is_refused_as_a_whole_or_key_by_key),
		TEST(an_rsa_key_that_takes_long_is_refused),
		TEST(keys_are_found_by_their_name_or_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
