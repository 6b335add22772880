/* grant_device.c: a device polls for its user's decision (RFC 8628). */
#include <string.h>

#include "arena.h"
#include "conf.h"
#include "grant.h"
#include "oerr.h"
#include "req.h"
#include "scope.h"
#include "store_client.h"
#include "store_device.h"
#include "store_user.h"

#define SLOWER_S 5 /* RFC 8628 section 3.5, slow_down */

/* Nobody has decided: note the poll, and say whether it came too early. */
static const struct oerr *
pending(struct req *rq, const struct device_code *c)
{
	const int early = c->polled_at != 0 &&
	    rq->now - c->polled_at < c->interval_s;

	/* Early polls are written once a second, however many come. */
	if (early && c->polled_at == rq->now &&
	    c->interval_s > rq->conf->device_interval)
		return &oerr_slow_down;
	if (store_device_polled(rq->st, &c->digest, rq->now,
		c->interval_s + (early ? SLOWER_S : 0)) < 0)
		return oerr_machine(rq);
	return early ? &oerr_slow_down : &oerr_authorization_pending;
}

static const struct oerr *
check_code(
    struct req *rq, const struct client *cl, const struct device_code *c)
{
	if (c->granted.client != cl->id)
		return oerr_why(rq, &oerr_invalid_grant,
		    "device code of another client");
	if (c->spent_at != 0)
		return grant_replayed(
		    rq, &c->granted, "device code used twice");
	if (c->expires_at <= rq->now)
		return &oerr_expired_token;
	if (c->denied_at != 0)
		return &oerr_access_denied;
	return c->approved_at == 0 ? pending(rq, c) : NULL;
}

static const struct oerr *
redeem(struct req *rq, const struct client *cl, struct subject *sub)
{
	const char *text = rq->param[PARAM_DEVICE_CODE];
	struct user *u = arena_alloc(rq->a, sizeof(*u));
	const struct oerr *e;
	struct device_code c;
	int found;

	digest_of(text, strlen(text), &sub->digest);
	found = store_device_find(rq->st, rq->a, &sub->digest, &c);
	if (found < 0)
		return oerr_machine(rq);
	if (found == 0)
		return oerr_why(
		    rq, &oerr_invalid_grant, "unknown device code");
	if ((e = check_code(rq, cl, &c)) != NULL ||
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
	return store_device_spend(rq->st, &sub->digest, rq->now);
}

const struct grant grant_device = {
	.name = GRANT_DEVICE,
	.short_name = "device_code",
	.public_may = 1,
	.for_user = 1,
	.needs = { PARAM_DEVICE_CODE },
	.n_needs = 1,
	.redeem = redeem,
	.spend = spend,
};
