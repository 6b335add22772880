/* grant_code.c: an authorization code (RFC 6749 section 4.1.3). */
#include <string.h>

#include "arena.h"
#include "conf.h"
#include "grant.h"
#include "oerr.h"
#include "pkce.h"
#include "req.h"
#include "scope.h"
#include "store_client.h"
#include "store_code.h"
#include "store_user.h"

/*
 * RFC 9700 section 2.1.1: a verifier without a challenge is refused, so that nobody
 * can take PKCE away by removing the challenge from the request.
 */
static const struct oerr *
check_verifier(struct req *rq, const struct auth_code *c)
{
	const char *verifier = rq->param[PARAM_CODE_VERIFIER];

	if (c->challenge == NULL)
		return verifier == NULL
		    ? NULL
		    : oerr_why(rq, &oerr_invalid_grant,
			  "code_verifier for a code without a challenge");
	if (verifier == NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The parameter code_verifier is missing.");
	return pkce_verify(verifier, c->challenge)
	    ? NULL
	    : oerr_why(rq, &oerr_invalid_grant, "wrong code_verifier");
}

/*
 * The attacks, and where each stops:
 *
 * A code that leaked (a log, a Referer, another app on the phone) is useless
 * without the verifier, which never left the app that began (RFC 7636).
 *
 * An attacker's code put into a victim's session (RFC 9700 section 4.5): the
 * victim's app has another verifier.  A client that is set to do without PKCE
 * has its secret against the first attack, and nothing of ours against this one.
 *
 * A code that was given at one redirect URI and redeemed by way of another
 * (RFC 6749 section 10.6): both must be the same, byte for byte.
 *
 * A second use (RFC 6749 section 4.1.2): somebody has a copy.  All that the
 * first use gave is revoked.  Two uses at once: the code is spent by one
 * statement in the transaction that stores the tokens, so one of them wins.
 */
static const struct oerr *
check_code(struct req *rq, const struct client *cl, const struct auth_code *c)
{
	if (c->granted.client != cl->id)
		return oerr_why(rq, &oerr_invalid_grant,
		    "code of another client");
	if (c->spent_at != 0)
		return grant_replayed(rq, &c->granted, "code used twice");
	if (c->expires_at <= rq->now)
		return oerr_why(rq, &oerr_invalid_grant, "expired code");
	if (strcmp(c->redirect_uri, rq->param[PARAM_REDIRECT_URI]) != 0)
		return oerr_why(rq, &oerr_invalid_grant,
		    "another redirect_uri: %s; the code is for %s",
		    oerr_shown(rq->a, rq->param[PARAM_REDIRECT_URI]),
		    c->redirect_uri);
	return check_verifier(rq, c);
}

static const struct oerr *
redeem(struct req *rq, const struct client *cl, struct subject *sub)
{
	const char *text = rq->param[PARAM_CODE];
	struct user *u = arena_alloc(rq->a, sizeof(*u));
	const struct oerr *e;
	struct auth_code c;
	int found;

	digest_of(text, strlen(text), &sub->digest);
	found = store_code_find(rq->st, rq->a, &sub->digest, &c);
	if (found < 0)
		return oerr_machine(rq);
	if (found == 0)
		return oerr_why(rq, &oerr_invalid_grant, "unknown code");
	if ((e = check_code(rq, cl, &c)) != NULL ||
	    (e = grant_check_key(rq, &c.granted, sub)) != NULL ||
	    (e = grant_user(rq, c.granted.user, u)) != NULL)
		return e;
	sub->user = u;
	sub->granted = c.granted;
	sub->granted.scope = NULL;
	sub->scope = scope_parse(rq->conf, c.granted.scope, NULL) &
	    scope_of_client(rq->conf, cl) & scope_of_user(rq->conf, u);
	if (*c.granted.scope != '\0' && sub->scope == 0)
		return oerr_why(rq, &oerr_invalid_scope,
		    "nothing left of what was granted");
	return NULL;
}

static int
spend(struct req *rq, const struct subject *sub,
    const struct access_token *access, struct refresh_token *refresh)
{
	(void)access;
	(void)refresh;
	return store_code_spend(rq->st, &sub->digest, rq->now);
}

const struct grant grant_code = {
	.name = GRANT_CODE,
	.public_may = 1,
	.for_user = 1,
	.needs = { PARAM_CODE, PARAM_REDIRECT_URI },
	.n_needs = 2,
	.redeem = redeem,
	.spend = spend,
};
