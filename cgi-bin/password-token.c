/* password-token.c: POST /api/oauth/password/token: for first-party pages. */
#include "arena.h"
#include "client.h"
#include "conf.h"
#include "grant.h"
#include "issue.h"
#include "identity.h"
#include "oerr.h"
#include "passport_error.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "store_client.h"

/*
 * A browser cannot keep the password client's secret, so this program acts as
 * that client: the configured one, else the one that carnet install made.
 */
static const struct oerr *
find_client(struct req *rq, struct client *cl)
{
	const char *id = rq->conf->password_client_id;
	const char *secret = rq->conf->password_client_secret;
	const struct oerr *e;
	int found;

	found = id == NULL
	    ? store_client_by_role(rq->st, rq->a, "password", cl)
	    : store_client_by_id(rq->st, rq->a, id, cl);
	if (found < 0)
		return oerr_machine(rq);
	if (found == 0)
		return oerr_why(rq, &oerr_invalid_client,
		    "no password client; carnet install makes one");
	rq->trail.client_id = cl->client_id;
	if (secret != NULL &&
	    (e = client_check_secret(rq, cl, secret)) != NULL)
		return e == &oerr_invalid_client
		    ? oerr_why(rq, e, "the configured password client's secret"
				      " is wrong")
		    : e;
	if (cl->revoked_at != 0)
		return oerr_why(rq, &oerr_invalid_client, "revoked client");
	return NULL;
}

static const struct oerr *
validate(struct req *rq)
{
	const char *name = rq->param[PARAM_USERNAME];
	const int also = rq->conf->password_user_names;
	const struct oerr *e = NULL;

	if (name == NULL)
		e = oerr_field(rq, "username",
		    "The username field is required.");
	else if ((also ? identity_any(rq->a, name)
		       : identity_email(rq->a, name)) == NULL)
		e = oerr_field(rq, "username",
		    "The username field must be a valid email address%s.",
		    also ? " or user name" : "");
	if (rq->param[PARAM_PASSWORD] == NULL)
		e = oerr_field(rq, "password",
		    "The password field is required.");
	return e;
}

/* The grant is the password grant, or a refresh of what it gave. */
static const struct oerr *
password_token_post(struct req *rq)
{
	const char *type = rq->param[PARAM_GRANT_TYPE];
	const int refresh = type != NULL && strcmp(type, GRANT_REFRESH) == 0;
	struct client *cl = arena_alloc(rq->a, sizeof(*cl));
	const struct grant *g;
	const struct oerr *e;
	struct subject sub = { .user = NULL };

	if (!refresh) {
		if ((e = validate(rq)) != NULL)
			return e;
		rq->param[PARAM_GRANT_TYPE] = GRANT_PASSWORD;
	}
	if ((e = grant_find(rq, &g)) != NULL ||
	    (e = find_client(rq, cl)) != NULL ||
	    (e = grant_check(rq, g, cl)) != NULL ||
	    (e = g->redeem(rq, cl, &sub)) != NULL)
		return e;
	return issue_tokens(rq, cl, g, &sub);
}

/* A parameter that its validator refused is a failed validation here. */
static void
fail(struct req *rq, const struct oerr *e)
{
	if (rq->bad_param != NULL)
		e = oerr_field(rq, rq->bad_param, "%s", e->description);
	resp_error_json(rq, passport_error(rq, e));
}

int
main(void)
{
	static const struct endpoint password_token = {
		.uses = USES_STORE | USES_SIGNING | USES_PASSWORDS |
		    USES_FACTORS,
		.name = "password-token", .audit = "token",
		.methods = METHOD_POST,
		.bodies = BODY_FORM | BODY_JSON | BODY_MULTIPART,
		.cors = 1,
		.waits = 1,
		.run = password_token_post, .fail = fail,
	};

	return serve(&password_token);
}
