/* test_signed.c: proofs of possession: the examples of RFC 9449. */
#include "scratch.h"

#include <string.h>

#include "arena.h"
#include "crypto.h"
#include "json.h"
#include "signed.h"

#define HEADER \
	"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwi" \
	"eCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5" \
	"IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNy" \
	"diI6IlAtMjU2In19"

/* RFC 9449 section 4.1, figure 1; and section 7.1, figure 12. */
static const struct {
	const char *text, *jti, *htm, *htu;
	int64_t iat;
} examples[] = {
	{ HEADER
	    ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0"
	    "dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ"
	    ".2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY"
	    "-FNyJK70nfbV37xRZT3Lg",
	    "-BwC3ESc6acc2lTc", "POST", "https://server.example.com/token",
	    1562262616 },
	{ HEADER
	    ".eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0c"
	    "HM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI"
	    "6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1O"
	    "UlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR"
	    "6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
	    "e1j3V_bKic8-LAEB", "GET",
	    "https://resource.example.org/protectedresource", 1562262618 },
};
#define N_EXAMPLES (sizeof(examples) / sizeof(examples[0]))

static const char *
check_at(size_t i, int64_t now, struct signed_jwt *out)
{
	return signed_check(
	    NULL, a, now, SIGNED_PROOF, NULL, examples[i].text, out);
}

/* RFC 9449 sections 4.1, 6.1 and 7.1: the key's thumbprint is that of RFC 7638. */
static void
the_examples_of_the_rfc_are_proofs(void **state)
{
	struct signed_jwt t;

	(void)state;
	for (size_t i = 0; i < N_EXAMPLES; i++) {
		assert_null(check_at(i, examples[i].iat, &t));
		assert_string_equal(
		    t.jkt, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
		assert_string_equal(
		    json_get_str(t.claims, "jti"), examples[i].jti);
		assert_string_equal(
		    json_get_str(t.claims, "htm"), examples[i].htm);
		assert_string_equal(
		    json_get_str(t.claims, "htu"), examples[i].htu);
		assert_true(t.expires_at > examples[i].iat + 60);
	}
}

/* RFC 9449 section 11.1: sixty seconds to either side. */
static void
a_proof_counts_for_a_minute(void **state)
{
	struct signed_jwt t;

	(void)state;
	for (int64_t off = -62; off <= 62; off++)
		assert_int_equal(
		    check_at(0, examples[0].iat + off, &t) == NULL,
		    off >= -60 && off <= 60);
}

/* Of one key: another jti is another proof; the same in any text is the same one. */
static void
a_proof_is_named_by_key_and_jti(void **state)
{
	struct signed_jwt one, two;

	(void)state;
	assert_null(check_at(0, examples[0].iat, &one));
	assert_null(check_at(1, examples[1].iat, &two));
	assert_false(digest_equal(&one.once, &two.once));
	assert_null(check_at(0, examples[0].iat + 5, &two));
	assert_true(digest_equal(&one.once, &two.once));
}

/* One bit of the signature, the claims or the header. */
static void
no_other_text_is_a_proof(void **state)
{
	struct signed_jwt t;
	char *text;

	(void)state;
	for (size_t i = 0; examples[0].text[i] != '\0'; i += 7) {
		text = arena_str(a, examples[0].text);
		text[i] = text[i] == 'A' ? 'Q' : 'A';
		if (strcmp(text, examples[0].text) == 0)
			continue;
		assert_non_null(signed_check(NULL, a, examples[0].iat,
		    SIGNED_PROOF, NULL, text, &t));
	}
}

#define TEST(name) TEST_IN(name, scratch_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_examples_of_the_rfc_are_proofs),
		TEST(a_proof_counts_for_a_minute),
		TEST(a_proof_is_named_by_key_and_jti),
		TEST(no_other_text_is_a_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
