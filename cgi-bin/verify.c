/* verify.c: GET POST /oauth/device: where a user types a device's code. */
#include "arena.h"
#include "claims.h"
#include "buf.h"
#include "conf.h"
#include "device.h"
#include "fresh.h"
#include "oerr.h"
#include "req.h"
#include "resp.h"
#include "scope.h"
#include "serve.h"
#include "store_user.h"
#include "session.h"
#include "site.h"
#include "store.h"
#include "store_client.h"
#include "store_device.h"
#include "throttle_count.h"
#include "tmpl.h"
#include "trail.h"
#include "url.h"

#define NOTHING_LEFT \
    "This device asks for nothing that your account may do, so it cannot be" \
    " connected to it."

/* What a waiting device asks for, and what of it the user may have. */
struct asked {
	struct device_code code;
	struct client client;
	uint64_t scope;
	int nothing_left; /* it asks for something: RFC 6749 invalid_scope */
};

static struct tmpl_data *
page(struct req *rq, const struct visitor *v, const char *state)
{
	struct tmpl_data *d = tmpl_data_new(rq->a);

	tmpl_set(d, "title", "Connect a device");
	tmpl_set(d, "action", site_path(rq->conf, rq->a, SITE_DEVICE));
	tmpl_set(d, "csrf_token", v->csrf);
	tmpl_set(d, "email", store_user_label(&v->user));
	tmpl_set(d, state, "1");
	return d;
}

static const struct oerr *
ask(struct req *rq, const struct visitor *v, int status, const char *error)
{
	struct tmpl_data *d = page(rq, v, "ask");

	tmpl_set(d, "user_code", rq->param[PARAM_USER_CODE]);
	tmpl_set(d, "error", error);
	return resp_page(rq, status, "device.html", d);
}

/* This page, with the code that was typed. */
static const char *
self(struct req *rq)
{
	const char *code = rq->param[PARAM_USER_CODE];
	struct buf b;

	buf_init(&b, rq->a, 256);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_DEVICE));
	if (code != NULL)
		url_query_add(&b, "user_code", code);
	return b.data;
}

static const struct oerr *
to_login(struct req *rq)
{
	struct buf b;

	buf_init(&b, rq->a, 512);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_LOGIN));
	url_query_add(&b, "return_to", self(rq));
	return resp_redirect(rq, b.data);
}

/* The code is wrong.  A user who tries many is signed out. */
static const struct oerr *
wrong_code(struct req *rq, struct visitor *v)
{
	const struct oerr *e;
	const int too_many = throttle_guess(rq, &v->session);

	if (too_many < 0)
		return oerr_machine(rq);
	oerr_log(rq, oerr_why(rq, &oerr_invalid_request, "wrong user code"));
	if (!too_many)
		return ask(rq, v, 422,
		    "No device waits with this code. Check it, or have the"
		    " device show a new one.");
	if ((e = session_sign_out(rq, v)) != NULL)
		return e;
	return to_login(rq);
}

static const struct oerr *
confirm(struct req *rq, const struct visitor *v, const struct asked *as)
{
	const struct device_code *c = &as->code;
	struct tmpl_data *d = page(rq, v, "confirm");

	tmpl_set(d, "user_code",
	    arena_printf(rq->a, "%.4s-%s", c->user_code, c->user_code + 4));
	tmpl_set(d, "client_name", as->client.name);
	if (!rq->conf->passport_compat)
		tmpl_set(d, "resource", c->granted.resource);
	if (as->nothing_left)
		tmpl_set(d, "error", NOTHING_LEFT);
	scope_show(rq->conf, as->scope, d);
	claims_show(rq, &v->user, as->scope, d);
	tmpl_set(d, "switch_url",
	    arena_printf(rq->a, "%s?return_to=%s",
		site_path(rq->conf, rq->a, SITE_LOGIN),
		site_path(rq->conf, rq->a, SITE_DEVICE)));
	return resp_page(rq, as->nothing_left ? 422 : 200, "device.html", d);
}

static const struct oerr *
say(struct req *rq, const struct visitor *v, int approve, int nothing_left)
{
	struct tmpl_data *d = page(rq, v, approve ? "done" : "denied");

	tmpl_set(d, "account_url", site_path(rq->conf, rq->a, SITE_ACCOUNT));
	if (nothing_left)
		tmpl_set(d, "error", NOTHING_LEFT);
	return resp_page(rq, nothing_left ? 422 : 200, "device.html", d);
}

/*
 * No device waits with this code.  If this user decided on it, their page was
 * loaded again, or sent again: it says once more what came of it, and is no guess.
 */
static const struct oerr *
not_waiting(struct req *rq, struct visitor *v)
{
	char text[USER_CODE_LEN + 1];
	struct device_code c;
	int found = 0;

	if (device_read_user_code(rq->param[PARAM_USER_CODE], text))
		found = store_device_decided(
		    rq->st, rq->a, text, v->user.id, &c);
	if (found < 0)
		return oerr_machine(rq);
	return found == 0 ? wrong_code(rq, v)
			  : say(rq, v, c.approved_at != 0, 0);
}

/* A decision to be stored. */
struct decision {
	struct req *rq;
	const struct visitor *v;
	const struct asked *as;
	int approve;
	int signed_out; /* by a new password, since the request came */
};

static int
store_decision(struct store *st, void *ctx)
{
	struct decision *d = ctx;
	struct req *rq = d->rq;
	const struct device_code *c = &d->as->code;
	const struct granted g = {
		.user = d->v->user.id,
		.scope = scope_format(rq->conf, rq->a, d->as->scope),
		.proof = d->v->session.proof,
	};
	int n = session_is_current(rq, d->v);

	d->signed_out = n == 0;
	if (n <= 0)
		return -1;
	n = store_device_decide(st, c->user_code, &g, d->approve, rq->now);
	if (n == 1 && d->approve &&
	    scope_consent(rq, d->v->user.id, c->granted.client,
		c->granted.resource, d->as->scope) < 0)
		return -1;
	return n;
}

/* An approval that leaves no scope is a denial, and the device is told so. */
static const struct oerr *
decide(struct req *rq, struct visitor *v, const struct asked *as)
{
	const int yes = strcmp(rq->param[PARAM_DECISION], "approve") == 0;
	struct decision d = {
		.rq = rq, .v = v, .as = as, .approve = yes && !as->nothing_left,
	};
	const int n = store_write(rq->st, store_decision, &d);

	if (n < 0)
		return d.signed_out ? to_login(rq) : oerr_machine(rq);
	if (n == 0)
		return not_waiting(rq, v);
	rq->trail.detail = d.approve ? "approve" : "deny";
	trail_note(rq, "device");
	return say(rq, v, d.approve, yes && as->nothing_left);
}

/* A code was given: by hand, or by the device's own link (a QR code). */
static const struct oerr *
with_code(struct req *rq, struct visitor *v)
{
	char text[USER_CODE_LEN + 1];
	struct asked as;
	uint64_t all;
	int found = 0, is_decided;

	if (device_read_user_code(rq->param[PARAM_USER_CODE], text) &&
	    (found = store_device_by_user_code(
		 rq->st, rq->a, text, rq->now, &as.code)) == 1)
		found = store_client_by_number(
		    rq->st, rq->a, as.code.granted.client, &as.client);
	if (found < 0)
		return oerr_machine(rq);
	if (found == 0)
		return not_waiting(rq, v);
	if (as.client.revoked_at != 0)
		return wrong_code(rq, v);
	rq->trail.client_id = as.client.client_id;
	all = scope_parse(rq->conf, as.code.granted.scope, NULL);
	as.scope = all & scope_of_user(rq->conf, &v->user);
	as.nothing_left = all != 0 && as.scope == 0;
	is_decided =
	    rq->method == METHOD_POST && rq->param[PARAM_DECISION] != NULL;
	if (scope_is_privileged(rq->conf, as.scope) &&
	    !session_is_fresh(rq, v) &&
	    (!is_decided || strcmp(rq->param[PARAM_DECISION], "approve") == 0))
		return resp_redirect(rq, fresh_url(rq, self(rq)));
	return is_decided ? decide(rq, v, &as) : confirm(rq, v, &as);
}

/*
 * Is the code to be searched for?  Not if the request came by a link on another
 * site, or from an old browser, which does not tell: then the form is filled
 * in, and the user sends it.  Else another site's page could send ten wrong
 * codes and so sign the user out.  The browser says (Fetch Metadata,
 * Sec-Fetch-Site) that a link was opened without a page, as from a QR code; no
 * page can write that header.  Somebody who writes it to guess codes is counted
 * like a user who types them.
 */
static int
is_asked(const struct req *rq)
{
	const char *from = req_var(rq, "HTTP_SEC_FETCH_SITE");

	if (rq->param[PARAM_USER_CODE] == NULL)
		return 0;
	return rq->method == METHOD_POST ||
	    (from != NULL &&
		(strcmp(from, "none") == 0 ||
		    strcmp(from, "same-origin") == 0));
}

static const struct oerr *
verify(struct req *rq)
{
	const struct oerr *e;
	struct visitor v;

	if ((e = session_load(rq, &v)) != NULL)
		return e;
	if (!v.signed_in)
		return to_login(rq);
	/*
	 * The code is not searched for: another site's form would count as a
	 * guess.
	 */
	if (rq->method == METHOD_POST &&
	    (e = session_check_csrf(rq, &v)) != NULL) {
		if (e != &oerr_stale_form)
			return e;
		oerr_log(rq, e);
		return ask(rq, &v, 200, SESSION_STALE);
	}
	return is_asked(rq) ? with_code(rq, &v) : ask(rq, &v, 200, NULL);
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE | USES_PAGES,
		.name = "verify", .audit = "device",
		.methods = METHOD_GET | METHOD_POST,
		.bodies = BODY_FORM, .query_get = 1,
		.run = verify, .fail = resp_error_page,
	};

	return serve(&ep);
}
