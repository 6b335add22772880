/* device.c: POST /oauth/device/code: a device asks for codes (RFC 8628). */
#include "device.h"
#include "grant.h"

#include "arena.h"
#include "buf.h"
#include "client.h"
#include "conf.h"
#include "json.h"
#include "oerr.h"
#include "req.h"
#include "resource.h"
#include "resp.h"
#include "scope.h"
#include "serve.h"
#include "site.h"
#include "store.h"
#include "store_client.h"
#include "store_purge.h"
#include "throttle.h"
#include "words.h"

#define WAITING_MAX 10000 /* codes at once, whoever asked */
#define TRIES 8 /* for a user code that nobody has */

/* Whoever knows a public client's id can ask: the disk is not theirs to fill. */
static const struct oerr *
check_room(struct req *rq)
{
	int64_t first = 0;
	const int n =
	    store_device_waiting(rq->st, rq->now, WAITING_MAX, &first);

	if (n < 0)
		return oerr_machine(rq);
	return n < WAITING_MAX
	    ? NULL
	    : throttle_later(
		  rq, first - rq->now, "too many device codes wait");
}

static const struct oerr *
store_codes(struct req *rq, struct device_code *c)
{
	char *text = arena_alloc(rq->a, USER_CODE_LEN + 1);
	const struct oerr *e;
	int added = 0;

	c->user_code = text;
	if ((e = check_room(rq)) != NULL)
		return e;
	if (store_begin(rq->st) < 0)
		return oerr_machine(rq);
	if ((e = throttle_place(
		 rq, "device codes", rq->conf->device_codes)) != NULL) {
		store_rollback(rq->st);
		return e;
	}
	for (int i = 0; i < TRIES && added == 0; i++) {
		device_make_user_code(text);
		added = store_device_add(rq->st, c);
	}
	if (added == 1 && store_purge_turn(rq->st, rq->now) >= 0 &&
	    store_commit(rq->st) == 0)
		return NULL;
	store_rollback(rq->st);
	return added == 0 ? oerr_why(rq, &oerr_busy, "no free user code")
			  : oerr_machine(rq);
}

static const struct oerr *
answer(struct req *rq, const struct device_code *c, const char *secret)
{
	const char *uri = site_url(rq->conf, rq->a, SITE_DEVICE);
	const char *shown = arena_printf(
	    rq->a, "%.4s-%s", c->user_code, c->user_code + 4);
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	buf_init(b, rq->a, 512);
	json_open(b, NULL, '{');
	json_str(b, "device_code", secret);
	json_str(b, "user_code", shown);
	json_str(b, "verification_uri", uri);
	json_str(b, "verification_uri_complete",
	    arena_printf(rq->a, "%s?user_code=%s", uri, shown));
	json_int(b, "expires_in", c->expires_at - rq->now);
	json_int(b, "interval", c->interval_s);
	json_close(b, '}');
	return resp_json(rq, 200, b);
}

static const struct oerr *
device_post(struct req *rq)
{
	struct device_code c = {
		.interval_s = rq->conf->device_interval,
		.expires_at = rq->now + rq->conf->device_code_ttl,
	};
	char secret[SECRET_TEXT_LEN + 1];
	const struct client *cl;
	const struct oerr *e;
	uint64_t scope;

	if ((e = client_authenticate(rq, &cl)) != NULL)
		return e;
	if (!words_have(cl->grants, GRANT_DEVICE))
		return &oerr_unauthorized_client;
	if ((e = scope_offer(rq, cl, rq->param[PARAM_SCOPE], &scope)) != NULL ||
	    (e = resource_asked(rq, &c.granted.resource)) != NULL)
		return e;
	c.granted.client = cl->id;
	c.granted.scope = scope_format(rq->conf, rq->a, scope);
	secret_make(secret, &c.digest);
	id_make(rq->now, &c.granted.family);
	e = store_codes(rq, &c);
	return e != NULL ? e : answer(rq, &c, secret);
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE,
		.name = "device", .audit = "device_code",
		.methods = METHOD_POST,
		.bodies = BODY_FORM | BODY_JSON, .cors = 1, .spends = 1,
		.waits = 1,
		.run = device_post, .fail = resp_error_json,
	};

	return serve(&ep);
}
