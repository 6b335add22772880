/* request_object.c: authorization requests that a client signed (RFC 9101). */
#include "request_object.h"

#include <json-c/json.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "client.h"
#include "conf.h"
#include "oerr.h"
#include "req.h"
#include "request.h"
#include "signed.h"
#include "store_client.h"
#include "url.h"
#include "words.h"

/* RFC 9101 section 4: these must not be in it; and what tells of the JWT alone. */
#define LEFT_OUT "request request_uri client_id iss aud sub exp nbf iat jti"

/* The value as a parameter has it; NULL: it is none. */
static const char *
text_of(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		return json_object_get_string(value);
	case json_type_int:
	case json_type_object: /* claims: OpenID Connect Core section 6.1 */
		return json_object_to_json_string_ext(value,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	default:
		return NULL;
	}
}

/* The claims as a form; NULL: one is no text. */
static const char *
form_of(struct arena *a, struct json_object *claims)
{
	const char *text;
	struct buf b;

	buf_init(&b, a, 1024);
	json_object_object_foreach(claims, name, value) {
		if (words_have(LEFT_OUT, name))
			continue;
		if ((text = text_of(value)) == NULL ||
		    (json_object_is_type(value, json_type_string) &&
			strlen(text) !=
			    (size_t)json_object_get_string_len(value)))
			return NULL;
		url_query_add(&b, name, text);
	}
	return b.len > 0 ? b.data + 1 : "";
}

static const struct oerr *
refuse(struct req *rq, const char *why)
{
	return oerr_why(rq, &oerr_invalid_request_object, "request: %s", why);
}

const struct oerr *
request_object_take(struct req *rq, const struct client *cl)
{
	const char *why, *form;
	struct signed_jwt t;

	if (!client_has_keys(cl))
		return &oerr_request_not_supported;
	why = signed_check(rq->conf, rq->a, rq->now, SIGNED_REQUEST,
	    &(struct signer) { .client_id = cl->client_id, .jwks = cl->jwks },
	    rq->param[PARAM_REQUEST], &t);
	if (why != NULL && t.lacks_key && cl->jwks_uri != NULL)
		return client_look_for_keys(
		    rq, cl, &oerr_invalid_request_object, why);
	if (why != NULL)
		return refuse(rq, why);
	if ((form = form_of(rq->a, t.claims)) == NULL)
		return refuse(rq, "a claim is neither text, number nor object");
	return request_replace(rq, form);
}
