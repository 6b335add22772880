/* par.c: POST /oauth/par: a client pushes an authorization request (RFC 9126). */
#include "arena.h"
#include "authorize.h"
#include "buf.h"
#include "client.h"
#include "document.h"
#include "dpop.h"
#include "json.h"
#include "jwk.h"
#include "oerr.h"
#include "pushed.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "site.h"
#include "stranger.h"

static const struct oerr *
answer(struct req *rq, const char *uri)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	buf_init(b, rq->a, 256);
	json_open(b, NULL, '{');
	json_str(b, "request_uri", uri);
	json_int(b, "expires_in", PUSHED_TTL_S);
	json_close(b, '}');
	return resp_json(rq, 201, b);
}

/* RFC 9449 section 10.1: a proof here is worth the parameter dpop_jkt. */
static const struct oerr *
bind_code(struct req *rq)
{
	const char *asked = rq->param[PARAM_DPOP_JKT], *jkt;
	const struct oerr *e = dpop_at(rq, SITE_PAR, &jkt);

	if (e != NULL || jkt == NULL)
		return e;
	if (asked != NULL && !jwk_same_thumbprint(asked, jkt))
		return oerr_say(rq, &oerr_invalid_proof,
		    "The dpop_jkt is not that of the key of the proof.");
	rq->param[PARAM_DPOP_JKT] = jkt;
	return NULL;
}

/* Clients that no user has allowed anything yet. */
static int
find_stranger(struct req *rq, const char *id, struct client *out)
{
	return document_is_url(id) ? document_known(rq, id, out)
				   : stranger_find(rq, id, out);
}

/* Who asks, would /authorize take it: then keep it for a browser that comes. */
static const struct oerr *
par_post(struct req *rq)
{
	struct authorization az = { .redirect_uri = NULL };
	const struct client *cl;
	const struct oerr *e;
	const char *uri;

	if ((e = client_authenticate_any(rq, find_stranger, &cl)) != NULL ||
	    (e = bind_code(rq)) != NULL ||
	    (e = authorize_push(rq, cl, &az)) != NULL ||
	    (e = pushed_store(rq, cl, &uri)) != NULL)
		return e;
	return answer(rq, uri);
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE | USES_KEYS,
		.name = "par", .audit = "par",
		.methods = METHOD_POST,
		.bodies = BODY_FORM,
		.cors = 1, .spends = 1, .spends_once = 1,
		.waits = 1,
		.run = par_post, .fail = resp_error_json,
	};

	return serve(&ep);
}
