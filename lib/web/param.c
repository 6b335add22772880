/* param.c: the wire vocabulary: a row for each name. */
#include "param.h"

#include <json-c/json.h>

#include "arena.h"
#include "cgi.h"
#include "oerr.h"
#include "url.h"
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

enum {
	MANY = 1,   /* check boxes of a form: may come more than once, as words */
	ECHOED = 2, /* goes back with the error, even if it is too long */
	/*
	 * What the validator refuses is a text as well, and stands as one that no
	 * token is: RFC 7009 section 2.2, RFC 7662 section 2.2.
	 */
	ANYTHING = 4,
};

static const struct {
	const char *name;
	size_t longest; /* bytes */
	int (*is_valid)(const char *, size_t);
	unsigned how;
} rows[PARAM_COUNT] = {
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
	[PARAM_STATE] = { "state", 4096, is_vschar, ECHOED },
	[PARAM_CODE_CHALLENGE] = { "code_challenge", 256, is_vschar, 0 },
	[PARAM_CODE_CHALLENGE_METHOD] = { "code_challenge_method", 16,
	    is_vschar, 0 },
	[PARAM_PROMPT] = { "prompt", 64, is_vschar, 0 },
	[PARAM_CODE] = { "code", 256, is_vschar, 0 },
	[PARAM_CODE_VERIFIER] = { "code_verifier", 256, is_vschar, 0 },
	[PARAM_RESOURCE] = { "resource", 2048, is_vschar, 0 },
	[PARAM_DEVICE_CODE] = { "device_code", 256, is_vschar, 0 },
	[PARAM_USER_CODE] = { "user_code", 64, is_text, 0 },
	[PARAM_TOKEN] = { "token", 16384, is_vschar, ANYTHING },
	[PARAM_TOKEN_TYPE_HINT] = { "token_type_hint", 64, is_vschar, ANYTHING },
	[PARAM_CSRF_TOKEN] = { "csrf_token", 64, is_vschar, 0 },
	[PARAM_DECISION] = { "decision", 16, is_vschar, 0 },
	[PARAM_EMAIL] = { "email", 254, is_text, 0 },
	[PARAM_RETURN_TO] = { "return_to", 32768, is_vschar, 0 },
	[PARAM_ACTION] = { "action", 32, is_vschar, 0 },
	[PARAM_NAME] = { "name", 240, is_text, 0 },
	[PARAM_ID] = { "id", 64, is_vschar, 0 },
	[PARAM_SCOPES] = { "scopes", 4096, is_scope, MANY },
	[PARAM_CURRENT_PASSWORD] = { "current_password", 511, is_text, 0 },
	[PARAM_NEW_PASSWORD] = { "new_password", 511, is_text, 0 },
	[PARAM_EXPIRES_IN] = { "expires_in", 32, is_vschar, 0 },
	[PARAM_LIMIT] = { "limit", 32, is_vschar, 0 },
	[PARAM_AFTER] = { "after", 64, is_vschar, 0 },
};

const char *
param_name(enum param p)
{
	return rows[p].name;
}

static int
find(const char *name, size_t len)
{
	for (int p = 0; p < PARAM_COUNT; p++)
		if (strlen(rows[p].name) == len &&
		    memcmp(rows[p].name, name, len) == 0)
			return p;
	return -1;
}

/* The error of a value that will not do: RFC 8707 section 2 has its own. */
static const struct oerr *
error_of(int p)
{
	return p == PARAM_RESOURCE ? &oerr_invalid_target
				   : &oerr_invalid_request;
}

/* Take one value; it lives as long as the request. */
static const struct oerr *
take(struct req *rq, int p, const char *value, size_t len)
{
	size_t had = 0; /* bytes of the same name before */

	if (rq->param_sent[p] > 0 && !(rows[p].how & MANY)) {
		rq->param_sent[p] = 2;
		return oerr_say(rq, error_of(p),
		    "The parameter %s is sent twice.", rows[p].name);
	}
	rq->param_sent[p] = 1;
	if (rq->param[p] != NULL)
		had = strlen(rq->param[p]) + 1;
	if (rows[p].how & ANYTHING &&
	    (len > rows[p].longest || !rows[p].is_valid(value, len))) {
		rq->param[p] = "?";
		return NULL;
	}
	rq->bad_param = rows[p].name;
	if (rq->pr->ep->lenient && rows[p].how & ECHOED && len > rows[p].longest &&
	    rows[p].is_valid(value, len))
		rq->param[p] = value;
	if (had + len > rows[p].longest)
		return oerr_say(rq, error_of(p),
		    "The parameter %s is longer than %zu bytes.",
		    rows[p].name, rows[p].longest);
	if (!rows[p].is_valid(value, len))
		return oerr_say(rq, error_of(p),
		    "The parameter %s holds a character that it must not.",
		    rows[p].name);
	rq->bad_param = NULL;
	if (len > 0 && rows[p].how & MANY && rq->param[p] != NULL)
		rq->param[p] = arena_printf(
		    rq->a, "%s %s", rq->param[p], value);
	else if (len > 0)
		rq->param[p] = value;
	return NULL;
}

const struct oerr *
param_form(struct req *rq, const char *text, size_t len)
{
	const struct oerr *e, *first = NULL;
	struct url_pair pair;
	int p, rc;

	while ((rc = url_form_next(rq->a, &text, &len, &pair)) != 0) {
		if (rc < 0)
			e = oerr_say(rq, &oerr_invalid_request,
			    "A percent sign is not followed by two digits.");
		else if ((p = find(pair.name, pair.name_len)) < 0 ||
		    (e = take(rq, p, pair.value, pair.value_len)) == NULL)
			continue;
		if (!rq->pr->ep->lenient)
			return e;
		if (first == NULL)
			first = e; /* the rest says whom to tell */
	}
	return first;
}

/*
 * "client_id": 3 is "3".  Beyond 2^53 two readers may see two numbers (RFC 8259
 * section 6), and json-c its own largest.
 */
static int
is_text_or_integer(struct json_object *value)
{
	const int64_t n = json_object_get_int64(value);

	return json_object_is_type(value, json_type_string) ||
	    (json_object_is_type(value, json_type_int) &&
		n > -(INT64_C(1) << 53) && n < INT64_C(1) << 53);
}

static const char *
text_of(struct arena *a, struct json_object *value, size_t *len)
{
	const char *text;

	if (json_object_is_type(value, json_type_string)) {
		*len = (size_t)json_object_get_string_len(value);
		return json_object_get_string(value);
	}
	/* Not json-c's own text of it, which it does not wipe. */
	text = arena_printf(
	    a, "%lld", (long long)json_object_get_int64(value));
	*len = strlen(text);
	return text;
}

const struct oerr *
param_json(struct req *rq)
{
	const struct oerr *e;
	const char *text;
	size_t len;
	int p;

	if (!json_object_is_type(rq->json, json_type_object))
		return oerr_say(rq, &oerr_invalid_request,
		    "The body is not a JSON object.");
	json_object_object_foreach(rq->json, name, value) {
		if ((p = find(name, strlen(name))) < 0 || value == NULL)
			continue;
		rq->bad_param = rows[p].name;
		if (!is_text_or_integer(value))
			return oerr_say(rq, error_of(p),
			    "The member %s is neither a string nor an integer.",
			    rows[p].name);
		text = text_of(rq->a, value, &len);
		if ((e = take(rq, p, text, len)) != NULL)
			return e;
	}
	return NULL;
}
