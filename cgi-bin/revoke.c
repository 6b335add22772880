/* revoke.c: POST /oauth/revoke: a client gives a token up (RFC 7009). */
#include "arena.h"
#include "bearer.h"
#include "buf.h"
#include "client.h"
#include "oerr.h"
#include "req.h"
#include "resp.h"
#include "revoke.h"
#include "serve.h"
#include "store_client.h"
#include "store_token.h"
#include "store_user.h"
#include "trail.h"

/* Put the name of the token's user into the audit trail. */
static int
name_user(struct req *rq, int64_t id)
{
	struct user u;
	int found = store_user_by_id(rq->st, rq->a, id, &u);

	if (found == 1)
		rq->trail.user = store_user_label(&u);
	return found;
}

/*
 * RFC 7009 section 2.2: the body is ignored; some clients parse it
 * nevertheless.
 */
static const struct oerr *
answer(struct req *rq)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	buf_init(b, rq->a, 8);
	buf_str(b, "{}");
	return resp_json(rq, 200, b);
}

static const struct oerr *
revoke(struct req *rq, const struct id *family, const struct id *access)
{
	rq->trail.detail = access == NULL ? "refresh_token" : "access_token";
	if (revoke_tokens(rq, access, family) < 0)
		return oerr_machine(rq);
	trail_note(rq, "revoke");
	return answer(rq);
}

/*
 * token_type_hint is not needed: both kinds are searched.  A token that is
 * unknown, expired or revoked is what the client wants: 200.
 */
static const struct oerr *
revoke_post(struct req *rq)
{
	const char *text = rq->param[PARAM_TOKEN];
	const struct client *cl;
	const struct oerr *e;
	struct caller who;
	struct refresh_token t;
	struct digest d;
	int found;

	if ((e = client_authenticate(rq, &cl)) != NULL)
		return e;
	rq->trail.is_known = !client_is_public(cl);
	if (text == NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The parameter token is missing.");
	digest_of(text, strlen(text), &d);
	if ((found = store_refresh_find(rq->st, rq->a, &d, &t)) < 0)
		return oerr_machine(rq);
	if (found == 1 && t.granted.client != cl->id)
		return oerr_why(
		    rq, &oerr_invalid_grant, "token of another client");
	if (found == 1)
		return name_user(rq, t.granted.user) < 0
		    ? oerr_machine(rq)
		    : revoke(rq, &t.granted.family, NULL);
	if ((e = bearer_identify(rq, text, &who)) != NULL)
		return e->status < 500 ? answer(rq) : e;
	if (who.is.client != cl->id)
		return oerr_why(
		    rq, &oerr_invalid_grant, "token of another client");
	rq->trail.user = store_access_label(&who.is);
	return revoke(
	    rq, who.is.has_family ? &who.is.family : NULL, &who.says.id);
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE | USES_KEYS,
		.name = "revoke", .audit = "revoke",
		.methods = METHOD_POST,
		.bodies = BODY_FORM, .cors = 1,
		.waits = 1,
		.run = revoke_post, .fail = resp_error_json,
	};

	return serve(&ep);
}
