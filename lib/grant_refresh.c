/* grant_refresh.c: a new pair for an old refresh token (RFC 6749 section 6). */
#include "arena.h"
#include "cgi.h"
#include "conf.h"
#include "grant.h"
#include "oerr.h"
#include "scope.h"
#include "store_client.h"
#include "store_token.h"
#include "store_user.h"

/*
 * The attacks, and where each stops (RFC 9700 section 4.14):
 *
 * A stolen token is used by the thief first: the owner's own use is then the
 * second one, the family is revoked, and the thief's pair with it.  Or used
 * after the owner: the same, sooner.  Both sides hold tokens that die.
 *
 * Two uses at once, so that both find the token unspent: it is spent by one
 * statement in the transaction that stores the new pair (issue_tokens), and the
 * writers take turns.  What is read here decides only what is asked for.
 *
 * The client lost our answer, and tries again: it is no thief.  The same client
 * within refresh_grace seconds gets a fresh pair in place of the one that was
 * lost.  At any time one pair of a family is live; whoever holds another finds
 * it spent, and once the grace is over its use revokes the family.  The grace is
 * counted from the first use: owner and thief who take turns do not renew it.
 *
 * A token of another client (or stolen from one) is refused; if it was already
 * spent, its family is revoked too: no honest client sends it.
 *
 * A token that was granted for one API and is presented for another's: the family
 * is bound to its resource, and each pair of it (RFC 8707 section 2.2).
 *
 * A narrower scope asked once does not narrow the family, a wider one than was
 * first granted is refused, and what client or user lost since is gone.
 */

/*
 * Is a spent token within its grace?  One that was spent in the future was so
 * before the clock was set back: by less than the grace, or nobody knows when.
 */
static int
is_retry(const struct req *rq, const struct refresh_token *t)
{
	const int64_t grace_s = rq->conf->refresh_grace;

	return grace_s > 0 && t->spent_at >= rq->now - grace_s &&
	    t->spent_at <= rq->now + grace_s;
}

/* Is the token one that this client may use now? */
static const struct oerr *
check_token(struct req *rq, const struct client *cl,
    const struct refresh_token *t)
{
	if (t->revoked_at != 0)
		return oerr_why(rq, &oerr_invalid_grant,
		    "revoked refresh token");
	if (t->expires_at <= rq->now)
		return oerr_why(rq, &oerr_invalid_grant,
		    "expired refresh token");
	if (t->client != cl->id)
		return t->spent_at != 0
		    ? issue_replayed(rq, &t->family, "spent token of another client")
		    : oerr_why(rq, &oerr_invalid_grant,
			  "refresh token of another client");
	if (t->spent_at != 0 && !is_retry(rq, t))
		return issue_replayed(rq, &t->family, "refresh token used twice");
	return NULL;
}

static const struct oerr *
check_scope(struct req *rq, const struct client *cl, const struct user *u,
    const struct refresh_token *t, struct subject *sub)
{
	const char *asked = rq->param[PARAM_SCOPE];
	uint64_t may = scope_of_client(rq->conf, cl) &
	    scope_of_user(rq->conf, u) & ~SCOPE_STAR;
	int unknown = 0;

	sub->granted = scope_parse(rq->conf, t->scope, NULL);
	sub->scope = asked == NULL
	    ? sub->granted
	    : scope_parse(rq->conf, asked, &unknown);
	if (unknown || sub->scope & ~sub->granted)
		return oerr_why(rq, &oerr_invalid_scope,
		    "more than was granted");
	if (sub->scope != 0 && (sub->scope & may) == 0)
		return oerr_why(rq, &oerr_invalid_scope,
		    "nothing left of what was granted");
	sub->scope &= may;
	return NULL;
}

const struct oerr *
grant_refresh(struct req *rq, const struct client *cl, struct subject *sub)
{
	const char *text = rq->param[PARAM_REFRESH_TOKEN];
	struct refresh_token *t = arena_alloc(rq->a, sizeof(*t));
	struct user *u = arena_alloc(rq->a, sizeof(*u));
	const struct oerr *e;
	struct digest d;
	int found;

	digest_of(text, strlen(text), &d);
	if ((found = store_refresh_find(rq->st, rq->a, &d, t)) < 0)
		return oerr_machine(rq);
	if (found == 0)
		return oerr_why(rq, &oerr_invalid_grant,
		    "unknown refresh token");
	if ((e = check_token(rq, cl, t)) != NULL)
		return e;
	if ((e = grant_user(rq, t->user, u)) != NULL)
		return e;
	sub->user = u;
	sub->spend = SPEND_REFRESH;
	sub->digest = d;
	sub->family = t->family;
	sub->resource = t->resource;
	return check_scope(rq, cl, u, t, sub);
}
