/* test_id_token.c: at_hash (OpenID Connect Core section 3.1.3.6). */
#include "fixture.h"

#include "id_token.h"

/* The example of OpenID Connect Core appendix A.3; FIPS 180-2 appendix C.1 (SHA-512). */
static void
at_hash_is_the_left_half_of_the_algorithms_hash(void **state)
{
	static const char token[] =
	    "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
	char out[AT_HASH_MAX + 1];

	(void)state;
	for (int alg = 0; alg < ALG_COUNT; alg++) {
		id_token_hash((enum alg)alg, token, out);
		if (alg != ALG_EDDSA)
			assert_string_equal(out, "77QmUPtjPfzWtF2AnpK9RQ");
		else
			assert_int_equal(strlen(out), AT_HASH_MAX);
	}
	id_token_hash(ALG_EDDSA, "abc", out);
	assert_string_equal(
	    out, "3a81oZNherrMQXNJriBBMRLm-k6JqX6iCp7u5ktV05o");
}

#define TEST(name) TEST_IN(name, fixture_server)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(at_hash_is_the_left_half_of_the_algorithms_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
