/* oerr.h: protocol errors as objects. */
#ifndef CARNET_OERR_H
#define CARNET_OERR_H

struct arena;
struct req;

/* What the wire says; NULL in place of an error means that all is well. */
struct oerr {
	int status;
	const char *error;	 /* RFC 6749 section 5.2, RFC 6750 section 3.1 */
	const char *description; /* for the caller's programmer */
	const char *message;	 /* for Passport's readers, or NULL */
};

extern const struct oerr oerr_invalid_request, oerr_invalid_client,
    oerr_invalid_grant, oerr_unauthorized_client, oerr_unsupported_grant_type,
    oerr_invalid_scope;
/* RFC 6749 section 4.1.2.1, OpenID Connect Core 3.1.2.6, RFC 8628, RFC 8707. */
extern const struct oerr oerr_access_denied, oerr_unsupported_response_type,
    oerr_login_required, oerr_consent_required, oerr_authorization_pending,
    oerr_slow_down, oerr_expired_token, oerr_invalid_target;
/* For pages: what a person reads. */
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
 * Note the reason for the log, never for the wire, and return e.  No secret may
 * stand in it.
 */
const struct oerr *oerr_why(struct req *rq, const struct oerr *e,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * oerr_field(rq, name, fmt, ...):
 * Note that the field name of what was sent fails validation, in a sentence for
 * its sender, and return &oerr_unprocessable: 422 with all that were noted.
 */
const struct oerr *oerr_field(struct req *rq, const char *name,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * oerr_log(rq, e):
 * Write the line of an error that is answered in another way than as an error:
 * a page shown again, a redirect.  Others are logged where requests are served.
 */
void oerr_log(struct req *rq, const struct oerr *e);

/* oerr_shown(a, text): what a stranger sent, cut short, as one plain word. */
const char *oerr_shown(struct arena *a, const char *text);

/*
 * oerr_machine(rq):
 * Return the error of a failure that is already in the log: busy if the
 * database was locked or its disk full, else a server error.
 */
const struct oerr *oerr_machine(struct req *rq);

#endif
