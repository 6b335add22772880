/* issue.c: spend, store and answer a set of tokens. */
#include "issue.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "client.h"
#include "conf.h"
#include "grant.h"
#include "id_token.h"
#include "json.h"
#include "mint.h"
#include "oerr.h"
#include "once.h"
#include "req.h"
#include "resource.h"
#include "resp.h"
#include "revoke.h"
#include "scope.h"
#include "store_client.h"
#include "store_consent.h"
#include "store_token.h"
#include "store_user.h"
#include "stranger.h"
#include "trail.h"
#include "words.h"

/*
 * Within the transaction: may the user still have tokens?  Somebody who knows
 * the old password may sign in again and again while it is changed.  Tokens for
 * a password that was checked before the change (or before a second factor was
 * added), and that are stored after it, would outlive the change.  Whatever a grant spends was revoked by the change,
 * so spend finds out.
 */
static int
user_is_fit(struct req *rq, const struct grant *g, const struct subject *sub)
{
	if (sub->user == NULL)
		return 1;
	return store_user_is_current(rq->st, sub->user->id,
	    g->spend == NULL ? sub->user->credential : CREDENTIAL_ANY);
}

/* A set of tokens to be stored. */
struct set {
	struct req *rq;
	const struct client *cl;
	const struct grant *g;
	const struct subject *sub;
	struct access_token access;
	struct refresh_token refresh;
	int has_refresh;
	enum { SET_STORED, SET_USED, SET_USER_UNFIT, SET_LOST } end;
};

/*
 * The step of the transaction.  The spending comes first in it: of two that
 * present the same token at once, the second waits for the lock and then finds it
 * spent.  Return 1; -1 if nothing is to be stored.
 */
static int
store_set(struct store *st, void *ctx)
{
	struct set *s = ctx;
	struct refresh_token refresh = s->refresh;
	int n;

	s->end = SET_STORED;
	if ((n = once_spend(s->rq)) == 0)
		s->end = SET_USED;
	if (n == 1 && (n = user_is_fit(s->rq, s->g, s->sub)) == 0)
		s->end = SET_USER_UNFIT;
	if (n == 1 && s->g->spend != NULL) {
		n = s->g->spend(s->rq, s->sub, &s->access, &refresh);
		if (n == 0)
			s->end = SET_LOST;
	}
	if (n <= 0 || store_access_add(st, &s->access) < 0 ||
	    (s->has_refresh && store_refresh_add(st, &refresh) < 0))
		return -1;
	if (s->g->spend != NULL &&
	    store_consent_used(st, s->access.user, s->access.client,
		s->rq->now) < 0)
		return -1;
	return stranger_used(st, s->rq->conf, s->rq->now, s->cl) < 0 ? -1 : 1;
}

static const struct oerr *
spend_and_store(struct set *s)
{
	struct req *rq = s->rq;

	if (store_write(rq->st, store_set, s) == 1)
		return NULL;
	if (s->end == SET_USED)
		return once_refusal(rq);
	if (s->end == SET_USER_UNFIT)
		return oerr_why(rq, &oerr_invalid_grant,
		    "password or factor changed, or user disabled, meanwhile");
	if (s->end == SET_LOST)
		return s->g->lost != NULL
		    ? s->g->lost(rq, s->sub)
		    : grant_replayed(rq, &s->sub->granted, "used twice");
	return oerr_machine(rq);
}

static const struct oerr *
answer(struct req *rq, const struct access_token *access, const char *type,
    const char *jwt, const char *refresh, const char *id_token)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	buf_init(b, rq->a, 2048);
	json_open(b, NULL, '{');
	json_str(b, "token_type", type);
	json_int(b, "expires_in", access->expires_at - rq->now);
	json_str(b, "access_token", jwt);
	if (refresh != NULL)
		json_str(b, "refresh_token", refresh);
	if (id_token != NULL)
		json_str(b, "id_token", id_token);
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

/* The family of the new tokens; NULL: they have none. */
static const struct id *
family_of(struct req *rq, const struct grant *g, const struct subject *sub,
    int renewable)
{
	struct id *made;

	/*
	 * A second use of a code revokes the tokens of the first, which are
	 * found by the refresh tokens of the family.  So one is stored even
	 * where none is given.
	 */
	if (g->spend != NULL)
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
	/* OpenID Connect Core section 12.2: only the first ID token has it. */
	out->granted.nonce = NULL;
	/* RFC 9449 section 5: another client has a secret to prove who it is. */
	out->granted.jkt = !client_is_public(cl) ? NULL
	    : sub->by_cert ? arena_printf(rq->a, BOUND_BY_CERT "%s", sub->jkt)
			   : sub->jkt;
	if (out->granted.scope == NULL)
		out->granted.scope = access->scope;
	if (!words_have(cl->grants, GRANT_REFRESH))
		out->expires_at = access->expires_at;
	if (sub->next == NULL)
		secret_make(secret, &out->digest);
	else
		digest_of(sub->next, strlen(sub->next), &out->digest);
}

const struct oerr *
issue_tokens(struct req *rq, const struct client *cl, const struct grant *g,
    const struct subject *sub)
{
	const int renewable = sub->user != NULL &&
	    words_have(cl->grants, GRANT_REFRESH);
	const struct id *family = family_of(rq, g, sub, renewable);
	const int64_t end = family == NULL ? INT64_MAX
					   : grant_family_end(rq->conf, family);
	struct mint m = {
		.cl = cl,
		.user = sub->user == NULL ? 0 : sub->user->id,
		.subject = sub->user == NULL ? NULL : sub->user->subject,
		.scope = sub->scope,
		.family = family,
		.proof = sub->granted.proof,
		.claims = sub->granted.claims,
		.jkt = sub->jkt,
		.by_cert = sub->by_cert,
		/* a code may be older than what is left of its family */
		.ttl_s = least(ttl_of(cl->access_ttl, rq->conf->access_ttl),
		    end <= rq->now ? 1 : end - rq->now),
	};
	struct set s = {
		.rq = rq, .cl = cl, .g = g, .sub = sub,
		.has_refresh = family != NULL,
	};
	char secret[SECRET_TEXT_LEN + 1];
	const struct oerr *e;
	char *jwt, *id_token;

	if ((e = resource_for_token(
		 rq, sub->granted.resource, &m.audience)) != NULL)
		return e;
	/* Signed before the write lock is taken: RSA takes milliseconds. */
	if ((e = mint_access(rq, &m, &s.access, &jwt)) != NULL ||
	    (e = id_token_make(rq, cl, sub, &s.access, jwt, &id_token)) !=
		NULL)
		return e;
	if (s.has_refresh)
		make_refresh(rq, cl, sub, &s.access, end, secret, &s.refresh);
	if ((e = spend_and_store(&s)) == NULL) {
		trail_note(rq, sub->next != NULL ? "refresh" : "token");
		e = answer(rq, &s.access,
		    sub->jkt == NULL || sub->by_cert ? "Bearer" : "DPoP", jwt,
		    !renewable		? NULL
			: sub->next != NULL ? sub->next
					    : secret,
		    id_token);
	}
	explicit_bzero(secret, sizeof(secret));
	return e;
}
