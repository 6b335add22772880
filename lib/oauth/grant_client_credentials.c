/* grant_client_credentials.c: a machine for itself (RFC 6749 section 4.4). */
#include "grant.h"
#include "req.h"
#include "scope.h"

static const struct oerr *
redeem(struct req *rq, const struct client *cl, struct subject *sub)
{
	return scope_grant(
	    rq, cl, NULL, rq->param[PARAM_SCOPE], &sub->scope);
}

const struct grant grant_client_credentials = {
	.name = GRANT_CLIENT_CREDENTIALS,
	.redeem = redeem,
};
