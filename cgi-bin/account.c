/* account.c: GET POST /account: what a user gave to whom, and taking it back. */
#include <time.h>

#include "agent.h"
#include "arena.h"
#include "b64.h"
#include "cgi.h"
#include "conf.h"
#include "issue.h"
#include "oerr.h"
#include "password.h"
#include "resp.h"
#include "scope.h"
#include "session.h"
#include "site.h"
#include "store.h"
#include "store_client.h"
#include "store_consent.h"
#include "store_purge.h"
#include "store_session.h"
#include "store_token.h"
#include "store_user.h"
#include "tmpl.h"
#include "trail.h"
#include "user.h"
#include "utf8.h"
#include "words.h"

#define LIST_MAX 100
#define NAME_MAX_CHARS 60
#define WRONG_PASSWORD "The current password is wrong."

/* One showing of the page. */
struct view {
	struct visitor v;
	int status;
	const char *notice, *error, *new_token;
	int is_idle;			/* there was nothing to take back */
	const char *hash;		/* of a new password */
	struct access_token row;	/* of a new token */
};

static const char *
date(struct arena *a, int64_t t)
{
	char text[32];
	time_t when = (time_t)t;
	struct tm tm;

	if (t == 0 || gmtime_r(&when, &tm) == NULL)
		return "never";
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm);
	return arena_str(a, text);
}

static int
show_apps(struct req *rq, struct tmpl_data *d, const struct view *w)
{
	struct consent *c = arena_alloc(rq->a, LIST_MAX * sizeof(*c));
	struct tmpl_data *item;
	int n;

	n = store_consent_list(rq->st, rq->a, w->v.user.id, c, LIST_MAX);
	for (int i = 0; i < n; i++) {
		item = tmpl_push(d, "apps");
		tmpl_set(item, "client_name", c[i].client_name);
		tmpl_set(item, "client_id", c[i].client_id);
		tmpl_set(item, "scopes",
		    scope_format(rq->conf, rq->a,
			scope_parse(rq->conf, c[i].scope, NULL)));
		tmpl_set(item, "granted_at", date(rq->a, c[i].granted_at));
		tmpl_set(
		    item, "last_used_at", date(rq->a, c[i].last_used_at));
	}
	return n;
}

static int
show_tokens(struct req *rq, struct tmpl_data *d, const struct view *w)
{
	struct access_token *t = arena_alloc(rq->a, LIST_MAX * sizeof(*t));
	struct tmpl_data *item;
	int n;

	n = store_personal_list(
	    rq->st, rq->a, w->v.user.id, rq->now, t, LIST_MAX);
	for (int i = 0; i < n; i++) {
		item = tmpl_push(d, "tokens");
		tmpl_set(item, "id", issue_id_text(rq->a, &t[i].id));
		tmpl_set(item, "name", t[i].name);
		tmpl_set(item, "scopes", t[i].scope);
		tmpl_set(item, "created_at", date(rq->a, t[i].created_at));
		tmpl_set(item, "expires_at", date(rq->a, t[i].expires_at));
		tmpl_set(
		    item, "last_used_at", date(rq->a, t[i].last_used_at));
	}
	return n;
}

static int
show_sessions(struct req *rq, struct tmpl_data *d, const struct view *w)
{
	struct session *s = arena_alloc(rq->a, LIST_MAX * sizeof(*s));
	struct tmpl_data *item;
	char *id;
	int n;

	n = store_session_list(
	    rq->st, rq->a, w->v.user.id, rq->now, s, LIST_MAX);
	for (int i = 0; i < n; i++) {
		item = tmpl_push(d, "sessions");
		/* The digest names the session and opens nothing. */
		id = arena_alloc(rq->a, B64_LEN(DIGEST_LEN) + 1);
		b64url_encode(s[i].digest.byte, DIGEST_LEN, id);
		tmpl_set(item, "id", id);
		tmpl_set(item, "agent", agent_name(rq->a, s[i].agent));
		tmpl_set(item, "agent_text", s[i].agent);
		tmpl_set(item, "address", s[i].address);
		tmpl_set(item, "created_at", date(rq->a, s[i].created_at));
		tmpl_set(item, "last_seen_at", date(rq->a, s[i].seen_at));
		if (digest_equal(&s[i].digest, &w->v.session.digest))
			tmpl_set(item, "current", "1");
	}
	return n;
}

/* The form for a token, as it was sent if it is shown again. */
static void
show_form(struct req *rq, struct tmpl_data *d, const struct view *w)
{
	const char *action = rq->param[PARAM_ACTION];
	const int again = w->error != NULL && action != NULL &&
	    strcmp(action, "create_token") == 0;
	const char *chosen = again ? rq->param[PARAM_SCOPES] : NULL;
	const uint64_t may = scope_of_user(rq->conf, &w->v.user);
	const struct conf_scope *s = rq->conf->scopes;
	struct tmpl_data *item;

	tmpl_set(d, "token_name", again ? rq->param[PARAM_NAME] : NULL);
	for (size_t i = 0; i < rq->conf->n_scopes; i++) {
		if (!(may & UINT64_C(1) << i))
			continue;
		item = tmpl_push(d, "scopes");
		tmpl_set(item, "name", s[i].name);
		tmpl_set(item, "description", s[i].description);
		if (chosen != NULL && words_have(chosen, s[i].name))
			tmpl_set(item, "checked", "1");
	}
}

static const struct oerr *
show(struct req *rq, const struct view *w)
{
	struct tmpl_data *d = tmpl_data_new(rq->a);

	tmpl_set(d, "title", "Your account");
	tmpl_set(d, "action", site_path(rq->conf, rq->a, SITE_ACCOUNT));
	tmpl_set(d, "csrf_token", w->v.csrf);
	tmpl_set(d, "email", w->v.user.email);
	tmpl_set(d, "name", w->v.user.name);
	tmpl_set(d, "notice", w->notice);
	tmpl_set(d, "error", w->error);
	if (w->new_token != NULL)
		tmpl_set(tmpl_push(d, "new_token"), "value", w->new_token);
	show_form(rq, d, w);
	if (show_apps(rq, d, w) < 0 || show_tokens(rq, d, w) < 0 ||
	    show_sessions(rq, d, w) < 0)
		return oerr_machine(rq);
	return resp_page(rq, w->status, "account.html", d);
}

/*
 * Run within a write transaction; step returns a count, or -1.  Whoever was
 * signed out since the request came does nothing more: a token made in flight
 * would be left to one whom a new password has shut out.
 */
static const struct oerr *
in_transaction(struct req *rq, struct view *w,
    int (*step)(struct req *rq, struct view *w))
{
	int stands;

	if (store_begin(rq->st) < 0)
		return oerr_machine(rq);
	if ((stands = session_stands(rq, &w->v)) == 0) {
		store_rollback(rq->st);
		w->v.signed_in = 0;
		return NULL;
	}
	if (stands < 0 || step(rq, w) < 0 || store_commit(rq->st) < 0) {
		store_rollback(rq->st);
		return oerr_machine(rq);
	}
	return NULL;
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
		rq->client_id = id;
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
refuse(struct view *w, const char *why)
{
	w->status = 422;
	w->error = why;
	return NULL;
}

static int
add_token_step(struct req *rq, struct view *w)
{
	return store_access_add(rq->st, &w->row) < 0
	    ? -1
	    : store_purge_turn(rq->st, rq->now);
}

static const struct oerr *
create_token(struct req *rq, struct view *w)
{
	struct client cl;
	struct mint m = {
		.cl = &cl,
		.user = w->v.user.id,
		.ttl_s = rq->conf->personal_ttl,
		.name = rq->param[PARAM_NAME],
	};
	const struct oerr *e;
	char *jwt;

	if (m.name == NULL ||
	    utf8_count(m.name, strlen(m.name)) > NAME_MAX_CHARS)
		return refuse(w, "A token has a name of 1 to 60 characters.");
	if ((e = issue_personal_client(rq, &cl)) != NULL)
		return e;
	if (rq->param[PARAM_SCOPES] != NULL)
		m.scope = scope_parse(
		    rq->conf, rq->param[PARAM_SCOPES], NULL);
	m.scope &= scope_of_user(rq->conf, &w->v.user) & ~SCOPE_STAR;
	if ((e = issue_mint(rq, &m, &w->row, &jwt)) != NULL ||
	    (e = in_transaction(rq, w, add_token_step)) != NULL)
		return e;
	w->new_token = jwt;
	w->notice = "The token is made.";
	return NULL;
}

static const struct oerr *
revoke_token(struct req *rq, struct view *w)
{
	const char *text = rq->param[PARAM_ID];
	struct id id;
	int n;

	if (text == NULL || !issue_id_read(text, &id))
		return refuse(w, "There is no such token.");
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

/*
 * Whoever knew the old password is signed out, and so are the apps.  Personal
 * tokens were made to outlive sign-ins: the page says to look through them.
 */
static int
change_password_step(struct req *rq, struct view *w)
{
	int n;

	/* Of two changes at once the second does not know the password. */
	n = store_user_set_password(
	    rq->st, w->v.user.id, w->v.user.password, w->hash);
	if (n == 0)
		refuse(w, WRONG_PASSWORD);
	if (n != 1)
		return n;
	if (store_session_delete_others(
		rq->st, w->v.user.id, &w->v.session.digest) < 0 ||
	    store_app_revoke(rq->st, w->v.user.id, 0, rq->now) < 0)
		return -1;
	w->notice = "The password is changed. Other browsers are signed out,"
		    " and apps have to ask again. Personal tokens stay: look"
		    " through them below.";
	return 1;
}

/*
 * What lasts longer than the session, or ends other people's, wants the password
 * once more: whoever finds the browser open does not have it.  w tells what went
 * wrong, if the answer is NULL and w->error is set.
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
		return refuse(w, WRONG_PASSWORD);
	refuse(w, "Too many attempts have failed. Wait some minutes, and try"
		  " again.");
	w->status = 429;
	return NULL;
}

static const struct oerr *
change_password(struct req *rq, struct view *w)
{
	const char *next = rq->param[PARAM_NEW_PASSWORD], *why;
	const struct oerr *e;

	if (next == NULL)
		return refuse(w, "Give a new password.");
	if ((why = password_refusal(
		 rq->conf, rq->a, next, &w->v.user)) != NULL)
		return refuse(w, arena_printf(rq->a,
		    "This password will not do: %s.", why));
	/* Both hashes before the database is locked: they take their time. */
	if ((e = ask_password(rq, w, next)) != NULL || w->error != NULL)
		return e;
	return in_transaction(rq, w, change_password_step);
}

static const struct oerr *
sign_out(struct req *rq, struct view *w)
{
	return session_sign_out(rq, &w->v);
}

/* The forms of the page, by their field "action". */
static const struct {
	const char *name;
	const struct oerr *(*run)(struct req *rq, struct view *w);
} actions[] = {
	{ "revoke_app", revoke_app },
	{ "create_token", create_token },
	{ "revoke_token", revoke_token },
	{ "sign_out_session", sign_out_session },
	{ "sign_out_elsewhere", sign_out_elsewhere },
	{ "change_password", change_password },
	{ "sign_out", sign_out },
};

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
		if (name != NULL && strcmp(actions[i].name, name) == 0) {
			rq->detail = actions[i].name;
			e = actions[i].run(rq, w);
			if (e == NULL && w->error == NULL && !w->is_idle &&
			    w->v.signed_in && rq->event == NULL)
				trail_note(rq, "account");
			return e;
		}
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
	if (!w.v.signed_in)
		return resp_redirect(rq,
		    arena_printf(rq->a, "%s?return_to=%s",
			site_path(rq->conf, rq->a, SITE_LOGIN),
			site_path(rq->conf, rq->a, SITE_ACCOUNT)));
	return show(rq, &w);
}

int
main(void)
{
	static const struct endpoint ep = {
		.name = "account", .audit = "account",
		.methods = METHOD_GET | METHOD_POST,
		.bodies = BODY_FORM,
		.run = account, .fail = resp_error_page,
	};

	return cgi_serve(&ep);
}
