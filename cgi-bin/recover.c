/* recover.c: GET POST /oauth/recover: a person forgot their password. */
#include "arena.h"
#include "conf.h"
#include "identity.h"
#include "link.h"
#include "oerr.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "session.h"
#include "site.h"
#include "tmpl.h"
#include "trail.h"

#define STALE \
    "This page was out of date, or your browser keeps no cookies of this site." \
    " Press the button once more."

static const struct oerr *
show(struct req *rq, struct visitor *v, int status, const char *state,
    const char *error)
{
	struct tmpl_data *d = tmpl_data_new(rq->a);

	session_begin(rq, v);
	tmpl_set(d, "title", "Forgot your password?");
	tmpl_set(d, "action", site_path(rq->conf, rq->a, SITE_RECOVER));
	tmpl_set(d, "login_url", site_path(rq->conf, rq->a, SITE_LOGIN));
	tmpl_set(d, "csrf_token", v->csrf);
	tmpl_set(d, "email", rq->param[PARAM_EMAIL]);
	tmpl_set(d, "ttl", link_time(rq->a, rq->conf->link_ttl));
	tmpl_set(d, "error", error);
	tmpl_set(d, state, "1");
	return resp_page(rq, status, "recover.html", d);
}

/* This program does not look for the user; the courier does, later (link.h). */
static const struct oerr *
send(struct req *rq, struct visitor *v)
{
	const char *typed = rq->param[PARAM_EMAIL];
	struct link l = { .kind = "recover" };
	const struct oerr *e;

	if (typed != NULL)
		l.email = identity_any(rq->a, typed);
	if (l.email == NULL)
		return show(rq, v, 422, "ask",
		    "Give your e-mail address or your user name.");
	if ((e = link_allow(rq)) == &oerr_too_many) {
		oerr_log(rq, e);
		return show(rq, v, 429, "ask",
		    "Too many mails were asked for from where you are. Try"
		    " again in an hour.");
	}
	if (e != NULL || (e = link_ask(rq, &l)) != NULL)
		return e;
	trail_note(rq, "recover");
	return show(rq, v, 200, "sent", NULL);
}

/*
 * No mail was asked for.  login.c says why a browser without a cookie is
 * redirected.
 */
static const struct oerr *
show_again(struct req *rq, struct visitor *v, const struct oerr *e)
{
	oerr_log(rq, e);
	if (*v->cookie != '\0')
		return show(rq, v, 200, "ask", STALE);
	return resp_redirect(rq, arena_printf(rq->a, "%s?action=again",
	    site_path(rq->conf, rq->a, SITE_RECOVER)));
}

static const struct oerr *
recover(struct req *rq)
{
	const struct oerr *e;
	struct visitor v;

	if (!letter_is_set_up(rq->conf))
		return oerr_say(rq, &oerr_not_found,
		    "This site sends no mail. Those who run it can give you a"
		    " new password.");
	if (!rq->conf->password_sign_in)
		return oerr_say(rq, &oerr_not_found,
		    "Passwords are kept by the site that you sign in at: ask"
		    " there for a new one.");
	if ((e = session_load(rq, &v)) != NULL)
		return e;
	if (rq->method == METHOD_GET)
		return show(rq, &v, 200, "ask",
		    rq->param[PARAM_ACTION] == NULL ? NULL : STALE);
	if ((e = session_check_csrf(rq, &v)) == &oerr_stale_form)
		return show_again(rq, &v, e);
	return e != NULL ? e : send(rq, &v);
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE | USES_PAGES,
		.name = "recover", .audit = "recover",
		.methods = METHOD_GET | METHOD_POST,
		.bodies = BODY_FORM, .query_get = 1,
		.run = recover, .fail = resp_error_page,
	};

	return serve(&ep);
}
