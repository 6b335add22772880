/* account.c: GET POST /account: what a user gave to whom, and taking it back. */
#include <string.h>

#include "account.h"
#include "account_factor.h"
#include "account_passkey.h"
#include "account_view.h"
#include "arena.h"
#include "b64.h"
#include "conf.h"
#include "fresh.h"
#include "identity.h"
#include "letter.h"
#include "link.h"
#include "mint.h"
#include "notice.h"
#include "oerr.h"
#include "password.h"
#include "req.h"
#include "resp.h"
#include "scope.h"
#include "serve.h"
#include "session.h"
#include "site.h"
#include "store.h"
#include "store_client.h"
#include "store_consent.h"
#include "store_session.h"
#include "store_token.h"
#include "store_user.h"
#include "trail.h"
#include "user.h"
#include "utf8.h"

#define NAME_MAX_CHARS 60
#define WRONG_PASSWORD "The current password is wrong."

/* What a form asks for, to be done in a transaction. */
struct act {
	struct req *rq;
	struct view *w;
	struct view before;
	int (*step)(struct req *rq, struct view *w);
};

/*
 * If the user was signed out since the request came, nothing is done: else
 * somebody whom a new password shuts out could keep a token that was being
 * made.
 */
static int
act_signed_in(struct store *st, void *ctx)
{
	struct act *a = ctx;
	int n;

	(void)st;
	*a->w = a->before;
	if ((n = session_is_current(a->rq, &a->w->v)) == 0)
		a->w->v.signed_in = 0;
	return n == 1 ? a->step(a->rq, a->w) : n;
}

/* Run step, which returns a count or -1, as a step of store_write. */
static const struct oerr *
in_transaction(struct req *rq, struct view *w,
    int (*step)(struct req *rq, struct view *w))
{
	struct act a = { .rq = rq, .w = w, .before = *w, .step = step };

	return store_write(rq->st, act_signed_in, &a) < 0 ? oerr_machine(rq)
							   : NULL;
}

static int
revoke_app_step(struct req *rq, struct view *w)
{
	const char *id = rq->param[PARAM_CLIENT_ID];
	struct client cl;
	int found;

	found = id == NULL ? 0 : store_client_by_id(rq->st, rq->a, id, &cl);
	w->is_idle = found == 0;
	if (found == 1) {
		rq->trail.client_id = id;
		found = store_app_revoke(
		    rq->st, w->v.user.id, cl.id, rq->now);
	}
	w->notice = "The app has no access any more.";
	return found;
}

static const struct oerr *
revoke_app(struct req *rq, struct view *w)
{
	return in_transaction(rq, w, revoke_app_step);
}

static const struct oerr *
refuse(struct view *w, enum account_field at, const char *why)
{
	w->status = 422;
	w->field = at;
	w->error = why;
	return NULL;
}

/*
 * A new password needs the current one, however fresh the sign-in is.  If this returns
 * NULL and w->error is set, that says what went wrong.
 */
static const struct oerr *
ask_password(struct req *rq, struct view *w, const char *next)
{
	const struct oerr *e = user_confirm(rq, &w->v.user,
	    &w->v.session.digest, rq->param[PARAM_CURRENT_PASSWORD], next,
	    &w->hash);

	if (e == NULL || e->status >= 500)
		return e;
	oerr_log(rq, e);
	if (e != &oerr_throttled)
		return refuse(w, FIELD_CURRENT, WRONG_PASSWORD);
	refuse(w, FIELD_CURRENT,
	    "Too many attempts have failed. Wait some minutes, and try again.");
	w->status = 429;
	return NULL;
}

static int
add_token_step(struct req *rq, struct view *w)
{
	return store_access_add(rq->st, &w->row);
}

static const struct oerr *
create_token(struct req *rq, struct view *w)
{
	struct client cl;
	struct mint m = {
		.cl = &cl,
		.user = w->v.user.id,
		.subject = w->v.user.subject,
		.ttl_s = rq->conf->personal_ttl,
		.name = rq->param[PARAM_NAME],
		.proof = w->v.session.proof,
	};
	const struct oerr *e;

	if (m.name == NULL ||
	    utf8_count(m.name, strlen(m.name)) > NAME_MAX_CHARS)
		return refuse(w, FIELD_NAME, "A token has a name of 1 to 60 characters.");
	if (rq->param[PARAM_EXPIRES_IN] != NULL &&
	    (conf_time(rq->param[PARAM_EXPIRES_IN], &m.ttl_s) < 0 ||
		m.ttl_s < 1 || m.ttl_s > rq->conf->personal_ttl))
		return refuse(w, FIELD_EXPIRY,
		    "A token does not live that long here.");
	if ((e = mint_personal_client(rq, &cl)) != NULL)
		return e;
	if (rq->param[PARAM_SCOPES] != NULL)
		m.scope = scope_parse(
		    rq->conf, rq->param[PARAM_SCOPES], NULL);
	m.scope &= scope_of_user(rq->conf, &w->v.user) &
	    ~(SCOPE_STAR | rq->conf->all_built_in);
	if ((e = mint_access(rq, &m, &w->row, &w->jwt)) != NULL ||
	    (e = in_transaction(rq, w, add_token_step)) != NULL)
		return e;
	w->is_made = 1;
	w->notice = "The token is made.";
	return NULL;
}

static const struct oerr *
revoke_token(struct req *rq, struct view *w)
{
	const char *text = rq->param[PARAM_ID];
	struct id id;
	int n;

	if (text == NULL || !id_read(text, &id))
		return refuse(w, FIELD_NONE, "There is no such token.");
	n = store_personal_revoke(rq->st, w->v.user.id, &id, rq->now);
	if (n < 0)
		return oerr_machine(rq);
	w->is_idle = n == 0;
	w->notice = "The token is dead.";
	return NULL;
}

/* Of the user's own sessions alone: the digest must be in their list. */
static const struct oerr *
sign_out_session(struct req *rq, struct view *w)
{
	const char *text = rq->param[PARAM_ID];
	struct session s;
	struct digest d;
	int found = 0;

	if (text != NULL && strlen(text) == B64_LEN(DIGEST_LEN) &&
	    b64url_decode(text, strlen(text), d.byte) == DIGEST_LEN)
		found = store_session_find(rq->st, rq->a, &d, rq->now, &s);
	if (found == 1)
		found = s.user != w->v.user.id
		    ? 0
		    : store_session_delete(rq->st, &d);
	if (found < 0)
		return oerr_machine(rq);
	w->is_idle = found == 0;
	w->notice = "That browser is signed out.";
	return NULL;
}

static const struct oerr *
sign_out_elsewhere(struct req *rq, struct view *w)
{
	if (store_session_delete_others(
		rq->st, w->v.user.id, &w->v.session.digest) < 0)
		return oerr_machine(rq);
	w->notice = "All other browsers are signed out.";
	return NULL;
}

static int
change_password_step(struct req *rq, struct view *w)
{
	/* Of two changes at once the second does not know the password. */
	const int n = user_set_password(rq->st, &w->v.user, w->hash,
	    &w->v.session.digest, rq->now);

	if (n == 0)
		refuse(w, FIELD_CURRENT, WRONG_PASSWORD);
	if (n != 1)
		return n;
	if (letter_add(rq, &w->notice_mail) < 0)
		return -1;
	w->notice = "The password is changed. Other browsers are signed out,"
		    " and apps have to ask again. Personal tokens stay: look"
		    " through them below.";
	return 1;
}

static const struct oerr *
change_password(struct req *rq, struct view *w)
{
	const char *next = rq->param[PARAM_NEW_PASSWORD], *why;
	const struct oerr *e;

	/* One that is stored here would stand beside that one, or be ignored. */
	if (rq->conf->password_check != NULL)
		return refuse(w, FIELD_NONE,
		    "Your password is kept by another system of this site:"
		    " change it there.");
	if (next == NULL)
		return refuse(w, FIELD_NEW, "Give a new password.");
	if ((why = password_refusal(
		 rq->conf, rq->a, next, &w->v.user)) != NULL)
		return refuse(w, FIELD_NEW, arena_printf(rq->a,
		    "This password will not do: %s.", why));
	/*
	 * Both hashes are made before the database is locked, as they take
	 * long.
	 */
	if ((e = ask_password(rq, w, next)) != NULL || w->error != NULL)
		return e;
	notice_make(rq, &w->v.user, "password", NULL, &w->notice_mail);
	return in_transaction(rq, w, change_password_step);
}

/*
 * The address changes when the link that is sent there is opened.  Whether another
 * user has it, the page does not tell: link.h.
 */
static const struct oerr *
change_email(struct req *rq, struct view *w)
{
	const char *typed = rq->param[PARAM_EMAIL];
	struct link l = { .kind = "email", .user = w->v.user.id,
		.credential = w->v.user.credential };
	const struct oerr *e;

	if (!letter_is_set_up(rq->conf))
		return refuse(w, FIELD_EMAIL, "This site sends no mail.");
	l.email = typed == NULL ? NULL : identity_email(rq->a, typed);
	if (l.email == NULL)
		return refuse(w, FIELD_EMAIL,
		    "Give an e-mail address, like name@example.org.");
	if (w->v.user.email != NULL && strcmp(l.email, w->v.user.email) == 0)
		return refuse(w, FIELD_EMAIL, "This is your address already.");
	if ((e = ask_password(rq, w, NULL)) != NULL || w->error != NULL)
		return e;
	if ((e = link_allow(rq)) == &oerr_too_many) {
		oerr_log(rq, e);
		refuse(w, FIELD_EMAIL, "Too many mails were asked for from"
		    " where you are. Try again in an hour.");
		w->status = 429;
		return NULL;
	}
	if (e != NULL || (e = link_ask(rq, &l)) != NULL)
		return e;
	w->notice = "A mail is on its way to the new address. Open the link in"
		    " it: until then the address stays as it is.";
	return NULL;
}

static int
change_login_step(struct req *rq, struct view *w)
{
	const int n =
	    store_user_set_login(rq->st, w->v.user.id, w->login);

	if (n == 0)
		refuse(w, FIELD_LOGIN, "Another user has this name.");
	if (n != 1)
		return n;
	if (letter_add(rq, &w->notice_mail) < 0)
		return -1;
	w->v.user.login = w->login;
	w->notice = w->login == NULL ? "You have no user name any more."
				     : "Your user name is changed.";
	return 1;
}

/* A name that is empty is none; who has no address needs one. */
static const struct oerr *
change_login(struct req *rq, struct view *w)
{
	const char *typed = rq->param[PARAM_LOGIN];
	const struct oerr *e;

	if (typed != NULL || w->v.user.email == NULL)
		w->login = typed == NULL ? NULL : identity_login(rq->a, typed);
	if (w->login == NULL && (typed != NULL || w->v.user.email == NULL))
		return refuse(w, FIELD_LOGIN, "A user name has 1 to 64 letters,"
		    " digits or signs, without spaces and @.");
	if ((e = ask_password(rq, w, NULL)) != NULL || w->error != NULL)
		return e;
	notice_make(rq, &w->v.user, "login",
	    w->login == NULL ? "none" : w->login, &w->notice_mail);
	return in_transaction(rq, w, change_login_step);
}

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
	{ "revoke_app", revoke_app, 0 },
	{ "create_token", create_token, 1 },
	{ "revoke_token", revoke_token, 0 },
	{ "sign_out_session", sign_out_session, 0 },
	{ "sign_out_elsewhere", sign_out_elsewhere, 0 },
	{ "change_password", change_password, 0 },
	{ "change_email", change_email, 0 },
	{ "change_login", change_login, 0 },
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
	PARAM_AFTER, PARAM_TOTP, PARAM_CODE,
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
