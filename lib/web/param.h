/* param.h: the wire vocabulary: an enum, and a row each. */
#ifndef CARNET_PARAM_H
#define CARNET_PARAM_H

#include <stddef.h>

struct oerr;
struct req;

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
	PARAM_CURRENT_PASSWORD, PARAM_NEW_PASSWORD, PARAM_EXPIRES_IN,
	PARAM_LIMIT, PARAM_AFTER,
	PARAM_COUNT
};

/* param_name(p): the name on the wire. */
const char *param_name(enum param p);

/*
 * param_form(rq, text, len):
 * Read a form body or a query into rq->param[].  Names that are not of the
 * vocabulary are ignored; an empty value is as if it were not sent (RFC 6749
 * section 3.1).  A name sent twice, a value too long or malformed is
 * invalid_request; of resource, invalid_target: a token is for one (RFC 8707
 * section 2 lets a client name several, and a server refuse them).
 */
const struct oerr *param_form(struct req *rq, const char *text, size_t len);

/* param_json(rq): the same for the members of the object rq->json. */
const struct oerr *param_json(struct req *rq);

#endif
