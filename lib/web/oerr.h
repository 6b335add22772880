/* oerr.h: protocol errors as objects. */
#ifndef CARNET_OERR_H
#define CARNET_OERR_H

struct arena;
struct req;

/* An error as the wire has it; NULL in its place means that all is well. */
struct oerr {
	int status;
	const char *error;	 /* RFC 6749 section 5.2, RFC 6750 section 3.1 */
	const char *description; /* for the caller's programmer */
	const char *message;	 /* for clients of Passport, or NULL */
};

extern const struct oerr oerr_invalid_request, oerr_invalid_client,
    oerr_invalid_grant, oerr_unauthorized_client, oerr_unsupported_grant_type,
    oerr_invalid_scope;
/* RFC 6749 section 4.1.2.1, OpenID Connect Core 3.1.2.6, RFC 8628, RFC 8707. */
extern const struct oerr oerr_access_denied, oerr_unsupported_response_type,
    oerr_login_required, oerr_consent_required, oerr_authorization_pending,
    oerr_slow_down, oerr_expired_token, oerr_invalid_target;
/* OpenID Connect Core section 3.1.2.6. */
extern const struct oerr oerr_request_not_supported,
    oerr_request_uri_not_supported, oerr_registration_not_supported,
    oerr_invalid_request_object;
/* OpenID Connect, unmet_authentication_requirements; RFC 9470 section 3. */
extern const struct oerr oerr_unmet_authentication,
    oerr_insufficient_authentication;
/* RFC 9449 sections 5 and 8; for a resource, sections 7.1 and 9. */
extern const struct oerr oerr_invalid_proof, oerr_use_nonce,
    oerr_invalid_proof_here, oerr_use_nonce_here;
/* For pages that a person reads. */
extern const struct oerr oerr_stale_form, oerr_foreign_form;
/* RFC 6585 section 4; slow_down is the nearest of OAuth's registered errors. */
extern const struct oerr oerr_throttled, oerr_too_many;
extern const struct oerr oerr_no_token, oerr_invalid_token,
    oerr_insufficient_scope, oerr_wrong_caller, oerr_origin,
    oerr_no_rule;
extern const struct oerr oerr_not_found, oerr_method, oerr_timeout,
    oerr_too_large, oerr_media_type, oerr_unprocessable,
    oerr_server_error, oerr_busy;

/*
 * oerr_say(rq, e, fmt, ...):
 * Return a copy of e, in the request's arena, with another description.
 */
const struct oerr *oerr_say(struct req *rq, const struct oerr *e,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * oerr_why(rq, e, fmt, ...):
 * Store the reason for the log, and return e.  The reason is never sent to the
 * client, and must contain no secret.
 */
const struct oerr *oerr_why(struct req *rq, const struct oerr *e,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * oerr_hint(rq, fmt, ...):
 * Store what the error's member hint says, with passport_compat alone.
 */
void oerr_hint(struct req *rq, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * oerr_field(rq, name, fmt, ...):
 * Store a sentence for the sender: the field of that name is wrong.  Return
 * &oerr_unprocessable, a 422 that is answered with all these sentences.
 */
const struct oerr *oerr_field(struct req *rq, const char *name,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * oerr_log(rq, e):
 * Log an error that is not answered as an error, but with a page that is shown again
 * or with a redirect.  serve logs all other errors.
 */
void oerr_log(struct req *rq, const struct oerr *e);

/* oerr_shown(a, text): text of a stranger as one short plain word. */
const char *oerr_shown(struct arena *a, const char *text);

/*
 * oerr_machine(rq):
 * Return the error for a failure that is already in the log: oerr_busy if the
 * database was locked or its disk full, else oerr_server_error.
 */
const struct oerr *oerr_machine(struct req *rq);

#endif
