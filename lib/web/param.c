/* param.c: the names of parameters on the wire: a row each. */
#include "param.h"

#include <string.h>

#include "utf8.h"

/* RFC 6749 appendix A: VSCHAR. */
static int
is_vschar(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return 0;
	return 1;
}

/* RFC 6749 appendix A: UNICODECHARNOCRLF; no other control either. */
static int
is_text(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return 0;
	return utf8_count(s, len) >= 0;
}

/* RFC 6749 section 3.3: words of NQCHAR with a space between. */
static int
is_scope(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e || s[i] == '"' || s[i] == '\\')
			return 0;
	return 1;
}

const struct param_row param_rows[PARAM_COUNT] = {
	[PARAM_GRANT_TYPE] = { "grant_type", 128, is_vschar, 0 },
	[PARAM_CLIENT_ID] = { "client_id", 255, is_vschar, 0 },
	[PARAM_CLIENT_SECRET] = { "client_secret", 255, is_vschar, 0 },
	[PARAM_USERNAME] = { "username", 254, is_text, 0 },
	[PARAM_PASSWORD] = { "password", 511, is_text, 0 },
	[PARAM_SCOPE] = { "scope", 4096, is_scope, 0 },
	[PARAM_REFRESH_TOKEN] = { "refresh_token", 4096, is_vschar, 0 },
	[PARAM_RESPONSE_TYPE] = { "response_type", 128, is_vschar, 0 },
	[PARAM_RESPONSE_MODE] = { "response_mode", 64, is_vschar, 0 },
	[PARAM_REDIRECT_URI] = { "redirect_uri", 2048, is_vschar, 0 },
	[PARAM_STATE] = { "state", 4096, is_vschar, PARAM_ECHOED },
	[PARAM_CODE_CHALLENGE] = { "code_challenge", 256, is_vschar, 0 },
	[PARAM_CODE_CHALLENGE_METHOD] = { "code_challenge_method", 16, is_vschar, 0 },
	[PARAM_PROMPT] = { "prompt", 64, is_vschar, 0 },
	[PARAM_CODE] = { "code", 256, is_vschar, 0 },
	[PARAM_CODE_VERIFIER] = { "code_verifier", 256, is_vschar, 0 },
	[PARAM_RESOURCE] = { "resource", 2048, is_vschar, 0 },
	[PARAM_DEVICE_CODE] = { "device_code", 256, is_vschar, 0 },
	[PARAM_USER_CODE] = { "user_code", 64, is_text, 0 },
	[PARAM_TOKEN] = { "token", 16384, is_vschar, PARAM_ANYTHING },
	[PARAM_TOKEN_TYPE_HINT] = { "token_type_hint", 64, is_vschar, PARAM_ANYTHING },
	[PARAM_CSRF_TOKEN] = { "csrf_token", 64, is_vschar, 0 },
	[PARAM_DECISION] = { "decision", 16, is_vschar, 0 },
	[PARAM_EMAIL] = { "email", 254, is_text, 0 },
	[PARAM_RETURN_TO] = { "return_to", 32768, is_vschar, 0 },
	[PARAM_ACTION] = { "action", 32, is_vschar, 0 },
	[PARAM_NAME] = { "name", 240, is_text, 0 },
	[PARAM_ID] = { "id", 64, is_vschar, 0 },
	[PARAM_SCOPES] = { "scopes", 4096, is_scope, PARAM_MANY },
	[PARAM_CHALLENGE] = { "challenge", 64, is_vschar, 0 },
	[PARAM_CREDENTIAL] = { "credential", 16384, is_vschar, 0 },
	[PARAM_CURRENT_PASSWORD] = { "current_password", 511, is_text, 0 },
	[PARAM_NEW_PASSWORD] = { "new_password", 511, is_text, 0 },
	[PARAM_EXPIRES_IN] = { "expires_in", 32, is_vschar, 0 },
	[PARAM_LIMIT] = { "limit", 32, is_vschar, 0 },
	[PARAM_AFTER] = { "after", 64, is_vschar, 0 },
	[PARAM_LINK] = { "link", 64, is_vschar, 0 },
	[PARAM_LOGIN] = { "login", 254, is_text, 0 },
	[PARAM_OTP] = { "otp", 64, is_text, 0 },
	[PARAM_RECOVERY_CODE] = { "recovery_code", 64, is_text, 0 },
	[PARAM_TOTP] = { "totp", 128, is_vschar, 0 },
	[PARAM_ACR_VALUES] = { "acr_values", 256, is_vschar, 0 },
	[PARAM_MAX_AGE] = { "max_age", 16, is_vschar, 0 },
	[PARAM_CLIENT_ASSERTION] = { "client_assertion", 8192, is_vschar, 0 },
	[PARAM_CLIENT_ASSERTION_TYPE] = { "client_assertion_type", 128, is_vschar, 0 },
	[PARAM_DPOP_JKT] = { "dpop_jkt", 64, is_vschar, 0 },
	[PARAM_TICKET] = { "ticket", 8192, is_vschar, 0 },
	[PARAM_NONCE] = { "nonce", 1024, is_text, 0 },
	[PARAM_LOGIN_HINT] = { "login_hint", 254, is_text, 0 },
	[PARAM_ID_TOKEN_HINT] = { "id_token_hint", 16384, is_vschar, 0 },
	[PARAM_CLAIMS] = { "claims", 8192, is_text, 0 },
	[PARAM_REQUEST] = { "request", 16384, is_vschar, 0 },
	[PARAM_REQUEST_URI] = { "request_uri", 2048, is_vschar, 0 },
	[PARAM_REGISTRATION] = { "registration", 8192, is_text, 0 },
	[PARAM_ACCESS_TOKEN] = { "access_token", 16384, is_vschar, PARAM_ANYTHING },
	[PARAM_LARAVEL_TOKEN] = { "_token", 64, is_vschar, 0 },
	[PARAM_LARAVEL_SCOPES] = { "scopes[]", 4096, is_scope, PARAM_MANY },
	[PARAM_REDIRECT] = { "redirect", 2000, is_vschar, 0 },
	[PARAM_CONFIDENTIAL] = { "confidential", 8, is_vschar, 0 },
	[PARAM_POST_LOGOUT_REDIRECT_URI] = { "post_logout_redirect_uri", 2048,
	    is_vschar, 0 },
};

const char *
param_name(enum param p)
{
	return param_rows[p].name;
}

int
param_find(const char *name, size_t len)
{
	for (int p = 0; p < PARAM_COUNT; p++)
		if (strlen(param_rows[p].name) == len &&
		    memcmp(param_rows[p].name, name, len) == 0)
			return p;
	return -1;
}
