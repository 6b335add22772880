/* passport_asker.c: who asks for the JSON of Laravel Passport 12. */
#include "passport_asker.h"

#include <json-c/json.h>
#include <string.h>

#include "buf.h"
#include "fresh.h"
#include "json.h"
#include "oerr.h"
#include "req.h"
#include "resp.h"
#include "session.h"
#include "site.h"

/* Laravel's errors, where it has statuses of its own. */
const struct oerr passport_signed_out = { 401, "login_required",
	"Nobody is signed in here.", "Unauthenticated." };
static const struct oerr foreign = { 419, "invalid_request",
	"The header X-CSRF-TOKEN does not have what the last GET gave.",
	"CSRF token mismatch." };
static const struct oerr not_fresh = { 423, "login_required", NULL,
	"Password confirmation required." };

/*
 * A script of a page of this origin could read the token from any page of ours, so what
 * the browser says of the caller is as good (Fetch Metadata).  A form, which a page may
 * contain without a script, is sent with the mode navigate.
 */
static int
is_own_script(const struct req *rq)
{
	const char *site = req_var(rq, "HTTP_SEC_FETCH_SITE");
	const char *mode = req_var(rq, "HTTP_SEC_FETCH_MODE");

	return site != NULL && mode != NULL &&
	    strcmp(site, "same-origin") == 0 &&
	    (strcmp(mode, "cors") == 0 || strcmp(mode, "same-origin") == 0);
}

/* The token is where Laravel looks for its own. */
static const struct oerr *
check_csrf(struct req *rq, const struct visitor *v)
{
	const char *sent = rq->param[PARAM_LARAVEL_TOKEN];

	if (sent == NULL)
		sent = json_get_str(rq->json, "_token");
	if (sent == NULL)
		sent = req_var(rq, "HTTP_X_CSRF_TOKEN");
	if (sent == NULL)
		sent = req_var(rq, "HTTP_X_XSRF_TOKEN");
	if (sent != NULL)
		rq->param[PARAM_CSRF_TOKEN] = sent;
	return session_check_csrf(rq, v) == NULL || is_own_script(rq)
	    ? NULL
	    : &foreign;
}

/* A form as the JSON that would have been sent in its place. */
static void
form_as_json(struct req *rq)
{
	static const enum param texts[] = { PARAM_NAME, PARAM_REDIRECT,
		PARAM_CONFIDENTIAL };
	const char *list = rq->param[PARAM_LARAVEL_SCOPES];
	struct buf b;

	if (rq->json != NULL)
		return;
	buf_init(&b, rq->a, 1024);
	json_open(&b, NULL, '{');
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (rq->param[texts[i]] != NULL)
			json_str(&b, param_name(texts[i]), rq->param[texts[i]]);
	if (list != NULL)
		json_words(&b, "scopes", list);
	json_close(&b, '}');
	rq->json = json_parse(rq->a, b.data, b.len);
}

const struct oerr *
passport_asker(struct req *rq, int wants_fresh, struct visitor *v)
{
	const struct oerr *e;

	if ((e = session_load(rq, v)) != NULL)
		return e;
	if (!v->signed_in)
		return &passport_signed_out;
	if (rq->method == METHOD_GET) {
		/* A script of another origin cannot read it. */
		resp_header(rq, "X-CSRF-TOKEN", "%s", v->csrf);
		return NULL;
	}
	if (check_csrf(rq, v) != NULL)
		return &foreign;
	if (wants_fresh && !session_is_fresh(rq, v))
		return oerr_say(rq, &not_fresh,
		    "The sign-in is too long ago; the person confirms that it"
		    " is them at %s.",
		    fresh_url(rq, site_path(rq->conf, rq->a, SITE_ACCOUNT)));
	form_as_json(rq);
	return json_object_is_type(rq->json, json_type_object)
	    ? NULL
	    : oerr_say(rq, &oerr_invalid_request,
		  "The body is not a JSON object.");
}
