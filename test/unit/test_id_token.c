/* test_id_token.c: ID tokens: made, and read as hints (OpenID Connect Core section 2). */
#include "fixture.h"

#include <json-c/json.h>

#include "b64.h"
#include "golden_tokens.h"
#include "grant.h"
#include "id_token.h"
#include "pem.h"
#include "store_token.h"

#define ACCESS "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
#define JWS "wycheproof/json_web_signature_test.json"

static struct client *cl;
static struct user *user;

static int
put(const char *name, const char *text)
{
	const char *path = arena_printf(fx.a, "%s/%s", fx.cf->keys, name);
	FILE *f = fopen(path, "w");

	return f != NULL && fputs(text, f) >= 0 && fclose(f) == 0;
}

/* A server with the keys of pem.h. */
static int
setup(void **state)
{
	if (fixture_server(state) < 0 || mkdir(fx.cf->keys, 0700) < 0 ||
	    !put("RS256.pem", PEM_RSA_PKCS8) ||
	    !put("EdDSA.pem", PEM_ED25519) || keys_publish(fx.cf->keys) < 0)
		return -1;
	cl = fixture_client((struct client){ .client_id = "c1",
	    .has_secret = 1 });
	user = fixture_user("a@b.example", "*", NULL);
	return 0;
}

static const char *
token_by(const char *alg)
{
	const struct access_token access = { .expires_at = NOW + 3600 };
	const struct subject sub = { .user = user,
		.scope = fx.cf->built_in[SCOPE_OPENID],
		.granted = { .nonce = "n-0S6_WzA2Mj",
		    .sid = "0123456789abcdefghijkl",
		    .proof = { .at = NOW - 100, .acr = ACR_MFA,
			.amr = "pwd otp mfa" } } };
	char *out = NULL;

	cl->id_token_alg = alg;
	assert_null(id_token_make(&fx.rq, cl, &sub, &access, ACCESS, &out));
	assert_non_null(out);
	return out;
}

/* Core sections 2, 3.1.3.6 and 3.1.3.3; RS256 and Ed25519 sign without random. */
static void
tokens_are_what_they_were(void **state)
{
	(void)state;
	assert_int_equal(user->id, 1);
	assert_string_equal(token_by(NULL), golden_rs256);
	assert_string_equal(token_by("RS256"), golden_rs256);
	assert_string_equal(token_by("EdDSA"), golden_eddsa);
}

static const struct oerr *
read_hint(const char *text)
{
	struct id_hint hint = { .sub = NULL };
	const struct oerr *e = id_token_read(&fx.rq, text, &hint);

	if (e == NULL) {
		assert_string_equal(hint.sub, "1");
		assert_string_equal(hint.client_id, "c1");
		assert_string_equal(hint.sid, "0123456789abcdefghijkl");
	}
	return e;
}

/* The golden token with another header. */
static const char *
with_header(const char *header)
{
	char *out = arena_alloc(fx.a, 2048);
	size_t n = b64url_encode(header, strlen(header), out);

	snprintf(out + n, 2048 - n, "%s", strchr(golden_rs256, '.'));
	return out;
}

/* Core section 3.1.2.1; RFC 8725 sections 3.1 and 3.11. */
static void
a_hint_is_a_token_of_ours_alone(void **state)
{
	static const char kid[] = "ZdoK8q42jcr0eMNVsGZ6AkWkU9XXlpdlsxWwbSYK7Pg",
			  other[] = "EVbYJn78UpD6Aq8fsBGhFfzbJuXP18po7cLK-if6m3M";
	static const char *const headers[] = {
		"{\"typ\":\"JWT\",\"alg\":\"none\",\"kid\":\"%s\"}",
		"{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"%s\"}",
		"{\"typ\":\"JWT\",\"alg\":\"PS256\",\"kid\":\"%s\"}",
		"{\"typ\":\"at+jwt\",\"alg\":\"RS256\",\"kid\":\"%s\"}",
		"{\"typ\":\"logout+jwt\",\"alg\":\"RS256\",\"kid\":\"%s\"}",
		"{\"alg\":\"RS256\",\"kid\":\"%s\"}",
		"{\"typ\":\"JWT\",\"alg\":\"RS256\",\"crit\":[],\"kid\":\"%s\"}",
		"{\"typ\":\"JWT\",\"alg\":\"RS256\"}",
		"{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"%s\",\"x\":1}",
	};
	char *cut = arena_str(fx.a, golden_rs256);

	(void)state;
	assert_null(read_hint(golden_rs256));
	assert_null(read_hint(golden_eddsa));
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		for (int k = 0; k < 2; k++) {
			const char *at = strstr(headers[i], "%s");
			const char *h = at == NULL
			    ? headers[i]
			    : arena_printf(fx.a, "%.*s%s%s",
				  (int)(at - headers[i]), headers[i],
				  k == 0 ? kid : other, at + 2);

			assert_non_null(read_hint(with_header(h)));
		}
	assert_non_null(read_hint(arena_printf(fx.a, "%s=", golden_rs256)));
	assert_non_null(read_hint(arena_printf(fx.a, "%s.", golden_rs256)));
	strrchr(cut, '.')[1] = '\0';
	assert_non_null(read_hint(cut));
	assert_non_null(read_hint(""));
}

/* Each of Project Wycheproof's tokens, whatever its own key says of it. */
static void
no_vector_of_wycheproof_is_a_hint(void **state)
{
	struct json_object *all, *groups, *tests, *o;
	char *text = unit_vectors(JWS);
	int n = 0;

	(void)state;
	if (text == NULL)
		skip();
	assert_non_null(all = json_tokener_parse(text));
	groups = json_object_object_get(all, "testGroups");
	for (size_t i = 0; i < json_object_array_length(groups); i++) {
		o = json_object_array_get_idx(groups, i);
		tests = json_object_object_get(o, "tests");
		for (size_t k = 0; k < json_object_array_length(tests);
		     k++, n++) {
			o = json_object_array_get_idx(tests, k);
			assert_non_null(read_hint(json_object_get_string(
			    json_object_object_get(o, "jws"))));
		}
	}
	assert_int_equal(n, 401);
	json_object_put(all);
	free(text);
}

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

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(at_hash_is_the_left_half_of_the_algorithms_hash),
		TEST(tokens_are_what_they_were),
		TEST(a_hint_is_a_token_of_ours_alone),
		TEST(no_vector_of_wycheproof_is_a_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
