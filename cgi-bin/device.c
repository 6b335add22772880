/* device.c: POST /oauth/device/code: a device asks for codes (RFC 8628). */
#include "device.h"
#include "grant.h"

#include "arena.h"
#include "buf.h"
#include "client.h"
#include "conf.h"
#include "json.h"
#include "oerr.h"
#include "once.h"
#include "req.h"
#include "resource.h"
#include "resp.h"
#include "scope.h"
#include "serve.h"
#include "site.h"
#include "store.h"
#include "store_client.h"
#include "store_purge.h"
#include "throttle_count.h"
#include "words.h"

#define WAITING_MAX 10000 /* codes at once, whoever asked */
#define TRIES 8 /* for a user code that nobody has */

/* Whoever knows a public client's id can ask, and must not fill the disk. */
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

/* A pair of codes to be stored. */
struct pair {
	struct req *rq;
	struct device_code *code;
	char user_code[USER_CODE_LEN + 1];
	int64_t wait_s;
	enum { PAIR_STORED, PAIR_USED, PAIR_TOO_MANY, PAIR_NO_CODE_FREE } end;
};

static int
store_pair(struct store *st, void *ctx)
{
	struct pair *p = ctx;
	int n;

	p->end = PAIR_STORED;
	if ((n = once_spend(p->rq)) == 0)
		p->end = PAIR_USED;
	if (n == 1 &&
	    (n = throttle_place(p->rq, "device codes",
		 p->rq->conf->device_codes, &p->wait_s)) == 0)
		p->end = PAIR_TOO_MANY;
	if (n <= 0)
		return -1;
	p->code->user_code = p->user_code;
	for (int i = n = 0; i < TRIES && n == 0; i++) {
		device_make_user_code(p->user_code);
		n = store_device_add(st, p->code);
	}
	if (n == 0)
		p->end = PAIR_NO_CODE_FREE;
	return n == 1 ? 1 : -1;
}

static const struct oerr *
store_codes(struct req *rq, struct device_code *c)
{
	struct pair *p = arena_alloc(rq->a, sizeof(*p));
	const struct oerr *e;

	p->rq = rq;
	p->code = c;
	if ((e = check_room(rq)) != NULL)
		return e;
	if (store_write(rq->st, store_pair, p) == 1)
		return NULL;
	if (p->end == PAIR_USED)
		return once_refusal(rq);
	if (p->end == PAIR_TOO_MANY)
		return throttle_later(rq, p->wait_s,
		    "too many device codes for this address");
	return p->end == PAIR_NO_CODE_FREE
	    ? oerr_why(rq, &oerr_busy, "no free user code")
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
		.bodies = BODY_FORM | BODY_JSON, .cors = 1, .spends = 1, .spends_once = 1,
		.waits = 1,
		.run = device_post, .fail = resp_error_json,
	};

	return serve(&ep);
}
