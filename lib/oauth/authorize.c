/* authorize.c: an authorization request (RFC 6749 section 4.1). */
#include "authorize.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "client.h"
#include "conf.h"
#include "factor.h"
#include "grant.h"
#include "oerr.h"
#include "pkce.h"
#include "redirect.h"
#include "req.h"
#include "request.h"
#include "request_object.h"
#include "resource.h"
#include "scope.h"
#include "sector.h"
#include "site.h"
#include "store_user.h"
#include "stranger.h"
#include "subject.h"
#include "url.h"
#include "words.h"

/* e, which the parameter p is wrong by: the log has what came. */
static const struct oerr *
with_value(struct req *rq, const struct oerr *e, enum param p)
{
	const char *value = rq->param[p];

	return value == NULL
	    ? e
	    : oerr_why(rq, e, "%s  It came as %s", e->description,
		  oerr_shown(rq->a, value));
}

static const struct oerr *
read_prompt(struct req *rq, struct authorization *az)
{
	static const struct {
		const char *name;
		unsigned bit;
	} prompts[] = {
		{ "none", PROMPT_NONE }, { "login", PROMPT_LOGIN },
		{ "consent", PROMPT_CONSENT },
		{ "select_account", PROMPT_SELECT },
	};
	static const size_t n_prompts = sizeof(prompts) / sizeof(prompts[0]);
	const char *w = rq->param[PARAM_PROMPT];
	size_t n, i;

	for (; w != NULL && words_next(&w, &n); w += n) {
		for (i = 0; i < n_prompts; i++)
			if (strlen(prompts[i].name) == n &&
			    memcmp(prompts[i].name, w, n) == 0)
				break;
		if (i == n_prompts)
			return with_value(rq,
			    oerr_say(rq, &oerr_invalid_request,
				"The prompt is none, login, consent or"
				" select_account."),
			    PARAM_PROMPT);
		az->prompt |= prompts[i].bit;
	}
	if (az->prompt & PROMPT_NONE && az->prompt != PROMPT_NONE)
		return with_value(rq,
		    oerr_say(rq, &oerr_invalid_request,
			"The prompt none stands alone."),
		    PARAM_PROMPT);
	return NULL;
}

/* A decision is about the document that the page was made of. */
static const struct oerr *
find_client(
    struct req *rq, struct authorization *az, const char *id, int *found)
{
	const struct oerr *e;

	if (document_is_url(id)) {
		az->awaited = id;
		e = document_find(rq, id, az->is_signed_in,
		    rq->method == METHOD_POST &&
			rq->param[PARAM_DECISION] != NULL,
		    &az->client, &az->document);
		*found = az->document == DOCUMENT_READ;
		return e;
	}
	*found = store_client_by_id(rq->st, rq->a, id, &az->client);
	if (*found == 0)
		*found = stranger_find(rq, id, &az->client);
	return *found < 0 ? oerr_machine(rq) : NULL;
}

/* Return 1, and read what an answer needs, if the redirect URI is the client's. */
static int
take_redirect(struct req *rq, struct authorization *az)
{
	const char *uri = rq->param[PARAM_REDIRECT_URI];

	if (uri == NULL || rq->param_sent[PARAM_REDIRECT_URI] != 1 ||
	    !redirect_matches(az->client.redirect_uris, uri))
		return 0;
	az->redirect_uri = uri;
	az->state = rq->param[PARAM_STATE];
	if (rq->param_sent[PARAM_STATE] > 1)
		az->state = NULL;
	az->form_post = rq->param[PARAM_RESPONSE_MODE] != NULL &&
	    strcmp(rq->param[PARAM_RESPONSE_MODE], "form_post") == 0;
	az->prompt_error = rq->param_sent[PARAM_PROMPT] > 1
	    ? oerr_say(rq, &oerr_invalid_request, "The prompt is sent twice.")
	    : read_prompt(rq, az);
	return 1;
}

/* RFC 9126 section 5: does the server, or this client, take others? */
static const struct oerr *
check_pushed(struct req *rq, const struct authorization *az)
{
	if (az->is_pushed ||
	    !(rq->conf->pushed_requests || az->client.par_required))
		return NULL;
	return oerr_say(rq, &oerr_invalid_request,
	    "Requests must be pushed here first (RFC 9126): to %s.",
	    site_url(rq->conf, rq->a, SITE_PAR));
}

/* RFC 9101 section 5: the request is signed, and comes by value. */
static const struct oerr *
take_object(struct req *rq, struct authorization *az)
{
	const char *object = rq->param[PARAM_REQUEST];
	const struct oerr *e;

	if (object == NULL || pushed_is_sent(rq) ||
	    !client_has_keys(&az->client))
		return NULL;
	if (rq->param_sent[PARAM_REQUEST] != 1)
		return oerr_say(rq, &oerr_invalid_request,
		    "The parameter request is sent twice.");
	/* Else it would be stored as if it had been pushed. */
	if ((e = check_pushed(rq, az)) != NULL ||
	    (e = request_object_take(rq, &az->client)) != NULL)
		return e;
	return pushed_keep(rq, &az->client, object);
}

/* RFC 9126 section 4: what was pushed takes the place of what the browser brought. */
static const struct oerr *
take_pushed(struct req *rq, struct authorization *az)
{
	const struct oerr *e;

	if (!pushed_is_sent(rq))
		return NULL;
	if (rq->param_sent[PARAM_REQUEST_URI] != 1)
		return oerr_say(rq, &oerr_invalid_request,
		    "The parameter request_uri is sent twice.");
	e = pushed_open(rq, &az->client, &az->pushed);
	az->is_pushed = e == NULL;
	return e;
}

/* The list of its sector, if the client has one that was not read. */
static const struct oerr *
find_sector(struct req *rq, struct authorization *az)
{
	const struct oerr *e;
	int is_there;

	if (!sector_is_url(az->client.sector))
		return NULL;
	az->awaited = az->client.sector;
	e = sector_find(rq, &az->client, az->is_signed_in, &is_there);
	if (!is_there)
		az->document =
		    az->is_signed_in ? DOCUMENT_WAIT : DOCUMENT_SIGN_IN;
	return e;
}

/* Is something to be read first? */
static int
is_waiting(const struct authorization *az)
{
	return az->document == DOCUMENT_SIGN_IN ||
	    az->document == DOCUMENT_WAIT;
}

const struct oerr *
authorize_client(struct req *rq, struct authorization *az)
{
	const char *id = rq->param[PARAM_CLIENT_ID], *uri;
	const struct oerr *e;
	int found;

	/* If a name was sent twice, nobody knows which value counts. */
	if (id == NULL || rq->param_sent[PARAM_CLIENT_ID] != 1)
		return oerr_say(rq, &oerr_invalid_request,
		    "The app did not say which app it is.");
	rq->trail.client_id = id;
	if ((e = find_client(rq, az, id, &found)) != NULL || is_waiting(az))
		return e;
	if (found == 0 || az->client.revoked_at != 0)
		return oerr_say(rq, &oerr_invalid_request,
		    "The app that sent you here is not known to this server.");
	if ((e = find_sector(rq, az)) != NULL || is_waiting(az))
		return e;
	if ((e = take_object(rq, az)) != NULL ||
	    (e = take_pushed(rq, az)) != NULL)
		return e;
	uri = rq->param[PARAM_REDIRECT_URI];
	if (!take_redirect(rq, az))
		return oerr_why(rq,
		    oerr_say(rq, &oerr_invalid_request,
			"The app asked to send you to an address that is not"
			" registered for it."),
		    "redirect_uri is %s; registered: %s",
		    uri == NULL ? "missing" : oerr_shown(rq->a, uri),
		    az->client.redirect_uris);
	return NULL;
}

/*
 * RFC 9700 section 2.1.1: PKCE, and never "plain", because its challenge tells the
 * verifier to whoever sees the request.  A client that is set so may do without.
 */
static const struct oerr *
check_challenge(struct req *rq, struct authorization *az)
{
	const char *method = rq->param[PARAM_CODE_CHALLENGE_METHOD];

	az->challenge = rq->param[PARAM_CODE_CHALLENGE];
	if (az->challenge == NULL && method == NULL &&
	    az->client.pkce_optional)
		return NULL;
	if (az->challenge == NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The parameter code_challenge is missing.");
	if (method == NULL || strcmp(method, "S256") != 0)
		return with_value(rq,
		    oerr_say(rq, &oerr_invalid_request,
			"The code_challenge_method must be S256."),
		    PARAM_CODE_CHALLENGE_METHOD);
	if (!pkce_is_challenge(az->challenge))
		return with_value(rq,
		    oerr_say(rq, &oerr_invalid_request,
			"The code_challenge is no SHA-256 in base64url."),
		    PARAM_CODE_CHALLENGE);
	return NULL;
}

/* RFC 9449 section 10: the key that the code is for. */
static const struct oerr *
read_jkt(struct req *rq, struct authorization *az)
{
	az->jkt = rq->param[PARAM_DPOP_JKT];
	return az->jkt == NULL || pkce_is_challenge(az->jkt)
	    ? NULL
	    : oerr_say(rq, &oerr_invalid_request,
		  "The dpop_jkt is no SHA-256 in base64url.");
}

/* One of the words will do; words that are none of ours nobody can have. */
static const struct oerr *
take_acr(struct req *rq, struct authorization *az, const char *words)
{
	const enum acr acr = acr_least(words);

	if (acr > az->acr)
		az->acr = acr;
	return acr != ACR_NONE && acr <= factor_best(rq->conf)
	    ? NULL
	    : oerr_why(rq, &oerr_unmet_authentication,
		  "asked for acr %s; the most that this server has is %s",
		  oerr_shown(rq->a, words), acr_name(factor_best(rq->conf)));
}

/* RFC 9470 section 4. */
static const struct oerr *
read_step_up(struct req *rq, struct authorization *az)
{
	const char *acr = rq->param[PARAM_ACR_VALUES];
	const char *age = rq->param[PARAM_MAX_AGE];

	az->max_age = -1;
	if (age != NULL &&
	    (strspn(age, "0123456789") != strlen(age) ||
		conf_time(age, &az->max_age) < 0))
		return with_value(rq,
		    oerr_say(rq, &oerr_invalid_request,
			"The max_age is a number of seconds."),
		    PARAM_MAX_AGE);
	return acr == NULL || *acr == '\0' ? NULL : take_acr(rq, az, acr);
}

/* OpenID Connect Core section 3.1.2.6: what this server does not take. */
static const struct oerr *
check_unsupported(struct req *rq, const struct authorization *az)
{
	static const struct {
		enum param param;
		const struct oerr *e;
	} rows[] = {
		{ PARAM_REQUEST, &oerr_request_not_supported },
		{ PARAM_REQUEST_URI, &oerr_request_uri_not_supported },
		{ PARAM_REGISTRATION, &oerr_registration_not_supported },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rq->param[rows[i].param] != NULL &&
		    !(az->is_pushed && rows[i].param == PARAM_REQUEST_URI))
			return rows[i].e;
	return NULL;
}

/* Who the client expects: OpenID Connect Core section 3.1.2.1. */
static const struct oerr *
read_hint(struct req *rq, struct authorization *az)
{
	const char *text = rq->param[PARAM_ID_TOKEN_HINT];
	const struct oerr *e;

	if (text == NULL)
		return NULL;
	if ((e = id_token_read(rq, text, &az->hint)) != NULL)
		return e;
	return strcmp(az->hint.client_id, az->client.client_id) == 0
	    ? NULL
	    : oerr_why(rq,
		  oerr_say(rq, &oerr_invalid_request,
		      "The id_token_hint was issued to another client."),
		  "The id_token_hint was issued to another client: %s",
		  oerr_shown(rq->a, az->hint.client_id));
}

/* The parameters that OpenID Connect adds; without openid in scope they mean nothing. */
static const struct oerr *
check_openid(struct req *rq, struct authorization *az)
{
	const struct oerr *e;

	if (!(az->scope & rq->conf->built_in[SCOPE_OPENID]))
		return NULL;
	az->nonce = rq->param[PARAM_NONCE];
	/* RFC 9700 section 2.1.1: one of the two tells that a code is the client's. */
	if (az->challenge == NULL && az->nonce == NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "Without a code_challenge the parameter nonce is needed.");
	if ((e = read_hint(rq, az)) != NULL)
		return e;
	if ((e = claims_read(rq, &az->client, &az->claims)) != NULL)
		return e;
	return az->claims.acr == NULL
	    ? NULL
	    : take_acr(rq, az, az->claims.acr);
}

int
authorize_is_for(struct req *rq, const struct authorization *az,
    const struct user *u, int *is)
{
	const char *sub;

	*is = 1;
	if (az->hint.sub == NULL && az->claims.sub == NULL)
		return 0;
	if (subject_for(rq->st, rq->a, az->client.sector, u->id, u->subject,
		&sub) < 0)
		return -1;
	*is = (az->hint.sub == NULL || strcmp(az->hint.sub, sub) == 0) &&
	    (az->claims.sub == NULL || strcmp(az->claims.sub, sub) == 0);
	return 0;
}

const struct oerr *
authorize_check(struct req *rq, struct authorization *az)
{
	const char *type = rq->param[PARAM_RESPONSE_TYPE];
	const char *mode = rq->param[PARAM_RESPONSE_MODE];
	const struct oerr *e;

	if (rq->param_error != NULL)
		return rq->param_error;
	if ((e = check_pushed(rq, az)) != NULL ||
	    (e = check_unsupported(rq, az)) != NULL)
		return e;
	if (type == NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The parameter response_type is missing.");
	if (strcmp(type, "code") != 0)
		return with_value(rq, &oerr_unsupported_response_type,
		    PARAM_RESPONSE_TYPE);
	if (mode != NULL && !az->form_post && strcmp(mode, "query") != 0)
		return with_value(rq,
		    oerr_say(rq, &oerr_invalid_request,
			"The response_mode is query or form_post."),
		    PARAM_RESPONSE_MODE);
	if (!words_have(az->client.grants, GRANT_CODE))
		return oerr_why(rq, &oerr_unauthorized_client,
		    "the client may not use " GRANT_CODE "; it has %s",
		    az->client.grants);
	if ((e = check_challenge(rq, az)) != NULL ||
	    (e = read_jkt(rq, az)) != NULL ||
	    (e = az->prompt_error) != NULL ||
	    (e = read_step_up(rq, az)) != NULL ||
	    (e = resource_asked(rq, &az->resource)) != NULL ||
	    (e = scope_offer(rq, &az->client, rq->param[PARAM_SCOPE],
		 &az->scope)) != NULL)
		return e;
	return check_openid(rq, az);
}

const struct oerr *
authorize_push(struct req *rq, const struct client *cl, struct authorization *az)
{
	const struct oerr *e;

	if (rq->param[PARAM_REQUEST_URI] != NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The parameter request_uri must not be pushed.");
	az->client = *cl;
	az->is_pushed = 1;
	/* RFC 9126 section 3: the object is the whole request. */
	if (rq->param[PARAM_REQUEST] != NULL &&
	    (e = request_object_take(rq, cl)) != NULL)
		return e;
	if (!take_redirect(rq, az))
		return oerr_say(rq, &oerr_invalid_request,
		    "The redirect_uri is missing, or not registered for the"
		    " client.");
	return authorize_check(rq, az);
}

#define TRIED "signed-in" /* action, in the way back from the sign-in page */

const char *
authorize_self(struct req *rq)
{
	struct buf b;

	buf_init(&b, rq->a, 1024);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_AUTHORIZE));
	if (pushed_is_sent(rq)) {
		url_query_add(&b, "client_id", rq->param[PARAM_CLIENT_ID]);
		url_query_add(&b, "request_uri", rq->param[PARAM_REQUEST_URI]);
	} else {
		request_write(rq, REQUEST_AGAIN, &b);
	}
	return b.data;
}

const char *
authorize_login_url(struct req *rq, const struct authorization *az, int anew)
{
	const char *age = rq->param[PARAM_MAX_AGE];
	struct buf back, b;

	buf_init(&back, rq->a, 1024);
	buf_str(&back, authorize_self(rq));
	if (az->acr != ACR_NONE || az->is_pushed)
		url_query_add(&back, "action", TRIED);
	buf_init(&b, rq->a, 1024);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_LOGIN));
	url_query_add(&b, "return_to", back.data);
	if (anew)
		url_query_add(&b, "prompt", "login");
	if (age != NULL)
		url_query_add(&b, "max_age", age);
	if (rq->param[PARAM_LOGIN_HINT] != NULL)
		url_query_add(&b, "email", rq->param[PARAM_LOGIN_HINT]);
	return b.data;
}

int
authorize_was_tried(const struct req *rq)
{
	const char *action = rq->param[PARAM_ACTION];

	return action != NULL && strcmp(action, TRIED) == 0;
}
