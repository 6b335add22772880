/* test_jwk.c: public keys as JSON (RFC 7517, RFC 7518 section 6, RFC 8037). */
#include "scratch.h"

#include <json-c/json.h>

#include "buf.h"
#include "json.h"
#include "jwk.h"
#include "rfc_keys.h"

static struct key *
read_text(const char *text)
{
	struct json_object *o = json_parse(a, text, strlen(text));

	assert_non_null(o);
	return jwk_read(o);
}

static void
assert_thumbprint(const char *text, const char *want)
{
	char kid[KID_LEN + 1];
	struct key *k = read_text(text);

	assert_non_null(k);
	assert_int_equal(key_can_sign(k), 0);
	assert_int_equal(jwk_thumbprint(k, kid), 0);
	assert_string_equal(kid, want);
	key_free(k);
}

/* RFC 7638 section 3.1, RFC 8037 appendix A.3. */
static void
thumbprints_are_those_of_the_rfcs(void **state)
{
	(void)state;
	assert_thumbprint(
	    RFC7638_KEY, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
	assert_thumbprint(
	    RFC8037_KEY, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
	/*
	 * the thumbprint of {"crv":"P-256","kty":"EC","x":...,"y":...} by
	 * another program
	 */
	assert_thumbprint(
	    RFC7515_A3_KEY, "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
}

/*
 * A key that is written is read back as the same key, and has no private
 * member.
 */
static void
a_written_key_is_read_back(void **state)
{
	static const char *const private[] = { "d", "p", "q", "dp", "dq", "qi",
		"k" };
	char kid[KID_LEN + 1], other[KID_LEN + 1];
	struct json_object *o;
	struct key *k, *back;
	struct buf b;

	(void)state;
	for (int alg = 0; alg < ALG_COUNT; alg++) {
		assert_non_null(k = key_generate((enum alg)alg, 2048));
		assert_int_equal(jwk_thumbprint(k, kid), 0);
		buf_init(&b, a, 0);
		assert_int_equal(jwk_write(&b, k, kid), 0);
		assert_non_null(o = json_parse(a, b.data, b.len));
		assert_string_equal(json_get_str(o, "use"), "sig");
		assert_string_equal(json_get_str(o, "kid"), kid);
		assert_string_equal(
		    json_get_str(o, "alg"), alg_name((enum alg)alg));
		for (size_t i = 0; i < N(private); i++)
			assert_false(
			    json_object_object_get_ex(o, private[i], NULL));
		assert_non_null(back = jwk_read(o));
		assert_int_equal(key_alg(back), alg);
		assert_int_equal(key_can_sign(back), 0);
		assert_int_equal(jwk_thumbprint(back, other), 0);
		assert_string_equal(other, kid);
		key_free(back);
		key_free(k);
	}
}

/* RFC 7518 section 6.2.1.2: "the length of this octet string MUST be" 32. */
static void
coordinates_are_written_at_full_length(void **state)
{
	struct json_object *o;
	struct key *k;
	struct buf b;
	int zeros = 0;

	(void)state;
	for (int n = 0; n < 20000 && zeros < 4; n++) {
		struct key_numbers num;

		k = key_generate(ALG_ES256, 0);
		assert_int_equal(key_numbers(k, &num), 0);
		assert_int_equal(num.x_len, 32);
		assert_int_equal(num.y_len, 32);
		zeros += num.x[0] == 0 || num.y[0] == 0;
		buf_init(&b, a, 0);
		assert_int_equal(jwk_write(&b, k, "kid"), 0);
		key_free(k);
		o = json_parse(a, b.data, b.len);
		assert_int_equal(strlen(json_get_str(o, "x")), 43);
		assert_int_equal(strlen(json_get_str(o, "y")), 43);
		assert_non_null(k = jwk_read(o));
		key_free(k);
	}
	assert_true(zeros > 0);
}

/* The text with old replaced by new.  old must be in it. */
static const char *
with(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);

	assert_non_null(at);
	return arena_printf(
	    a, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

#define EC RFC7515_A3_KEY
#define RSA RFC7515_A2_KEY
#define OKP RFC8037_KEY
#define X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define OKP_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"

static void
what_is_no_public_key_of_ours_is_refused(void **state)
{
	static const struct {
		const char *text, *old, *new;
	} rows[] = {
		/*
		 * RFC 7517 sections 4.1 and 4.4: kty and alg; we require both
		 */
		{ EC, "\"kty\":\"EC\",", "" },
		{ EC, "\"alg\":\"ES256\",", "" },
		{ EC, "\"crv\":\"P-256\",", "" },
		{ EC, "\"EC\"", "\"RSA\"" },
		{ EC, "\"EC\"", "\"ec\"" },
		{ EC, "\"EC\"", "[\"EC\"]" },
		{ EC, "\"ES256\"", "\"RS256\"" },
		{ EC, "\"ES256\"", "\"EdDSA\"" },
		{ EC, "\"ES256\"", "\"ES384\"" },
		{ EC, "\"ES256\"", "\"HS256\"" },
		{ EC, "\"ES256\"", "\"none\"" },
		{ EC, "\"P-256\"", "\"P-384\"" },
		{ EC, "\"P-256\"", "\"secp256k1\"" },
		/* RFC 7517 section 4.2 */
		{ EC, "{", "{\"use\":\"enc\"," },
		{ EC, "{", "{\"use\":\"\"," },
		/* RFC 7518 section 6.2.1: numbers */
		{ EC, X, "" },
		{ EC, X, "AA" },
		{ EC, X, "g83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU" },
		{ EC, X, "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=" },
		{ EC, X, "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV" },
		{ EC, X, "AH_Nzidw9sRdQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF" },
		{ EC, "\"" X "\"", "1" },
		{ EC, "\"x\"", "\"X\"" },
		{ EC, "\"y\"", "\"z\"" },
		/* RFC 7518 section 6.3.1 */
		{ RSA, "RS256", "RS512" },
		{ RSA, "RS256", "ES256" },
		{ RSA, "\"AQAB\"", "\"AQ\"" },
		{ RSA, "\"AQAB\"", "\"AA\"" },
		{ RSA, "\"AQAB\"", "\"AAAB\"" },
		{ RSA, "\"AQAB\"", "\"AQAC\"" },
		{ RSA, "\"AQAB\"", "\"\"" },
		{ RSA, "\"AQAB\"", "65537" },
		{ RSA, "uXpoQ\"", "uXpog\"" }, /* even */
		{ RSA, "ofgWCuLjyb", "" },     /* under 2048 bits */
		{ RSA, "\"e\"", "\"E\"" },
		/* RFC 8037 section 2 */
		{ OKP, "Ed25519", "X25519" },
		{ OKP, "Ed25519", "Ed448" },
		{ OKP, "\"EdDSA\"", "\"ES256\"" },
		{ OKP, OKP_X, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ" },
		{ OKP, OKP_X,
		    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURoAAAA" },
	};
	struct key *k;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const char *text = with(rows[i].text, rows[i].old, rows[i].new);

		if ((k = read_text(text)) != NULL)
			fail_msg("taken: %s", text);
	}
	assert_null(read_text("[]"));
	assert_null(read_text("\"ES256\""));
	assert_null(jwk_read(NULL));
}

static void
order_and_other_members_do_not_matter(void **state)
{
	static const char *const good[] = {
		"{\"use\":\"sig\",",
		"{\"kid\":\"any\",\"x5t\":\"AA\",\"more\":[1,{}],",
		"{ \"n\" : 1 , \"e\" : 2 ,",
	};
	struct key *k;

	(void)state;
	for (size_t i = 0; i < N(good); i++) {
		assert_non_null(k = read_text(with(EC, "{", good[i])));
		key_free(k);
	}
	k = read_text(with(RSA, "RS256", "PS256"));
	assert_non_null(k);
	assert_int_equal(key_alg(k), ALG_PS256);
	key_free(k);
}

#define TEST(name) TEST_IN(name, scratch_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(thumbprints_are_those_of_the_rfcs),
		TEST(a_written_key_is_read_back),
		TEST(coordinates_are_written_at_full_length),
		TEST(what_is_no_public_key_of_ours_is_refused),
		TEST(order_and_other_members_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
