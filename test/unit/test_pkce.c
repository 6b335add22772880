/* test_pkce.c: proof key for code exchange (RFC 7636). */
#include "unit.h"

#include "b64.h"
#include "crypto.h"
#include "pkce.h"

/* RFC 7636 appendix B. */
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

/* Verify against the verifier's own challenge. */
static int
verify_own(const char *verifier)
{
	char challenge[B64_LEN(DIGEST_LEN) + 1];
	struct digest d;

	digest_of(verifier, strlen(verifier), &d);
	b64url_encode(d.byte, DIGEST_LEN, challenge);
	assert_int_equal(pkce_is_challenge(challenge), 1);
	return pkce_verify(verifier, challenge);
}

/* RFC 7636 appendix B. */
static void
the_example_of_the_rfc_verifies(void **state)
{
	(void)state;
	assert_int_equal(pkce_is_challenge(CHALLENGE), 1);
	assert_int_equal(pkce_verify(VERIFIER, CHALLENGE), 1);
}

static void
another_verifier_or_challenge_is_refused(void **state)
{
	char other[] = VERIFIER, challenge[] = CHALLENGE;

	(void)state;
	for (size_t i = 0; i < sizeof(other) - 1; i++) {
		other[i] = other[i] == 'x' ? 'y' : 'x';
		assert_int_equal(pkce_verify(other, CHALLENGE), 0);
		other[i] = VERIFIER[i];
	}
	for (size_t i = 0; i < sizeof(challenge) - 1; i++) {
		challenge[i] = challenge[i] == 'A' ? 'E' : 'A';
		assert_int_equal(pkce_verify(VERIFIER, challenge), 0);
		challenge[i] = CHALLENGE[i];
	}
}

/* RFC 7636 section 4.2: the method "plain" is not supported. */
static void
a_challenge_that_is_the_verifier_itself_is_refused(void **state)
{
	(void)state;
	assert_int_equal(pkce_verify(VERIFIER, VERIFIER), 0);
}

/* RFC 7636 section 4.1. */
static void
a_verifier_is_43_to_128_long(void **state)
{
	char text[140];

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		memset(text, 'a', len);
		text[len] = '\0';
		assert_int_equal(verify_own(text), len >= 43 && len <= 128);
	}
}

/* RFC 7636 section 4.1: ALPHA / DIGIT / "-" / "." / "_" / "~". */
static void
a_verifier_is_of_unreserved_characters(void **state)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "abcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";
	char text[] = VERIFIER;
	const size_t places[] = { 0, 20, sizeof(text) - 2 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (int c = 1; c < 256; c++) {
			text[places[i]] = (char)c;
			assert_int_equal(
			    verify_own(text), strchr(unreserved, c) != NULL);
		}
		text[places[i]] = 'a';
	}
}

/* RFC 7636 section 4.2: BASE64URL-ENCODE(SHA256(ASCII(code_verifier))). */
static void
a_challenge_is_the_base64url_of_32_bytes(void **state)
{
	static const char *const bad[] = {
		"",
		"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c",
		"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMA",
		"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=",
		"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
		"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw cM",
		/* the same bytes, with the unused bits set */
		"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(pkce_is_challenge(bad[i]), 0);
		assert_int_equal(pkce_verify(VERIFIER, bad[i]), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_rfc_verifies),
		cmocka_unit_test(another_verifier_or_challenge_is_refused),
		cmocka_unit_test(
		    a_challenge_that_is_the_verifier_itself_is_refused),
		cmocka_unit_test(a_verifier_is_43_to_128_long),
		cmocka_unit_test(a_verifier_is_of_unreserved_characters),
		cmocka_unit_test(a_challenge_is_the_base64url_of_32_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
