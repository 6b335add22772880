/*
 * test_input.c: parameters as they are read, for all lengths and byte values.
 */
#include "fixture.h"

#include <json-c/json.h>

#include "json.h"
#include "body.h"
#include "input.h"
#include "url.h"

enum kind { VSCHAR, TEXT, SCOPE };

/* Each row of param.c again, by what the RFCs and the pages need. */
static const struct {
	const char *name;
	size_t longest;
	enum kind kind;
} rows[PARAM_COUNT] = {
	[PARAM_GRANT_TYPE] = { "grant_type", 128, VSCHAR },
	[PARAM_CLIENT_ID] = { "client_id", 255, VSCHAR },
	[PARAM_CLIENT_SECRET] = { "client_secret", 255, VSCHAR },
	[PARAM_USERNAME] = { "username", 254, TEXT },
	[PARAM_PASSWORD] = { "password", 511, TEXT },
	[PARAM_SCOPE] = { "scope", 4096, SCOPE },
	[PARAM_REFRESH_TOKEN] = { "refresh_token", 4096, VSCHAR },
	[PARAM_RESPONSE_TYPE] = { "response_type", 128, VSCHAR },
	[PARAM_RESPONSE_MODE] = { "response_mode", 64, VSCHAR },
	[PARAM_REDIRECT_URI] = { "redirect_uri", 2048, VSCHAR },
	[PARAM_STATE] = { "state", 4096, VSCHAR },
	[PARAM_CODE_CHALLENGE] = { "code_challenge", 256, VSCHAR },
	[PARAM_CODE_CHALLENGE_METHOD] = { "code_challenge_method", 16, VSCHAR },
	[PARAM_PROMPT] = { "prompt", 64, VSCHAR },
	[PARAM_CODE] = { "code", 256, VSCHAR },
	[PARAM_CODE_VERIFIER] = { "code_verifier", 256, VSCHAR },
	[PARAM_RESOURCE] = { "resource", 2048, VSCHAR },
	[PARAM_DEVICE_CODE] = { "device_code", 256, VSCHAR },
	[PARAM_USER_CODE] = { "user_code", 64, TEXT },
	[PARAM_TOKEN] = { "token", 16384, VSCHAR },
	[PARAM_TOKEN_TYPE_HINT] = { "token_type_hint", 64, VSCHAR },
	[PARAM_CSRF_TOKEN] = { "csrf_token", 64, VSCHAR },
	[PARAM_DECISION] = { "decision", 16, VSCHAR },
	[PARAM_EMAIL] = { "email", 254, TEXT },
	[PARAM_RETURN_TO] = { "return_to", 32768, VSCHAR },
	[PARAM_ACTION] = { "action", 32, VSCHAR },
	[PARAM_NAME] = { "name", 240, TEXT },
	[PARAM_ID] = { "id", 64, VSCHAR },
	[PARAM_SCOPES] = { "scopes", 4096, SCOPE },
	[PARAM_CHALLENGE] = { "challenge", 64, VSCHAR },
	[PARAM_CREDENTIAL] = { "credential", 16384, VSCHAR },
	[PARAM_CURRENT_PASSWORD] = { "current_password", 511, TEXT },
	[PARAM_NEW_PASSWORD] = { "new_password", 511, TEXT },
	[PARAM_EXPIRES_IN] = { "expires_in", 32, VSCHAR },
	[PARAM_LIMIT] = { "limit", 32, VSCHAR },
	[PARAM_AFTER] = { "after", 64, VSCHAR },
	[PARAM_LINK] = { "link", 64, VSCHAR },
	[PARAM_LOGIN] = { "login", 254, TEXT },
	[PARAM_OTP] = { "otp", 64, TEXT },
	[PARAM_RECOVERY_CODE] = { "recovery_code", 64, TEXT },
	[PARAM_TOTP] = { "totp", 128, VSCHAR },
	[PARAM_ACR_VALUES] = { "acr_values", 256, VSCHAR },
	[PARAM_MAX_AGE] = { "max_age", 16, VSCHAR },
	[PARAM_DPOP_JKT] = { "dpop_jkt", 64, VSCHAR },
	[PARAM_TICKET] = { "ticket", 8192, VSCHAR },
	[PARAM_NONCE] = { "nonce", 1024, TEXT },
	[PARAM_LOGIN_HINT] = { "login_hint", 254, TEXT },
	[PARAM_ID_TOKEN_HINT] = { "id_token_hint", 16384, VSCHAR },
	[PARAM_CLAIMS] = { "claims", 8192, TEXT },
	[PARAM_REQUEST] = { "request", 16384, VSCHAR },
	[PARAM_REQUEST_URI] = { "request_uri", 2048, VSCHAR },
	[PARAM_REGISTRATION] = { "registration", 8192, TEXT },
	[PARAM_ACCESS_TOKEN] = { "access_token", 16384, VSCHAR },
	[PARAM_POST_LOGOUT_REDIRECT_URI] = { "post_logout_redirect_uri", 2048,
	    VSCHAR },
	[PARAM_CLIENT_ASSERTION] = { "client_assertion", 8192, VSCHAR },
	[PARAM_CLIENT_ASSERTION_TYPE] = { "client_assertion_type", 128, VSCHAR },
	[PARAM_LARAVEL_TOKEN] = { "_token", 64, VSCHAR },
	[PARAM_LARAVEL_SCOPES] = { "scopes[]", 4096, SCOPE },
	[PARAM_REDIRECT] = { "redirect", 2000, VSCHAR },
	[PARAM_CONFIDENTIAL] = { "confidential", 8, VSCHAR },
};

static int
setup(void **state)
{
	if (fixture_dir(state) < 0)
		return -1;
	fixture_conf("");
	return 0;
}

static const struct oerr *
form(const char *text)
{
	return input_form(REQUEST(NULL), text, strlen(text));
}

static const struct oerr *
json(const char *text)
{
	REQUEST(NULL);
	fx.rq.json = json_parse(fx.a, text, strlen(text));
	return input_json(&fx.rq);
}

static void
assert_bad(const struct oerr *e, const char *name, const char *words)
{
	assert_non_null(e);
	assert_int_equal(e->status, 400);
	/* RFC 8707 section 2: invalid, unknown or malformed. */
	assert_string_equal(e->error,
	    name != NULL && strcmp(name, "resource") == 0 ? "invalid_target"
							  : "invalid_request");
	if (strstr(e->description, words) == NULL)
		fail_msg("%s: %s", name, e->description);
	if (name != NULL)
		assert_non_null(strstr(e->description, name));
}

/* RFC 7009 section 2.2, RFC 7662 section 2.2: any text is taken as a token. */
static int
takes_anything(int p)
{
	return p == PARAM_TOKEN || p == PARAM_TOKEN_TYPE_HINT ||
	    p == PARAM_ACCESS_TOKEN;
}

static void
every_row_is_as_long_as_it_may_be_and_no_longer(void **state)
{
	char *text, *whole;

	(void)state;
	for (int p = 0; p < PARAM_COUNT; p++) {
		const size_t len = rows[p].longest;

		assert_string_equal(param_name((enum param)p), rows[p].name);
		text = arena_alloc(fx.a, len + 2);
		memset(text, 'a', len);
		whole = arena_printf(fx.a, "%s=%s", rows[p].name, text);
		assert_null(form(whole));
		assert_string_equal(fx.rq.param[p], text);
		whole = arena_printf(fx.a, "%sa", whole);
		if (takes_anything(p)) {
			assert_null(form(whole));
			assert_string_equal(fx.rq.param[p], "?");
			continue;
		}
		assert_bad(form(whole), rows[p].name, "longer than");
		assert_null(fx.rq.param[p]);
		assert_string_equal(fx.rq.bad_param, rows[p].name);
		whole =
		    arena_printf(fx.a, "{\"%s\":\"a%s\"}", rows[p].name, text);
		assert_bad(json(whole), rows[p].name, "longer than");
	}
}

/* RFC 6749 appendix A; section 3.3 for scopes. */
static int
may_hold(enum kind kind, int c)
{
	switch (kind) {
	case VSCHAR:
		return c >= 0x20 && c <= 0x7e;
	case SCOPE:
		return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
	case TEXT: /* a single byte over 0x7f is no UTF-8 */
		return c >= 0x20 && c < 0x7f;
	}
	return 0;
}

static void
every_byte_is_taken_or_refused_by_the_row(void **state)
{
	char want[] = "a?b";

	(void)state;
	for (int p = 0; p < PARAM_COUNT; p++)
		for (int c = 0; c < 256; c++) {
			const char *text = arena_printf(
			    fx.a, "%s=a%%%02xb", rows[p].name, (unsigned)c);

			if (!may_hold(rows[p].kind, c) && takes_anything(p)) {
				assert_null(form(text));
				assert_string_equal(fx.rq.param[p], "?");
				continue;
			}
			if (!may_hold(rows[p].kind, c)) {
				assert_bad(form(text), rows[p].name,
				    "character that it must not");
				assert_null(fx.rq.param[p]);
				continue;
			}
			want[1] = (char)c;
			assert_null(form(text));
			assert_string_equal(fx.rq.param[p], want);
		}
}

static void
text_may_be_any_utf8_and_tokens_ascii_alone(void **state)
{
	(void)state;
	for (int p = 0; p < PARAM_COUNT; p++) {
		const struct oerr *e = form(arena_printf(
		    fx.a, "%s=%%c3%%a4%%f0%%9f%%94%%91", rows[p].name));

		if (rows[p].kind == TEXT || takes_anything(p))
			assert_null(e);
		else
			assert_bad(e, rows[p].name, "character");
		if (takes_anything(p))
			continue;
		assert_bad(
		    form(arena_printf(fx.a, "%s=%%c0%%af", rows[p].name)),
		    rows[p].name, "character");
	}
}

/* RFC 6749 section 3.1: parameters MUST NOT be included more than once. */
static void
a_name_sent_twice_is_refused_even_if_empty(void **state)
{
	(void)state;
	for (int p = 0; p < PARAM_COUNT; p++) {
		const char *n = rows[p].name;
		const char *const forms[] = {
			arena_printf(fx.a, "%s=a&%s=a", n, n),
			arena_printf(fx.a, "%s=a&x=y&%s=b", n, n),
			arena_printf(fx.a, "%s=&%s=a", n, n),
			arena_printf(fx.a, "%s=a&%s=", n, n),
			arena_printf(fx.a, "%s&%s", n, n),
		};

		for (size_t i = 0; i < N(forms); i++)
			if (p == PARAM_SCOPES || p == PARAM_LARAVEL_SCOPES)
				assert_null(form(forms[i]));
			else
				assert_bad(form(forms[i]), n, "sent twice");
	}
}

/* Check boxes of a form. */
static void
scopes_may_come_more_than_once_as_words(void **state)
{
	(void)state;
	assert_null(form("scopes=a&scopes=b&scopes=&scopes=c+d"));
	assert_string_equal(fx.rq.param[PARAM_SCOPES], "a b c d");
}

/* RFC 6749 section 3.1: without a value, as if omitted; unknown: ignored. */
static void
empty_and_unknown_ones_are_as_if_not_sent(void **state)
{
	(void)state;
	assert_null(form("scope=&client_id&Scope=x&foo=1&foo=2&%00=1"
			 "&username%00=x&grant_type=password"));
	for (int p = 0; p < PARAM_COUNT; p++)
		assert_int_equal(fx.rq.param[p] != NULL, p == PARAM_GRANT_TYPE);
	assert_null(form(""));
	assert_null(json("{\"scope\":\"\",\"client_id\":null,\"foo\":1}"));
	for (int p = 0; p < PARAM_COUNT; p++)
		assert_null(fx.rq.param[p]);
}

static void
broken_encoding_is_refused(void **state)
{
	(void)state;
	assert_bad(form("username=%"), NULL, "percent sign");
	assert_bad(form("foo=%zz"), NULL, "percent sign");
	assert_bad(form("%4=1"), NULL, "percent sign");
	assert_bad(form("scope=a&x=%f"), NULL, "percent sign");
}

static void
members_of_a_json_body_are_taken_as_those_of_a_form(void **state)
{
	(void)state;
	assert_null(json("{\"username\":\"\\u00e4@b\",\"scope\":\"a b\"}"));
	assert_string_equal(fx.rq.param[PARAM_USERNAME], "\xc3\xa4@b");
	assert_string_equal(fx.rq.param[PARAM_SCOPE], "a b");
	assert_bad(json("[]"), NULL, "not a JSON object");
	assert_bad(json("\"x\""), NULL, "not a JSON object");
	assert_bad(json("{\"username\":1.5}"), "username", "neither a string");
	assert_string_equal(fx.rq.bad_param, "username");
	/*
	 * An integer is taken as a text; one that a reader may round is
	 * refused.
	 */
	assert_null(json("{\"client_id\":3,\"password\":-7}"));
	assert_string_equal(fx.rq.param[PARAM_CLIENT_ID], "3");
	assert_string_equal(fx.rq.param[PARAM_PASSWORD], "-7");
	assert_null(json("{\"client_id\":9007199254740991}"));
	assert_string_equal(fx.rq.param[PARAM_CLIENT_ID], "9007199254740991");
	assert_bad(json("{\"client_id\":9007199254740993}"), "client_id",
	    "neither a string");
	assert_bad(json("{\"client_id\":99999999999999999999}"), "client_id",
	    "neither a string");
	assert_bad(json("{\"password\":[\"x\"]}"), "password", "neither a string");
	assert_bad(json("{\"client_id\":{}}"), "client_id", "neither a string");
	assert_bad(json("{\"scope\":true}"), "scope", "neither a string");
	assert_bad(json("{\"resource\":[\"urn:a\",\"urn:b\"]}"), "resource",
	    "neither a string");
	assert_bad(
	    json("{\"client_id\":\"a\\u0000b\"}"), "client_id", "character");
	assert_bad(json("{\"username\":\"a\\nb\"}"), "username", "character");
}

/* A page that must tell somebody reads on, and reports the first error. */
static void
a_lenient_endpoint_reads_the_rest_and_tells_the_first_error(void **state)
{
	const struct oerr *e;

	(void)state;
	fx.ep.lenient = 1;
	e = form("client_id=a&scope=%22&state=x&prompt=%00&redirect_uri=u");
	assert_bad(e, "scope", "character");
	assert_string_equal(fx.rq.param[PARAM_CLIENT_ID], "a");
	assert_string_equal(fx.rq.param[PARAM_STATE], "x");
	assert_string_equal(fx.rq.param[PARAM_REDIRECT_URI], "u");
	assert_null(fx.rq.param[PARAM_SCOPE]);
	assert_null(fx.rq.param[PARAM_PROMPT]);
	/*
	 * Of two values the first one stays: a second must not mislead anybody.
	 */
	e = form("state=one&state=two");
	assert_bad(e, "state", "sent twice");
	assert_string_equal(fx.rq.param[PARAM_STATE], "one");
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_row_is_as_long_as_it_may_be_and_no_longer),
		TEST(every_byte_is_taken_or_refused_by_the_row),
		TEST(text_may_be_any_utf8_and_tokens_ascii_alone),
		TEST(a_name_sent_twice_is_refused_even_if_empty),
		TEST(scopes_may_come_more_than_once_as_words),
		TEST(empty_and_unknown_ones_are_as_if_not_sent),
		TEST(broken_encoding_is_refused),
		TEST(members_of_a_json_body_are_taken_as_those_of_a_form),
		TEST(
		    a_lenient_endpoint_reads_the_rest_and_tells_the_first_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
