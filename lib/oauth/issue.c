/* issue.c: spend, store and answer a set of tokens. */
#include "issue.h"

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "json.h"
#include "mint.h"
#include "oerr.h"
#include "req.h"
#include "resource.h"
#include "resp.h"
#include "scope.h"
#include "store_client.h"
#include "store_code.h"
#include "store_consent.h"
#include "store_device.h"
#include "store_purge.h"
#include "store_token.h"
#include "store_user.h"
#include "trail.h"
#include "words.h"

const struct oerr *
issue_replayed(struct req *rq, const struct id *family, const char *why)
{
	int n;

	trail_note(rq, "replay");
	if (store_begin(rq->st) < 0)
		return oerr_machine(rq);
	if ((n = store_family_revoke(rq->st, family, rq->now)) < 0 ||
	    store_commit(rq->st) < 0) {
		store_rollback(rq->st);
		return oerr_machine(rq);
	}
	/* What is dead already can be presented without end. */
	rq->trail.is_known = n > 0;
	return oerr_why(rq, &oerr_invalid_grant, "%s: family revoked", why);
}

int64_t
issue_family_end(const struct conf *cf, const struct id *family)
{
	return cf->refresh_max == 0 ? INT64_MAX
				    : id_time(family) + cf->refresh_max;
}

/*
 * Within the transaction: 0 if it is spent, else it was ours to spend, and
 * REFRESH_AGAIN if it was not the first.
 */
static int
spend(struct req *rq, const struct subject *sub,
    const struct refresh_token *refresh)
{
	struct store *st = rq->st;

	switch (sub->spend) {
	case SPEND_REFRESH:
		return store_refresh_spend(st, &sub->digest, &refresh->digest,
		    rq->now, rq->conf->refresh_grace);
	case SPEND_KEPT:
		return store_refresh_keep(
		    st, &sub->digest, rq->now, refresh->expires_at);
	case SPEND_CODE:
		return store_code_spend(st, &sub->digest, rq->now);
	case SPEND_DEVICE:
		return store_device_spend(st, &sub->digest, rq->now);
	case SPEND_NOTHING:
		break;
	}
	return 1;
}

/*
 * Within the transaction: is the user who was let in let in still?  Who knows
 * the old password signs in over and over while it is changed: what was checked
 * against it before, and is stored after all that it opened was revoked, would
 * outlive the change.  What is spent is revoked with the rest: spend finds out.
 */
static int
stands(struct req *rq, const struct subject *sub)
{
	if (sub->user == NULL)
		return 1;
	return store_user_stands(rq->st, sub->user->id,
	    sub->spend == SPEND_NOTHING ? sub->user->password : NULL);
}

/*
 * No refresh token is added: the row stands for the access token alone, so that
 * this ends with the family, and with the first use of the token that came along.
 */
static void
make_row_of_access(struct refresh_token *r, const struct access_token *access,
    int came_along)
{
	char unused[SECRET_TEXT_LEN + 1];

	r->came_with = r->digest;
	r->has_came_with = came_along;
	r->spent_at = access->created_at;
	r->expires_at = access->expires_at;
	secret_make(unused, &r->digest);
}

/* What was looked at before is not to be spent any more. */
static const struct oerr *
lost(struct req *rq, const struct subject *sub)
{
	/* Seen unspent, or within the grace: nobody replays it. */
	if (sub->spend == SPEND_KEPT ||
	    (sub->spend == SPEND_REFRESH && rq->conf->refresh_grace > 0))
		return oerr_why(rq, &oerr_invalid_grant,
		    "refresh token revoked meanwhile, or its next one is of"
		    " another refresh.key");
	return issue_replayed(rq, &sub->granted.family, "used twice");
}

/*
 * The transaction.  The spending stands first in it: of two that present the
 * same token at once, the second waits for the lock and then finds it spent.
 */
static const struct oerr *
store_set(struct req *rq, const struct subject *sub,
    const struct access_token *access, struct refresh_token *refresh)
{
	struct store *st = rq->st;
	int ours;

	if (store_begin(st) < 0)
		return oerr_machine(rq);
	if ((ours = stands(rq, sub)) == 0) {
		store_rollback(st);
		return oerr_why(rq, &oerr_invalid_grant,
		    "password changed or user disabled meanwhile");
	}
	if (ours == 1)
		ours = spend(rq, sub, refresh);
	if (ours == 0) {
		store_rollback(st);
		return lost(rq, sub);
	}
	if (ours > 0 && (ours == REFRESH_AGAIN || sub->spend == SPEND_KEPT))
		make_row_of_access(refresh, access, ours == REFRESH_AGAIN);
	if (ours > 0 && store_access_add(st, access) >= 0 &&
	    (refresh == NULL || store_refresh_add(st, refresh) >= 0) &&
	    (sub->spend == SPEND_NOTHING ||
		store_consent_used(st, access->user, access->client,
		    rq->now) >= 0) &&
	    store_purge_turn(st, rq->now) >= 0 && store_commit(st) == 0)
		return NULL;
	store_rollback(st);
	return oerr_machine(rq);
}

static const struct oerr *
answer(struct req *rq, const struct access_token *access, const char *jwt,
    const char *refresh)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	buf_init(b, rq->a, 2048);
	json_open(b, NULL, '{');
	json_str(b, "token_type", "Bearer");
	json_int(b, "expires_in", access->expires_at - rq->now);
	json_str(b, "access_token", jwt);
	if (refresh != NULL)
		json_str(b, "refresh_token", refresh);
	json_str(b, "scope", access->scope);
	json_close(b, '}');
	resp_header(rq, "Cache-Control", "no-store");
	resp_header(rq, "Pragma", "no-cache");
	return resp_json(rq, 200, b);
}

static int64_t
ttl_of(int64_t of_client, int64_t setting)
{
	return of_client > 0 ? of_client : setting;
}

/* Of which sign-in the tokens are; NULL: of none that has a family. */
static const struct id *
family_of(struct req *rq, const struct subject *sub, int renewable)
{
	struct id *made;

	/*
	 * A code that is used twice revokes what it gave, and that is found by its
	 * family's refresh tokens: where none is given, one is stored all the same.
	 */
	if (sub->spend != SPEND_NOTHING)
		return &sub->granted.family;
	if (!renewable)
		return NULL;
	made = arena_alloc(rq->a, sizeof(*made));
	id_make(rq->now, made);
	return made;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The row that is stored with access; the text of a random token to secret. */
static void
make_refresh(struct req *rq, const struct client *cl, const struct subject *sub,
    const struct access_token *access, int64_t end,
    char secret[static SECRET_TEXT_LEN + 1], struct refresh_token *out)
{
	*out = (struct refresh_token) {
		.granted = sub->granted,
		.access_token = access->id,
		.expires_at = least(end,
		    rq->now + ttl_of(cl->refresh_ttl, rq->conf->refresh_ttl)),
	};
	out->granted.family = access->family;
	out->granted.client = cl->id;
	out->granted.user = sub->user->id;
	if (out->granted.scope == NULL)
		out->granted.scope = access->scope;
	if (!words_have(cl->grants, "refresh_token"))
		out->expires_at = access->expires_at;
	if (sub->next == NULL)
		secret_make(secret, &out->digest);
	else
		digest_of(sub->next, strlen(sub->next), &out->digest);
}

const struct oerr *
issue_tokens(
    struct req *rq, const struct client *cl, const struct subject *sub)
{
	const int renewable = sub->user != NULL &&
	    words_have(cl->grants, "refresh_token");
	const struct id *family = family_of(rq, sub, renewable);
	const int64_t end = family == NULL ? INT64_MAX
					   : issue_family_end(rq->conf, family);
	struct mint m = {
		.cl = cl,
		.user = sub->user == NULL ? 0 : sub->user->id,
		.scope = sub->scope,
		.family = family,
		/* a code may be older than what is left of its family */
		.ttl_s = least(ttl_of(cl->access_ttl, rq->conf->access_ttl),
		    end <= rq->now ? 1 : end - rq->now),
	};
	struct refresh_token refresh;
	struct access_token access;
	char secret[SECRET_TEXT_LEN + 1];
	const struct oerr *e;
	char *jwt;

	if ((e = resource_for_token(
		 rq, sub->granted.resource, &m.audience)) != NULL)
		return e;
	/* Signed before the write lock is held: RSA takes milliseconds. */
	if ((e = mint_access(rq, &m, &access, &jwt)) != NULL)
		return e;
	if (family != NULL)
		make_refresh(rq, cl, sub, &access, end, secret, &refresh);
	e = store_set(rq, sub, &access, family != NULL ? &refresh : NULL);
	if (e == NULL)
		trail_note(rq,
		    sub->next != NULL ? "refresh" : "token");
	if (e == NULL)
		e = answer(rq, &access, jwt,
		    !renewable	      ? NULL
			: sub->next != NULL ? sub->next
					    : secret);
	explicit_bzero(secret, sizeof(secret));
	return e;
}
