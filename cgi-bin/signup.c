/* signup.c: GET POST /oauth/signup: a person asks for an account. */
#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "identity.h"
#include "link.h"
#include "oerr.h"
#include "password.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "session.h"
#include "site.h"
#include "throttle.h"
#include "tmpl.h"
#include "trail.h"
#include "url.h"

#define RETURN_MAX 2048 /* bytes; a longer return_to is forgotten */
#define STALE \
    "This page was out of date, or your browser keeps no cookies of this site." \
    " Give your password once more."

/* One showing of the page. */
struct view {
	struct visitor v;
	const char *return_to; /* or NULL */
	const char *error, *error_email, *error_password;
	int is_sent;
};

static const struct oerr *
show(struct req *rq, struct view *w, int status)
{
	struct tmpl_data *d = tmpl_data_new(rq->a);
	struct buf b;

	session_begin(rq, &w->v);
	buf_init(&b, rq->a, 256);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_LOGIN));
	if (w->return_to != NULL)
		url_query_add(&b, "return_to", w->return_to);
	tmpl_set(d, "title", "Create an account");
	tmpl_set(d, "action", site_path(rq->conf, rq->a, SITE_SIGNUP));
	tmpl_set(d, "login_url", b.data);
	tmpl_set(d, "csrf_token", w->v.csrf);
	tmpl_set(d, "return_to", w->return_to);
	tmpl_set(d, "email", rq->param[PARAM_EMAIL]);
	tmpl_set(d, "name", rq->param[PARAM_NAME]);
	tmpl_set(d, "password_min", arena_printf(rq->a, "%lld",
		(long long)rq->conf->password_min));
	tmpl_set(d, "ttl", link_time(rq->a, rq->conf->link_ttl));
	tmpl_set(d, "error", w->error);
	tmpl_set(d, "error_email", w->error_email);
	tmpl_set(d, "error_password", w->error_password);
	tmpl_set(d, w->is_sent ? "sent" : "ask", "1");
	return resp_page(rq, status, "signup.html", d);
}

/* These checks do not depend on who has an account. */
static int
check(struct req *rq, struct view *w, struct user *u)
{
	const char *email = rq->param[PARAM_EMAIL];
	const char *password = rq->param[PARAM_PASSWORD], *why;

	u->email = email == NULL ? NULL : identity_email(rq->a, email);
	u->name = rq->param[PARAM_NAME] == NULL ? "" : rq->param[PARAM_NAME];
	if (u->email == NULL)
		w->error_email = "Give your e-mail address, like name@example.org.";
	if (password == NULL)
		w->error_password = "Choose a password.";
	else if ((why = password_refusal(rq->conf, rq->a, password, u)) != NULL)
		w->error_password = arena_printf(
		    rq->a, "This password will not do: %s.", why);
	return w->error_email == NULL && w->error_password == NULL;
}

static const struct oerr *
sign_up(struct req *rq, struct view *w)
{
	struct user u = { .id = 0 };
	struct link l = { .kind = "sign_up", .return_to = w->return_to };
	const struct oerr *e;

	if (!check(rq, w, &u))
		return show(rq, w, 422);
	if ((e = link_allow(rq)) == &oerr_too_many) {
		oerr_log(rq, e);
		w->error = "Too many mails were asked for from where you are."
			   " Try again in an hour.";
		return show(rq, w, 429);
	}
	if (e != NULL || (e = throttle_hash(rq, rq->param[PARAM_PASSWORD],
			      &l.password)) != NULL)
		return e;
	l.email = u.email;
	l.name = u.name;
	if ((e = link_ask(rq, &l)) != NULL)
		return e;
	trail_note(rq, "sign_up");
	w->is_sent = 1;
	return show(rq, w, 200);
}

/*
 * No account was begun.  login.c says why a browser without a cookie is
 * redirected.
 */
static const struct oerr *
show_again(struct req *rq, struct view *w, const struct oerr *e)
{
	struct buf b;

	oerr_log(rq, e);
	if (*w->v.cookie != '\0') {
		w->error = STALE;
		return show(rq, w, 200);
	}
	buf_init(&b, rq->a, 256);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_SIGNUP));
	url_query_add(&b, "action", "again");
	if (w->return_to != NULL)
		url_query_add(&b, "return_to", w->return_to);
	return resp_redirect(rq, b.data);
}

static const struct oerr *
signup(struct req *rq)
{
	const char *to = rq->param[PARAM_RETURN_TO];
	struct view w = { .error = NULL };
	const struct oerr *e;

	if (rq->conf->sign_up != SIGN_UP_OPEN)
		return oerr_say(rq, &oerr_not_found,
		    rq->conf->sign_up == SIGN_UP_INVITE
			? "An account here begins with an invitation."
			: "Nobody can sign up here.");
	if (to != NULL && strlen(to) <= RETURN_MAX &&
	    site_return_is_safe(rq->conf, rq->a, to))
		w.return_to = to;
	if ((e = session_load(rq, &w.v)) != NULL)
		return e;
	if (rq->method == METHOD_GET) {
		w.error = rq->param[PARAM_ACTION] == NULL ? NULL : STALE;
		return show(rq, &w, 200);
	}
	if ((e = session_check_csrf(rq, &w.v)) == &oerr_stale_form)
		return show_again(rq, &w, e);
	return e != NULL ? e : sign_up(rq, &w);
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE | USES_PAGES,
		.name = "signup", .audit = "sign_up",
		.methods = METHOD_GET | METHOD_POST,
		.bodies = BODY_FORM, .query_get = 1,
		.waits = 1,
		.run = signup, .fail = resp_error_page,
	};

	return serve(&ep);
}
