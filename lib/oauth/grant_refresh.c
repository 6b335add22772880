/* grant_refresh.c: a new pair for an old refresh token (RFC 6749 section 6). */
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "client.h"
#include "conf.h"
#include "grant.h"
#include "keys.h"
#include "oerr.h"
#include "passport_key.h"
#include "passport_redeem.h"
#include "req.h"
#include "scope.h"
#include "store_client.h"
#include "store_token.h"
#include "store_user.h"

/*
 * The attacks, and where each stops (RFC 9700 section 4.14):
 *
 * A stolen token is used by the thief first: the owner's own use is then the
 * second one, the family is revoked, and the thief's tokens with it.  If the
 * owner uses it first, the thief's use is the second one.  Within the grace both
 * get the same next token, so the second use of that one is found.
 *
 * Two tabs, or processes that share one token, use it at the same time; or one
 * uses it again because our answer was lost.  They are no thieves.  Within
 * refresh_grace seconds of the first use the same client gets the same next
 * refresh token each time, and a new access token.  Whatever the order of the
 * answers, there is one live refresh token in the end, and no access token
 * that another use got is revoked.  The next token is derived from the one
 * presented, so that its text need not be stored.  It may be spent by the time
 * that a late use gets it; that does not make it live longer.  The grace is
 * counted from the first use: an owner and a thief who take turns do not renew
 * it.
 *
 * Two uses may both find the token unspent.  It is spent by one statement in the
 * transaction that stores the new tokens (issue_tokens), and writers take
 * turns.  What redeem reads decides only what is asked of that transaction.
 *
 * A token of another client (or stolen from one) is refused.  Its family is not
 * revoked: else whoever finds an old token could sign its owner out.
 *
 * A token that was granted for one API and is presented for another's: the family
 * is bound to its resource, and each token of it (RFC 8707 section 2.2).
 *
 * A narrower scope that is asked for once does not narrow the family.  A wider
 * one than was first granted is refused.  Scopes that the client or the user
 * lost since are left out.
 */

/*
 * Is a spent token within its grace?  If it was spent in the future, the clock
 * was set back since; by more than the grace it is no retry.
 */
static int
is_retry(const struct req *rq, const struct refresh_token *t)
{
	const int64_t grace_s = rq->conf->refresh_grace;

	return grace_s > 0 && t->spent_at >= rq->now - grace_s &&
	    t->spent_at <= rq->now + grace_s;
}

/* Somebody seems to have a copy: the trail names the token's user. */
static void
name_user(struct req *rq, const struct refresh_token *t)
{
	struct user u;

	(void)grant_user(rq, t->granted.user, &u);
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
	if (grant_family_end(rq->conf, &t->granted.family) <= rq->now)
		return oerr_why(rq, &oerr_invalid_grant,
		    "the sign-in is older than refresh_max");
	if (t->granted.client != cl->id) {
		name_user(rq, t);
		return oerr_why(rq, &oerr_invalid_grant,
		    t->spent_at != 0 ? "spent refresh token of another client"
				     : "refresh token of another client");
	}
	if (t->spent_at != 0 && !is_retry(rq, t)) {
		return grant_replayed(
		    rq, &t->granted, "refresh token used twice");
	}
	return NULL;
}

static const struct oerr *
check_scope(struct req *rq, const struct client *cl, const struct user *u,
    const struct refresh_token *t, struct subject *sub)
{
	const char *asked = rq->param[PARAM_SCOPE];
	const uint64_t granted =
	    scope_parse(rq->conf, t->granted.scope, NULL);
	uint64_t may = scope_of_client(rq->conf, cl) &
	    scope_of_user(rq->conf, u) & ~SCOPE_STAR;
	int unknown = 0;

	sub->scope = asked == NULL
	    ? granted
	    : scope_parse(rq->conf, asked, &unknown);
	if (unknown || sub->scope & ~granted)
		return oerr_why(rq, &oerr_invalid_scope,
		    "more than was granted");
	if (sub->scope != 0 && (sub->scope & may) == 0)
		return oerr_why(rq, &oerr_invalid_scope,
		    "nothing left of what was granted");
	sub->scope &= may;
	sub->granted.scope = scope_format(rq->conf, rq->a, granted);
	return NULL;
}

/* The token to answer with: the next one, or of a client that keeps it this. */
static const struct oerr *
find_next(struct req *rq, const struct client *cl,
    const struct refresh_token *t, struct subject *sub)
{
	const char *text = rq->param[PARAM_REFRESH_TOKEN];
	char *next = arena_alloc(rq->a, SECRET_TEXT_LEN + 1);
	struct keys *ks;

	if (cl->refresh_keep && !client_is_public(cl) && t->spent_at == 0) {
		sub->is_kept = 1;
		sub->next = text;
		return NULL;
	}
	if ((ks = keys_get_signing(rq)) == NULL ||
	    keys_refresh_next(ks, text, next) < 0)
		return oerr_why(rq, &oerr_server_error,
		    "no key to make the next refresh token with");
	sub->next = next;
	return NULL;
}

/* Its row, and the digest by which that is found. */
static const struct oerr *
find_token(struct req *rq, const struct client *cl, const char *text,
    struct digest *d, struct refresh_token *out)
{
	int found;

	if (passport_is_refresh(text))
		return passport_redeem(rq, cl, text, d, out);
	digest_of(text, strlen(text), d);
	if ((found = store_refresh_find(rq->st, rq->a, d, out)) < 0)
		return oerr_machine(rq);
	return found == 1 ? NULL
			  : oerr_why(rq, &oerr_invalid_grant,
				"unknown refresh token");
}

static const struct oerr *
redeem(struct req *rq, const struct client *cl, struct subject *sub)
{
	const char *text = rq->param[PARAM_REFRESH_TOKEN];
	struct refresh_token *t = arena_alloc(rq->a, sizeof(*t));
	struct user *u = arena_alloc(rq->a, sizeof(*u));
	const struct oerr *e;
	struct digest d;

	if ((e = find_token(rq, cl, text, &d, t)) != NULL ||
	    (e = check_token(rq, cl, t)) != NULL ||
	    (e = grant_check_key(rq, &t->granted, sub)) != NULL)
		return e;
	if ((e = grant_user(rq, t->granted.user, u)) != NULL)
		return e;
	sub->user = u;
	sub->digest = d;
	sub->granted = t->granted;
	if ((e = check_scope(rq, cl, u, t, sub)) != NULL)
		return e;
	return find_next(rq, cl, t, sub);
}

/*
 * No refresh token is added: the row is of the access token alone, so that this ends
 * with the family, and with the first use of the refresh token that came with it.
 */
static void
make_row_of_access(struct refresh_token *r, const struct access_token *access,
    int came_with_another)
{
	char unused[SECRET_TEXT_LEN + 1];

	r->came_with = r->digest;
	r->has_came_with = came_with_another;
	r->spent_at = access->created_at;
	r->expires_at = access->expires_at;
	secret_make(unused, &r->digest);
}

static int
spend(struct req *rq, const struct subject *sub,
    const struct access_token *access, struct refresh_token *refresh)
{
	const int n = sub->is_kept
	    ? store_refresh_keep(
		  rq->st, &sub->digest, rq->now, refresh->expires_at)
	    : store_refresh_spend(rq->st, &sub->digest, &refresh->digest,
		  rq->now, rq->conf->refresh_grace);

	if (n <= 0)
		return n;
	if (sub->is_kept || n == REFRESH_AGAIN)
		make_row_of_access(refresh, access, !sub->is_kept);
	return 1;
}

/* It was seen unspent, or within the grace: nobody replays it. */
static const struct oerr *
lost(struct req *rq, const struct subject *sub)
{
	if (sub->is_kept || rq->conf->refresh_grace > 0)
		return oerr_why(rq, &oerr_invalid_grant,
		    "refresh token revoked meanwhile, or its next one is of"
		    " another refresh.key");
	return grant_replayed(rq, &sub->granted, "used twice");
}

const struct grant grant_refresh = {
	.name = GRANT_REFRESH,
	.public_may = 1,
	.for_user = 1,
	.needs = { PARAM_REFRESH_TOKEN },
	.n_needs = 1,
	.redeem = redeem,
	.spend = spend,
	.lost = lost,
};
