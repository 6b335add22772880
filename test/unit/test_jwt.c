/* test_jwt.c: signed tokens in the compact form (RFC 7515, RFC 7519). */
#include "scratch.h"

#include <gnutls/crypto.h>

#include "b64.h"
#include "buf.h"
#include "json.h"
#include "jwk.h"
#include "jwt.h"
#include "key.h"
#include "rfc_keys.h"

static struct key *es256;
static int asked;             /* how often find was called */
static const char *asked_kid; /* by the last call */

static int
setup(void **state)
{
	scratch_setup(state);
	asked = 0;
	return (es256 = key_generate(ALG_ES256, 0)) == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	key_free(es256);
	return scratch_end(state);
}

static const struct key *
find(void *ctx, const char *kid)
{
	asked++;
	asked_kid = kid;
	return ctx;
}

static const char *
verify(const char *token, const struct key *k, struct jwt *out)
{
	const char *why;

	memset(out, 0, sizeof(*out));
	why = jwt_read(a, token, out);
	return why != NULL
	    ? why
	    : jwt_check(a, out, find, (void *)(uintptr_t)k);
}

/* Fail unless the token is refused; if why is not NULL, for that reason. */
static void
assert_refused(const char *token, const struct key *k, const char *why)
{
	struct jwt out;
	const char *got = verify(token, k, &out);

	if (got == NULL)
		fail_msg("verified: %s", token);
	if (why != NULL)
		assert_string_equal(got, why);
}

static char *
encoded(const void *data, size_t len)
{
	char *out = arena_alloc(a, B64_LEN(len) + 1);

	b64url_encode(data, len, out);
	return out;
}

/* A token with this header, with a valid signature. */
static char *
token_of(const char *header, const char *payload, const struct key *k)
{
	uint8_t sig[SIGNATURE_MAX];
	char *text = arena_printf(a, "%s.%s", encoded(header, strlen(header)),
	    encoded(payload, strlen(payload)));
	ssize_t n = key_sign(k, text, strlen(text), sig);

	assert_true(n > 0);
	return arena_printf(a, "%s.%s", text, encoded(sig, (size_t)n));
}

static struct key *
rfc_key(const char *text)
{
	struct key *k = jwk_read(json_parse(a, text, strlen(text)));

	assert_non_null(k);
	return k;
}

#define RFC7515_PAYLOAD                                                        \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl" \
	"L"                                                                    \
	"mNvbS9pc19yb290Ijp0cnVlfQ"

/* RFC 7515 appendix A.2, A.3; RFC 8037 appendix A.4. */
static void
tokens_of_the_rfcs_verify(void **state)
{
	static const struct {
		const char *key, *token, *payload;
	} rows[] = {
		{ RFC7515_A2_KEY,
		    "eyJhbGciOiJSUzI1NiJ9." RFC7515_PAYLOAD
		    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XO"
		    "iZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7"
		    "t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBAr"
		    "LIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12"
		    "jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEU"
		    "ipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUP"
		    "QGe77Rw",
		    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n"
		    " \"http://example.com/is_root\":true}" },
		{ RFC7515_A3_KEY,
		    "eyJhbGciOiJFUzI1NiJ9." RFC7515_PAYLOAD
		    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5dj"
		    "xLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
		    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n"
		    " \"http://example.com/is_root\":true}" },
		{ RFC8037_KEY,
		    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
		    ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki"
		    "4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
		    "Example of Ed25519 signing" },
	};
	struct jwt out;
	struct key *k;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		k = rfc_key(rows[i].key);
		assert_null(verify(rows[i].token, k, &out));
		assert_null(asked_kid);
		assert_null(out.kid);
		assert_null(out.typ);
		assert_int_equal(out.payload_len, strlen(rows[i].payload));
		assert_string_equal(out.payload, rows[i].payload);
		assert_refused(rows[i].token, es256, NULL);
		key_free(k);
	}
}

static void
what_is_signed_verifies_with_typ_and_kid(void **state)
{
	static const char claims[] = "{\"sub\":\"1\"}";
	struct jwt out;
	struct key *k;
	char *token;

	(void)state;
	for (int alg = 0; alg < ALG_COUNT; alg++) {
		assert_non_null(k = key_generate((enum alg)alg, 2048));
		token =
		    jwt_sign(a, k, "the-kid", "at+jwt", claims, strlen(claims));
		assert_non_null(token);
		assert_null(verify(token, k, &out));
		assert_string_equal(asked_kid, "the-kid");
		assert_string_equal(out.kid, "the-kid");
		assert_string_equal(out.typ, "at+jwt");
		assert_int_equal(out.payload_len, strlen(claims));
		assert_string_equal(out.payload, claims);
		assert_refused(token, NULL, "unknown key");
		key_free(k);
	}
}

#define PAYLOAD "{\"sub\":\"1\"}"

/*
 * RFC 7515 section 4.1: a key signs each of them, so only the header decides.
 */
static void
a_header_that_is_not_ours_is_refused(void **state)
{
	static const struct {
		const char *header, *why;
	} rows[] = {
		/* RFC 8725 section 3.1: the algorithm is the key's */
		{ "{\"alg\":\"none\"}", "another algorithm than the key's" },
		{ "{\"alg\":\"None\"}", "another algorithm than the key's" },
		{ "{\"alg\":\"\"}", "another algorithm than the key's" },
		{ "{\"alg\":\"HS256\"}", "another algorithm than the key's" },
		{ "{\"alg\":\"RS256\"}", "another algorithm than the key's" },
		{ "{\"alg\":\"es256\"}", "another algorithm than the key's" },
		{ "{\"alg\":\"ES256 \"}", "another algorithm than the key's" },
		{ "{\"alg\":\"ES384\"}", "another algorithm than the key's" },
		{ "{\"alg\":\"ES256\\u0000\"}", "malformed header" },
		{ "{\"alg\":256}", "malformed header" },
		{ "{\"alg\":null}", "malformed header" },
		{ "{\"alg\":[\"ES256\"]}", "malformed header" },
		{ "{\"ALG\":\"ES256\"}", "malformed header" },
		{ "{\"typ\":\"at+jwt\"}", "malformed header" },
		/* section 4.1.11 */
		{ "{\"alg\":\"ES256\",\"crit\":[\"exp\"],\"exp\":1}",
		    "an extension in the header" },
		{ "{\"alg\":\"ES256\",\"crit\":[]}",
		    "an extension in the header" },
		{ "{\"alg\":\"ES256\",\"crit\":null}",
		    "an extension in the header" },
		{ "{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}",
		    "an extension in the header" },
		/* section 4: names are unique; section 10.12: strict JSON */
		{ "{\"alg\":\"ES256\",\"alg\":\"ES256\"}", "malformed header" },
		{ "{\"alg\":\"none\",\"alg\":\"ES256\"}", "malformed header" },
		{ "{\"alg\":\"ES256\",\"\\u0061lg\":\"none\"}",
		    "malformed header" },
		{ "{\"alg\":\"ES256\"}x", "malformed header" },
		{ "{\"alg\":\"ES256\"}{}", "malformed header" },
		{ "{\"alg\":\"ES256\",}", "malformed header" },
		{ "{'alg':'ES256'}", "malformed header" },
		{ "{\"alg\":\"ES256\",\"x\":\"\xff\"}", "malformed header" },
		{ "\xef\xbb\xbf{\"alg\":\"ES256\"}", "malformed header" },
		{ "[\"ES256\"]", "malformed header" },
		{ "\"ES256\"", "malformed header" },
		{ "null", "malformed header" },
		{ "", "malformed header" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		assert_refused(token_of(rows[i].header, PAYLOAD, es256), es256,
		    rows[i].why);
}

/* RFC 7515 section 4: a member that is unknown and not critical is ignored. */
static void
other_header_members_are_ignored(void **state)
{
	static const char *const good[] = { "{\"alg\":\"ES256\"}",
		" { \"alg\" : \"ES256\" } ",
		"{\"alg\":\"ES256\",\"x\":{\"alg\":\"none\"},\"cty\":\"JWT\"}",
		"{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\"},\"jku\":\"h:\"}",
		"{\"alg\":\"ES256\",\"kid\":7,\"typ\":[\"JWT\"]}" };
	struct jwt out;

	(void)state;
	for (size_t i = 0; i < N(good); i++) {
		assert_null(
		    verify(token_of(good[i], PAYLOAD, es256), es256, &out));
		assert_null(out.kid);
		assert_null(out.typ);
		assert_string_equal(out.payload, PAYLOAD);
	}
}

/* RFC 7515 section 3.1: three parts, each base64url without padding. */
static void
a_token_of_another_shape_is_refused(void **state)
{
	const char *good = token_of("{\"alg\":\"ES256\"}", PAYLOAD, es256);
	const char *dot1 = strchr(good, '.'), *dot2 = strrchr(good, '.');
	const int h = (int)(dot1 - good), hp = (int)(dot2 - good);
	struct jwt out;

	(void)state;
	assert_null(verify(good, es256, &out));
	assert_refused("", es256, "not three parts");
	assert_refused(".", es256, "not three parts");
	assert_refused("..", es256, "malformed header");
	assert_refused("...", es256, "not three parts");
	assert_refused("a", es256, "not three parts");
	assert_refused(
	    arena_printf(a, "%.*s", h, good), es256, "not three parts");
	assert_refused(
	    arena_printf(a, "%.*s", hp, good), es256, "not three parts");
	assert_refused(arena_printf(a, "%s.", good), es256, "not three parts");
	assert_refused(
	    arena_printf(a, "%s.AA", good), es256, "not three parts");
	assert_refused(arena_printf(a, ".%s", good), es256, "not three parts");
	/* an empty part */
	assert_refused(dot1, es256, "malformed header");
	assert_refused(
	    arena_printf(a, "%.*s.%s", h, good, dot2), es256, "bad signature");
	assert_refused(
	    arena_printf(a, "%.*s.", hp, good), es256, "bad signature");
	/* padding, white space, and the other alphabet */
	assert_refused(arena_printf(a, "%s=", good), es256, "bad signature");
	assert_refused(arena_printf(a, "%s==", good), es256, "bad signature");
	assert_refused(arena_printf(a, "%.*s=%s", h, good, dot1), es256,
	    "malformed header");
	assert_refused(arena_printf(a, " %s", good), es256, "malformed header");
	assert_refused(arena_printf(a, "%s\n", good), es256, "bad signature");
	assert_refused(arena_printf(a, "%s ", good), es256, "bad signature");
}

/*
 * RFC 4648 section 3.5: unused bits must be zero, else one token has two
 * spellings.
 */
static void
every_other_character_of_a_token_spoils_it(void **state)
{
	char *token =
	    jwt_sign(a, es256, "k", "at+jwt", PAYLOAD, strlen(PAYLOAD));
	struct arena *keep = a;

	(void)state;
	for (size_t i = 0; token[i] != '\0'; i++) {
		char was = token[i];

		for (int c = 1; c < 128; c++) {
			if (c == was)
				continue;
			token[i] = (char)c;
			a = arena_new();
			assert_refused(token, es256, NULL);
			arena_free(a);
		}
		token[i] = was;
	}
	a = keep;
}

/* RFC 7515 section 2: an empty payload is a payload. */
static void
a_payload_may_be_any_bytes(void **state)
{
	static const char bytes[] = "\0\xff binary";
	struct jwt out;

	(void)state;
	assert_null(
	    verify(token_of("{\"alg\":\"ES256\"}", "", es256), es256, &out));
	assert_int_equal(out.payload_len, 0);
	assert_string_equal(out.payload, "");
	assert_null(verify(
	    jwt_sign(a, es256, "k", "t", bytes, sizeof(bytes)), es256, &out));
	assert_int_equal(out.payload_len, sizeof(bytes));
	assert_memory_equal(out.payload, bytes, sizeof(bytes));
}

/*
 * A payload that is signed but is no base64url: only our own key could make it.
 */
static void
a_signed_payload_that_is_no_base64url_is_refused(void **state)
{
	uint8_t sig[SIGNATURE_MAX];
	char *text = arena_printf(
	    a, "%s.%s", encoded("{\"alg\":\"ES256\"}", 15), "AAA=");

	(void)state;
	assert_int_equal(key_sign(es256, text, strlen(text), sig), 64);
	assert_refused(arena_printf(a, "%s.%s", text, encoded(sig, 64)), es256,
	    "malformed payload");
}

/* RFC 8725 section 2.1: HMAC with the public key as its secret. */
static void
a_token_signed_with_the_public_key_as_secret_is_refused(void **state)
{
	struct key *k = key_generate(ALG_RS256, 2048);
	char kid[KID_LEN + 1];
	uint8_t mac[DIGEST_LEN];
	struct buf jwk;
	char *text;

	(void)state;
	assert_non_null(k);
	assert_int_equal(jwk_thumbprint(k, kid), 0);
	buf_init(&jwk, a, 0);
	assert_int_equal(jwk_write(&jwk, k, kid), 0);
	for (int lie = 0; lie < 2; lie++) {
		const char *header =
		    lie ? "{\"alg\":\"RS256\"}" : "{\"alg\":\"HS256\"}";

		text = arena_printf(a, "%s.%s", encoded(header, strlen(header)),
		    encoded(PAYLOAD, 11));
		assert_int_equal(gnutls_hmac_fast(GNUTLS_MAC_SHA256, jwk.data,
				     jwk.len, text, strlen(text), mac),
		    0);
		assert_refused(
		    arena_printf(a, "%s.%s", text, encoded(mac, DIGEST_LEN)), k,
		    lie ? "bad signature" : "another algorithm than the key's");
	}
	key_free(k);
}

/* The length is checked before any work: find is not even called. */
static void
a_token_over_16_kib_is_refused(void **state)
{
	char *claims = arena_alloc(a, 16 * 1024 + 1), *token;
	size_t len = 12000;
	struct jwt out;

	(void)state;
	memset(claims, 'x', 16 * 1024);
	do {
		token = jwt_sign(a, es256, "k", "t", claims, len++);
	} while (strlen(token) < 16 * 1024);
	assert_refused(token, es256,
	    strlen(token) > 16 * 1024 ? "token too long" : "verified");
	assert_int_equal(asked, 0);
	token = jwt_sign(a, es256, "k", "t", claims, len - 2);
	assert_true(strlen(token) < 16 * 1024);
	assert_null(verify(token, es256, &out));
	assert_int_equal(out.payload_len, len - 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tokens_of_the_rfcs_verify),
		TEST(what_is_signed_verifies_with_typ_and_kid),
		TEST(a_header_that_is_not_ours_is_refused),
		TEST(other_header_members_are_ignored),
		TEST(a_token_of_another_shape_is_refused),
		TEST(every_other_character_of_a_token_spoils_it),
		TEST(a_payload_may_be_any_bytes),
		TEST(a_signed_payload_that_is_no_base64url_is_refused),
		TEST(a_token_signed_with_the_public_key_as_secret_is_refused),
		TEST(a_token_over_16_kib_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
