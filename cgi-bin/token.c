/* token.c: POST /oauth/token: all grants (RFC 6749 section 3.2). */
#include "client.h"
#include "client_tls.h"
#include "dpop.h"
#include "grant.h"
#include "issue.h"
#include "passport_error.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "site.h"

/* Which grant, who asks, may they, for whom is it: then issue. */
static const struct oerr *
token_post(struct req *rq)
{
	const struct client *cl;
	const struct grant *g;
	const struct oerr *e;
	struct subject sub = { .user = NULL };

	if ((e = grant_find(rq, &g)) != NULL ||
	    (e = client_authenticate(rq, &cl)) != NULL ||
	    (e = grant_check(rq, g, cl)) != NULL ||
	    (e = dpop_at(rq, SITE_TOKEN, &sub.jkt)) != NULL ||
	    (e = client_tls_bind(rq, cl, &sub.jkt, &sub.by_cert)) != NULL ||
	    (e = g->redeem(rq, cl, &sub)) != NULL)
		return e;
	return issue_tokens(rq, cl, g, &sub);
}

static void
fail(struct req *rq, const struct oerr *e)
{
	resp_error_json(rq, passport_error(rq, e));
}

int
main(void)
{
	static const struct endpoint token = {
		.uses = USES_STORE | USES_SIGNING | USES_PASSWORDS |
		    USES_FACTORS,
		.name = "token", .audit = "token",
		.methods = METHOD_POST,
		.bodies = BODY_FORM | BODY_JSON | BODY_MULTIPART,
		.cors = 1, .spends = 1, .spends_once = 1,
		.waits = 1,
		.run = token_post, .fail = fail,
	};

	return serve(&token);
}
