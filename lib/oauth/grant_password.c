/* grant_password.c: a user's e-mail and password (RFC 6749 section 4.3). */
#include "arena.h"
#include "grant.h"
#include "oerr.h"
#include "proof.h"
#include "req.h"
#include "scope.h"
#include "store_user.h"
#include "user.h"

/*
 * An attacker must not learn from text or time whether an account exists or is
 * disabled.  So the password is checked first, against a made-up hash if there
 * is no such user, and every refusal has the same text.
 */
static const struct oerr *
redeem(struct req *rq, const struct client *cl, struct subject *sub)
{
	struct user *u = arena_alloc(rq->a, sizeof(*u));
	const struct oerr *e;

	if ((e = user_authenticate(rq, rq->param[PARAM_USERNAME],
		 rq->param[PARAM_PASSWORD], u)) != NULL)
		return e;
	sub->user = u;
	sub->granted.proof = proof_of_password(rq);
	return scope_grant(rq, cl, u, rq->param[PARAM_SCOPE], &sub->scope);
}

const struct grant grant_password = {
	.name = GRANT_PASSWORD,
	.for_user = 1,
	.needs = { PARAM_USERNAME, PARAM_PASSWORD },
	.n_needs = 2,
	.redeem = redeem,
};
