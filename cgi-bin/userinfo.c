/* userinfo.c: GET POST /oauth/userinfo: OpenID Connect Core section 5.3. */
#include "api.h"
#include "arena.h"
#include "buf.h"
#include "claims.h"
#include "conf.h"
#include "grant.h"
#include "json.h"
#include "jwt.h"
#include "keys.h"
#include "oerr.h"
#include "req.h"
#include "resp.h"
#include "scope.h"
#include "serve.h"
#include "store_client.h"
#include "store_user.h"
#include "subject.h"

#include <json-c/json.h>
#include <string.h>

/* What was asked for by name is in the token alone (mint.c), and few tokens have it. */
static const char *
words_of(struct req *rq, const char *token)
{
	static const char name[] = "\"claims\":";
	struct jwt jwt;

	if (jwt_read(rq->a, token, &jwt) != NULL ||
	    memmem(jwt.payload, jwt.payload_len, name, sizeof(name) - 1) ==
		NULL)
		return NULL;
	return json_get_str(
	    json_parse(rq->a, jwt.payload, jwt.payload_len), "claims");
}

/* Section 5.3.2: a client that is registered so gets a signed answer. */
static const struct oerr *
answer_signed(struct req *rq, const struct client *cl, const struct buf *b)
{
	const struct keys_entry *en = keys_signer(
	    keys_get_signing(rq), alg_find(cl->userinfo_alg));
	struct buf *out = arena_alloc(rq->a, sizeof(*out));
	const char *jwt;

	if (en == NULL)
		return oerr_why(rq, &oerr_server_error,
		    "no %s key to sign userinfo with", cl->userinfo_alg);
	jwt = jwt_sign(rq->a, en->key, en->kid, "JWT", b->data, b->len);
	if (jwt == NULL)
		return &oerr_server_error;
	buf_init(out, rq->a, strlen(jwt) + 1);
	buf_str(out, jwt);
	return resp_text(rq, 200, "application/jwt", out);
}

static const struct oerr *
tell(struct req *rq, const struct caller *who, const struct user *u,
    const struct client *cl)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));
	const char *sub;

	if (subject_for(
		rq->st, rq->a, cl->sector, u->id, u->subject, &sub) < 0)
		return oerr_machine(rq);
	buf_init(b, rq->a, 512);
	json_open(b, NULL, '{');
	if (cl->userinfo_alg != NULL) {
		json_str(b, "iss", rq->conf->issuer);
		json_str(b, "aud", cl->client_id);
	}
	json_str(b, "sub", sub);
	claims_write(rq, b, u, scope_parse(rq->conf, who->is.scope, NULL),
	    words_of(rq, guard_sent(rq)), CLAIMS_USERINFO);
	json_close(b, '}');
	resp_header(rq, "Cache-Control", "no-store");
	return cl->userinfo_alg == NULL ? resp_json(rq, 200, b)
					: answer_signed(rq, cl, b);
}

static const struct oerr *
userinfo(struct req *rq, const struct caller *who, const char *id)
{
	struct client cl;
	struct user u;
	int found;

	(void)id;
	if ((found = store_user_by_id(rq->st, rq->a, who->is.user, &u)) == 1)
		found = store_client_by_number(
		    rq->st, rq->a, who->is.client, &cl);
	if (found < 0)
		return oerr_machine(rq);
	return found == 0
	    ? oerr_why(rq, &oerr_invalid_token, "deleted meanwhile")
	    : tell(rq, who, &u, &cl);
}

/* subject_for may make a key, which a snapshot cannot write: so there is none. */
#define ROUTE(m) \
	{ \
		.method = m, .path = "", .no_store = 1, \
		.rule = { .caller = CALLER_USER, .all = "openid", \
			.in_form = 1 }, \
		.run = userinfo, \
	}

static const struct api_route routes[] = {
	ROUTE(METHOD_GET),
	ROUTE(METHOD_POST),
};

static const struct oerr *
run(struct req *rq)
{
	return api_run(rq, routes, sizeof(routes) / sizeof(routes[0]));
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE | USES_KEYS | USES_SIGNING,
		.name = "userinfo", .audit = "userinfo", .methods = METHOD_GET | METHOD_POST,
		.bodies = BODY_FORM, .query_get = 1,
		.cors = 1,
		.run = run, .fail = resp_error_json,
	};

	return serve(&ep);
}
