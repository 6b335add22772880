/* grant_password.c: a user's e-mail and password (RFC 6749 section 4.3). */
#include "arena.h"
#include "factor.h"
#include "grant.h"
#include "oerr.h"
#include "proof.h"
#include "req.h"
#include "scope.h"
#include "store_user.h"
#include "user.h"

/*
 * Who comes here knows the password.  A code that is missing is no guess; a wrong one
 * is counted, and answered with the same words.
 */
static const struct oerr *
second_factor(struct req *rq, const struct user *u, struct proof *p)
{
	const struct oerr *e;

	if (factor_is_missing(rq->conf, u, p))
		return oerr_say(rq, &oerr_invalid_grant,
		    "This user must add a second factor first: sign in by a"
		    " browser.");
	if (!factor_is_needed(rq->conf, u, p))
		return NULL;
	e = factor_check(rq, u, p);
	return e != &oerr_invalid_grant
	    ? e
	    : oerr_say(rq, e,
		  "This user has a second factor: its code is wanted in otp.");
}

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
	if ((e = second_factor(rq, u, &sub->granted.proof)) != NULL)
		return e;
	return scope_grant(rq, cl, u, rq->param[PARAM_SCOPE], &sub->scope);
}

const struct grant grant_password = {
	.name = GRANT_PASSWORD,
	.for_user = 1,
	.needs = { PARAM_USERNAME, PARAM_PASSWORD },
	.n_needs = 2,
	.redeem = redeem,
};
