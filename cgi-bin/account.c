/* account.c: GET POST /account: what a user gave to whom, and taking it back. */
#include <string.h>

#include "account.h"
#include "account_access.h"
#include "account_factor.h"
#include "account_name.h"
#include "account_passkey.h"
#include "account_password.h"
#include "account_view.h"
#include "arena.h"
#include "conf.h"
#include "fresh.h"
#include "oerr.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "session.h"
#include "site.h"
#include "trail.h"

static const struct oerr *
sign_out(struct req *rq, struct view *w)
{
	const struct oerr *e = session_sign_out(rq, &w->v);

	return e != NULL ? e
			 : resp_redirect(
			       rq, site_after_sign_out(rq->conf, rq->a));
}

/* The forms of the page, by their field "action". */
static const struct action {
	const char *name;
	const struct oerr *(*run)(struct req *rq, struct view *w);
	int wants_fresh;	/* a sign-in of the last fresh_ttl: fresh.h */
} actions[] = {
	{ "revoke_app", account_app_revoke, 0 },
	{ "create_token", account_token_add, 1 },
	{ "revoke_token", account_token_revoke, 0 },
	{ "sign_out_session", account_session_end, 0 },
	{ "sign_out_elsewhere", account_sessions_end, 0 },
	{ "change_password", account_password_change, 0 },
	{ "change_email", account_email_change, 1 },
	{ "change_login", account_login_change, 1 },
	{ "offer_totp", account_totp_offer, 1 },
	{ "add_totp", account_totp_add, 1 },
	{ "remove_totp", account_totp_remove, 1 },
	{ "new_recovery_codes", account_new_codes, 1 },
	{ "offer_passkey", account_passkey_offer, 1 },
	{ "add_passkey", account_passkey_add, 0 },
	{ "rename_passkey", account_passkey_rename, 0 },
	{ "remove_passkey", account_passkey_remove, 1 },
	{ "sign_out", sign_out, 0 },
};

/* The fields of these forms, which a page that asks for the password carries on. */
static const enum param carried[] = {
	PARAM_ACTION, PARAM_NAME, PARAM_SCOPES, PARAM_EXPIRES_IN, PARAM_ID,
	PARAM_AFTER, PARAM_TOTP, PARAM_CODE, PARAM_EMAIL, PARAM_LOGIN,
};

/*
 * A password or code that is sent is checked, also where none is needed.  If the page
 * that asks is the answer, w->is_answered is set.
 */
static const struct oerr *
make_fresh(struct req *rq, struct view *w)
{
	const int is_fresh = session_is_fresh(rq, &w->v);
	const struct oerr *e;
	const char *why;

	if (is_fresh && rq->param[PARAM_CURRENT_PASSWORD] == NULL)
		return NULL;
	if ((e = fresh_prove(rq, &w->v, &why)) != NULL || why == NULL)
		return e;
	w->is_answered = w->is_idle = 1;
	return fresh_ask(rq, &w->v, site_path(rq->conf, rq->a, SITE_ACCOUNT),
	    carried, sizeof(carried) / sizeof(carried[0]), why);
}

static const struct oerr *
run_action(struct req *rq, struct view *w, const struct action *ac)
{
	const struct oerr *e = NULL;

	rq->trail.detail = ac->name;
	if (ac->wants_fresh)
		e = make_fresh(rq, w);
	if (e == NULL && !w->is_answered)
		e = ac->run(rq, w);
	if (e == NULL && w->error == NULL && !w->is_idle && w->v.signed_in &&
	    rq->trail.event == NULL)
		trail_note(rq, "account");
	return e;
}

static const struct oerr *
act(struct req *rq, struct view *w)
{
	const char *name = rq->param[PARAM_ACTION];
	const struct oerr *e;

	if ((e = session_check_csrf(rq, &w->v)) != NULL) {
		if (e != &oerr_stale_form)
			return e;
		oerr_log(rq, e);
		w->error = SESSION_STALE;
		return NULL;
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (name != NULL && strcmp(actions[i].name, name) == 0)
			return run_action(rq, w, &actions[i]);
	return oerr_say(rq, &oerr_invalid_request,
	    "The form asks for nothing that this page does.");
}

static const struct oerr *
account(struct req *rq)
{
	struct view w = { .status = 200 };
	const struct oerr *e;

	if ((e = session_load(rq, &w.v)) != NULL)
		return e;
	if (w.v.signed_in && rq->method == METHOD_POST &&
	    (e = act(rq, &w)) != NULL)
		return e;
	if (w.is_answered || rq->status != 0)
		return NULL; /* the act has answered */
	if (!w.v.signed_in)
		return resp_redirect(rq,
		    arena_printf(rq->a, "%s?return_to=%s",
			site_path(rq->conf, rq->a, SITE_LOGIN),
			site_path(rq->conf, rq->a, SITE_ACCOUNT)));
	return account_show(rq, &w);
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE | USES_SIGNING | USES_PAGES | USES_PASSWORDS |
		    USES_FACTORS,
		.name = "account", .audit = "account",
		.methods = METHOD_GET | METHOD_POST,
		.bodies = BODY_FORM, .query_get = 1,
		.waits = 1,
		.run = account, .fail = resp_error_page,
	};

	return serve(&ep);
}
