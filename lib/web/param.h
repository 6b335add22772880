/* param.h: the names of parameters on the wire: an enum, and a row each. */
#ifndef CARNET_PARAM_H
#define CARNET_PARAM_H

#include <stddef.h>

enum param {
	PARAM_GRANT_TYPE, PARAM_CLIENT_ID, PARAM_CLIENT_SECRET,
	PARAM_USERNAME, PARAM_PASSWORD, PARAM_SCOPE, PARAM_REFRESH_TOKEN,
	PARAM_RESPONSE_TYPE, PARAM_RESPONSE_MODE, PARAM_REDIRECT_URI,
	PARAM_STATE, PARAM_CODE_CHALLENGE, PARAM_CODE_CHALLENGE_METHOD,
	PARAM_PROMPT, PARAM_CODE, PARAM_CODE_VERIFIER, PARAM_RESOURCE,
	PARAM_DEVICE_CODE, PARAM_USER_CODE, PARAM_TOKEN,
	PARAM_TOKEN_TYPE_HINT,
	PARAM_CSRF_TOKEN, PARAM_DECISION, PARAM_EMAIL, PARAM_RETURN_TO,
	PARAM_ACTION, PARAM_NAME, PARAM_ID, PARAM_SCOPES,
	PARAM_CHALLENGE, PARAM_CREDENTIAL,
	PARAM_CURRENT_PASSWORD, PARAM_NEW_PASSWORD, PARAM_EXPIRES_IN,
	PARAM_LIMIT, PARAM_AFTER, PARAM_LINK, PARAM_LOGIN, PARAM_OTP,
	PARAM_RECOVERY_CODE, PARAM_TOTP, PARAM_ACR_VALUES, PARAM_MAX_AGE,
	PARAM_TICKET, PARAM_NONCE, PARAM_LOGIN_HINT, PARAM_ID_TOKEN_HINT,
	PARAM_CLAIMS, PARAM_REQUEST, PARAM_REQUEST_URI, PARAM_REGISTRATION,
	PARAM_ACCESS_TOKEN, PARAM_POST_LOGOUT_REDIRECT_URI,
	PARAM_CLIENT_ASSERTION, PARAM_CLIENT_ASSERTION_TYPE, PARAM_DPOP_JKT,
	PARAM_LARAVEL_TOKEN, PARAM_LARAVEL_SCOPES, PARAM_REDIRECT,
	PARAM_CONFIDENTIAL,
	PARAM_COUNT
};

enum {
	PARAM_MANY = 1,   /* check boxes of a form: the values become words */
	PARAM_ECHOED = 2, /* it goes back with the error, even if too long */
	/*
	 * A value that the validator refuses is no error: it becomes "?", which is
	 * no token (RFC 7009 section 2.2, RFC 7662 section 2.2).
	 */
	PARAM_ANYTHING = 4,
};

struct param_row {
	const char *name;	/* on the wire */
	size_t longest;		/* bytes */
	int (*is_valid)(const char *value, size_t len);
	unsigned how;		/* PARAM_MANY, ... */
};

extern const struct param_row param_rows[PARAM_COUNT];

/* param_name(p): the name on the wire. */
const char *param_name(enum param p);

/* param_find(name, len): the parameter of this name, or -1. */
int param_find(const char *name, size_t len);

#endif
