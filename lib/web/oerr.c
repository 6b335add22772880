/* oerr.c: protocol errors as objects. */
#include "oerr.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "log.h"
#include "remote.h"
#include "req.h"
#include "store.h"

#define UNAUTHENTICATED "Unauthenticated."
#define BAD_SCOPE "Invalid scope(s) provided."

/* RFC 6749 section 5.2. */
const struct oerr oerr_invalid_request = { 400, "invalid_request",
	"The request is malformed.", NULL };
const struct oerr oerr_invalid_client = { 401, "invalid_client",
	"Client authentication failed.", NULL };
const struct oerr oerr_invalid_grant = { 400, "invalid_grant",
	"The grant is invalid, expired or revoked.", NULL };
const struct oerr oerr_unauthorized_client = { 400, "unauthorized_client",
	"The client may not use this grant type.", NULL };
const struct oerr oerr_unsupported_grant_type = { 400,
	"unsupported_grant_type", "The grant type is not supported.", NULL };
const struct oerr oerr_invalid_scope = { 400, "invalid_scope",
	"The scope is unknown, malformed or not allowed.", NULL };

const struct oerr oerr_access_denied = { 400, "access_denied",
	"The user said no.", NULL };
const struct oerr oerr_unsupported_response_type = { 400,
	"unsupported_response_type", "The response type must be code.", NULL };
const struct oerr oerr_login_required = { 400, "login_required",
	"Nobody is signed in, and prompt=none forbids to ask.", NULL };
const struct oerr oerr_consent_required = { 400, "consent_required",
	"Consent is needed, and prompt=none forbids to ask.", NULL };
const struct oerr oerr_authorization_pending = { 400,
	"authorization_pending", "The user has not decided yet.", NULL };
const struct oerr oerr_slow_down = { 400, "slow_down",
	"Polled too fast: wait five seconds longer each time.", NULL };
const struct oerr oerr_expired_token = { 400, "expired_token",
	"The device code has expired.", NULL };
const struct oerr oerr_invalid_target = { 400, "invalid_target",
	"The resource is not one that this server gives tokens for.", NULL };
const struct oerr oerr_request_not_supported = { 400,
	"request_not_supported",
	"The parameter request is for clients with keys.", NULL };
const struct oerr oerr_invalid_request_object = { 400,
	"invalid_request_object",
	"The request object is malformed, expired, or not signed by the client.",
	NULL };
const struct oerr oerr_request_uri_not_supported = { 400,
	"request_uri_not_supported",
	"The parameter request_uri is not supported.", NULL };
const struct oerr oerr_registration_not_supported = { 400,
	"registration_not_supported",
	"The parameter registration is not supported.", NULL };
const struct oerr oerr_unmet_authentication = { 400,
	"unmet_authentication_requirements",
	"The user cannot sign in here in the way that acr_values asks for.",
	NULL };
/* RFC 9449; at a resource the status is 401. */
#define INVALID_PROOF "invalid_dpop_proof", \
	"The DPoP proof is malformed, is not for this request, or was used."
#define USE_NONCE "use_dpop_nonce", \
	"The DPoP proof needs the nonce of the header DPoP-Nonce."
const struct oerr oerr_invalid_proof = { 400, INVALID_PROOF, NULL };
const struct oerr oerr_use_nonce = { 400, USE_NONCE, NULL };
const struct oerr oerr_invalid_proof_here = { 401, INVALID_PROOF,
	UNAUTHENTICATED };
const struct oerr oerr_use_nonce_here = { 401, USE_NONCE, UNAUTHENTICATED };

const struct oerr oerr_insufficient_authentication = { 401,
	"insufficient_user_authentication",
	"The user must sign in again, or in a stronger way.",
	UNAUTHENTICATED };
const struct oerr oerr_stale_form = { 400, "invalid_request",
	"This form is out of date. Go back, reload the page, and try again.",
	NULL };

const struct oerr oerr_foreign_form = { 400, "invalid_request",
	"This form was not sent by a page of this site.", NULL };

const struct oerr oerr_throttled = { 429, "slow_down",
	"Too many failed attempts. Try again later.",
	"Too Many Attempts." };

const struct oerr oerr_too_many = { 429, "slow_down",
	"Too many requests. Try again later.", "Too Many Requests." };

/* RFC 6750 section 3; without a token the challenge names no error. */
const struct oerr oerr_no_token = { 401, "unauthorized",
	"This resource needs a bearer token.", UNAUTHENTICATED };
const struct oerr oerr_invalid_token = { 401, "invalid_token",
	"The access token is malformed, expired or revoked.",
	UNAUTHENTICATED };
const struct oerr oerr_insufficient_scope = { 403, "insufficient_scope",
	"The access token lacks a scope that this resource needs.",
	BAD_SCOPE };
const struct oerr oerr_wrong_caller = { 403, "insufficient_scope",
	"This resource is for a client that acts for itself, not for a user.",
	BAD_SCOPE };

/* Fetch, section 3.2: the browser would not let the script read the answer. */
const struct oerr oerr_origin = { 403, "invalid_request",
	"Scripts of this origin may not call: it is none of a public client's"
	" redirect URIs, nor of the setting cors_origins.", NULL };

/* No token of the caller could help. */
const struct oerr oerr_no_rule = { 403, "access_denied",
	"No rule of this server lets anyone in here.",
	"This action is unauthorized." };

/* Errors of HTTP and of this server. */
const struct oerr oerr_not_found = { 404, "not_found",
	"There is nothing here.", "Not found." };
const struct oerr oerr_method = { 405, "method_not_allowed",
	"The method is not allowed here.", NULL };
const struct oerr oerr_timeout = { 408, "invalid_request",
	"The request body did not come in time.", NULL };
const struct oerr oerr_too_large = { 413, "invalid_request",
	"The request body is too large.", NULL };
const struct oerr oerr_media_type = { 415, "invalid_request",
	"The media type of the body is not one that is taken here.", NULL };
const struct oerr oerr_unprocessable = { 422, "invalid_request",
	"A field is missing or wrong.", NULL };
const struct oerr oerr_server_error = { 500, "server_error",
	"Something failed here; the request id finds it in the log.", NULL };
const struct oerr oerr_busy = { 503, "temporarily_unavailable",
	"The server cannot do this right now; try again soon.", NULL };

static char *format(struct arena *a, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static char *
format(struct arena *a, const char *fmt, va_list ap)
{
	char line[512];

	vsnprintf(line, sizeof(line), fmt, ap);
	return arena_str(a, line);
}

const struct oerr *
oerr_say(struct req *rq, const struct oerr *e, const char *fmt, ...)
{
	struct oerr *said = arena_alloc(rq->a, sizeof(*said));
	va_list ap;

	*said = *e;
	va_start(ap, fmt);
	said->description = format(rq->a, fmt, ap);
	va_end(ap);
	return said;
}

const struct oerr *
oerr_why(struct req *rq, const struct oerr *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	rq->trail.why = format(rq->a, fmt, ap);
	va_end(ap);
	return e;
}

void
oerr_hint(struct req *rq, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	rq->hint = format(rq->a, fmt, ap);
	va_end(ap);
}

const struct oerr *
oerr_field(struct req *rq, const char *name, const char *fmt, ...)
{
	struct field_error *f = arena_alloc(rq->a, sizeof(*f)), **end;
	va_list ap;

	f->name = name;
	va_start(ap, fmt);
	f->text = format(rq->a, fmt, ap);
	va_end(ap);
	for (end = &rq->field_errors; *end != NULL;)
		end = &(*end)->next;
	*end = f;
	return &oerr_unprocessable;
}

const struct oerr *
oerr_machine(struct req *rq)
{
	return rq->st != NULL && store_is_busy(rq->st)
	    ? &oerr_busy
	    : &oerr_server_error;
}

/*
 * Text of a stranger, cut short, for the log.  Only plain ASCII stays: other text
 * could look like a field of the log line, or move the cursor of a terminal (U+009B
 * is a control character too).
 */
const char *
oerr_shown(struct arena *a, const char *text)
{
	char *copy = arena_dup(a, text, strnlen(text, 80));

	for (char *p = copy; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f ||
		    strchr("\"=", *p) != NULL)
			*p = '?';
	return *copy == '\0' ? "-" : copy;
}

void
oerr_log(struct req *rq, const struct oerr *e)
{
	const char *method = req_var(rq, "REQUEST_METHOD");
	const char *from = rq->conf == NULL ? "" : remote_address(rq);

	rq->trail.error = e;
	log_event("status=%d error=%s why=\"%s\" from=%s client=%s"
		  " method=%s path=%s",
	    e->status, e->error, rq->trail.why == NULL ? e->description : rq->trail.why,
	    oerr_shown(rq->a, from),
	    rq->trail.client_id == NULL ? "-" : oerr_shown(rq->a, rq->trail.client_id),
	    method == NULL ? "-" : oerr_shown(rq->a, method),
	    oerr_shown(rq->a, arena_printf(rq->a, "%s%s", rq->script, rq->path)));
}
