/*
 * login.c: GET POST /oauth/login and /oauth/login/return, POST /oauth/logout: the
 * session.
 */
#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "detour.h"
#include "fresh.h"
#include "handoff.h"
#include "letter.h"
#include "oerr.h"
#include "passkey.h"
#include "proof.h"
#include "redirect.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "session.h"
#include "sign_in.h"
#include "site.h"
#include "store_client.h"
#include "tmpl.h"
#include "uri.h"
#include "url.h"
#include "user.h"
#include "words.h"

#define STALE \
    "This page was out of date, so nobody was signed in. Give your password" \
    " once more."
#define STALE_STEP "This page was out of date. Do this step once more."
#define TOO_MANY \
    "Too many attempts have failed. Wait some minutes, and try again."
#define BEGIN_AGAIN \
    "That took too long, or was begun in another browser. Sign in again."
#define NO_COOKIE \
    "This page was open for too long, or your browser keeps no cookies of" \
    " this site. Sign in again."
#define AT_SITE_ALONE \
    "People sign in at the site, not here."

/* Where to go once signed in: one of our own pages, else the account. */
static const char *
return_to(struct req *rq)
{
	const char *to = rq->param[PARAM_RETURN_TO];

	return to != NULL && site_return_is_safe(rq->conf, rq->a, to)
	    ? to
	    : site_path(rq->conf, rq->a, SITE_ACCOUNT);
}

/*
 * The name of the app that waits behind the sign-in, or NULL.  This form then may
 * lead straight back to it.
 */
static const char *
find_app(struct req *rq, const char *to)
{
	const char *query = strchr(to, '?'), *id = NULL, *uri = NULL;
	struct url_pair pair;
	struct client cl;
	size_t len;

	if (query == NULL)
		return NULL;
	query++;
	len = strlen(query);
	while (url_form_next(rq->a, &query, &len, &pair) == 1)
		if (strcmp(pair.name, "redirect_uri") == 0)
			uri = pair.value;
		else if (strcmp(pair.name, "client_id") == 0)
			id = pair.value;
	if (id == NULL || uri == NULL ||
	    store_client_by_id(rq->st, rq->a, id, &cl) != 1 ||
	    !redirect_matches(cl.redirect_uris, uri))
		return NULL;
	rq->leads_away = 1;
	return cl.name;
}

/* For who has no account yet, or no password any more. */
static void
set_ways(struct req *rq, struct tmpl_data *d, const char *to)
{
	struct buf b;

	if (letter_is_set_up(rq->conf))
		tmpl_set(d, "recover_url",
		    site_path(rq->conf, rq->a, SITE_RECOVER));
	if (rq->conf->sign_up != SIGN_UP_OPEN)
		return;
	buf_init(&b, rq->a, 256);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_SIGNUP));
	url_query_add(&b, "return_to", to);
	tmpl_set(d, "signup_url", b.data);
}

/* The sign-in page: the button that leads to the site, if there is one. */
static struct tmpl_data *
page(struct req *rq, const char *title, const char *error)
{
	struct tmpl_data *d = tmpl_data_new(rq->a);
	const char *origin = rq->conf->login_url == NULL
	    ? NULL
	    : uri_origin(rq->a, rq->conf->login_url);
	const char *to = return_to(rq);

	tmpl_set(d, "client_name", find_app(rq, to));
	tmpl_set(d, "title", title);
	tmpl_set(d, "action", site_path(rq->conf, rq->a, SITE_LOGIN));
	tmpl_set(d, "return_to", to);
	tmpl_set(d, "error", error);
	if (origin != NULL)
		tmpl_set(d, "site_host", redirect_host(rq->a, origin));
	if (words_have(rq->param[PARAM_PROMPT], "login"))
		tmpl_set(d, "prompt", "login");
	tmpl_set(d, "max_age", rq->param[PARAM_MAX_AGE]);
	tmpl_set(d, "hint", rq->param[PARAM_EMAIL]);
	return d;
}

static const struct oerr *
show(struct req *rq, struct visitor *v, int status, const char *error)
{
	struct tmpl_data *d = page(rq, "Sign in", error);
	const char *to = return_to(rq);
	const struct oerr *e;

	if (rq->conf->password_sign_in) {
		session_begin(rq, v);
		if ((e = passkey_offer(rq, v, PASSKEY_ALONE, NULL, d)) != NULL)
			return e;
		tmpl_set(d, "wants_passkey",
		    sign_in_wanted(rq, to) == ACR_PHR ? "1" : NULL);
		tmpl_set(d, "account_url",
		    site_path(rq->conf, rq->a, SITE_ACCOUNT));
		tmpl_set(d, "password_form", "1");
		tmpl_set(d, "csrf_token", v->csrf);
		tmpl_set(d, "email", rq->param[PARAM_EMAIL]);
		set_ways(rq, d, to);
	}
	return resp_page(rq, status, "login.html", d);
}

/*
 * The browser brings a ticket from the site.  If it came by a form, the browser has
 * sent no cookie (SameSite), as the form is another site's.  It sends the cookie with
 * the same form on a page of ours, which is shown once: without JavaScript it takes a
 * click.  An answer that set a cookie here could overwrite one that was not sent.
 */
static const struct oerr *
come_back(struct req *rq, struct visitor *v)
{
	const struct oerr *e;
	const char *to = NULL;
	struct tmpl_data *d, *item;

	if (rq->method == METHOD_POST && !detour_is_possible(rq) &&
	    rq->param[PARAM_TICKET] != NULL && rq->param[PARAM_ACTION] == NULL) {
		d = tmpl_data_new(rq->a);
		tmpl_set(d, "title", "Signing you in");
		tmpl_set(d, "action", arena_printf(rq->a, "%s/return",
		    site_path(rq->conf, rq->a, SITE_LOGIN)));
		item = tmpl_push(d, "params");
		tmpl_set(item, "name", "ticket");
		tmpl_set(item, "value", rq->param[PARAM_TICKET]);
		item = tmpl_push(d, "params");
		tmpl_set(item, "name", "action");
		tmpl_set(item, "value", "again");
		return resp_page(rq, 200, "form_post.html", d);
	}
	if ((e = handoff_end(rq, v, &to)) == NULL || e->status >= 500)
		return e;
	oerr_log(rq, e);
	rq->param[PARAM_RETURN_TO] = to;
	d = page(rq, "Sign in", e->description);
	tmpl_set(d, "request_id", rq->id);
	return resp_page(rq, e->status, "login.html", d);
}

/*
 * A form from before a sign-in in another tab, or another site's: nothing is
 * done, and the form is shown again.  Without a cookie nobody can tell which of
 * the two it is, and a cookie set now would overwrite the one that the browser
 * does not send with another site's form.  It sends it with the GET that this
 * leads to.
 */
static const struct oerr *
show_again(struct req *rq, struct visitor *v, const struct oerr *e)
{
	struct buf b;

	oerr_log(rq, e);
	if (v->is_half)
		return sign_in_ask_second(rq, v, return_to(rq), 200, STALE_STEP);
	if (*v->cookie != '\0')
		return show(rq, v, 200, STALE);
	buf_init(&b, rq->a, 1024);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_LOGIN));
	url_query_add(&b, "return_to", return_to(rq));
	url_query_add(&b, "action", "again");
	return resp_redirect(rq, b.data);
}

static const struct oerr *
at_site_alone(struct req *rq, struct visitor *v)
{
	oerr_log(rq, oerr_why(rq, &oerr_invalid_request, "password_sign_in is no"));
	return show(rq, v, 400, AT_SITE_ALONE);
}

static const struct oerr *
sign_in(struct req *rq, struct visitor *v)
{
	const char *email = rq->param[PARAM_EMAIL];
	const char *password = rq->param[PARAM_PASSWORD];
	const struct proof p = proof_of_password(rq);
	const struct oerr *e;
	struct user u;

	if (!rq->conf->password_sign_in)
		return at_site_alone(rq, v);
	if (email == NULL || password == NULL)
		return show(rq, v, 422, "Give your e-mail or user name and your password.");
	e = user_authenticate(rq, email, password, &u);
	if (e == NULL)
		e = sign_in_go(rq, v, &u, &p, return_to(rq));
	if (e == &oerr_throttled) {
		oerr_log(rq, e);
		return show(rq, v, 429, TOO_MANY);
	}
	if (e != NULL && e->status != 400)
		return e;
	if (e != NULL) {
		oerr_log(rq, e);
		return show(
		    rq, v, 422, "The e-mail, the user name or the password is wrong.");
	}
	return NULL;
}

/* The first step is over: its session must still be there, in this browser. */
static const struct oerr *
second_step(struct req *rq, struct visitor *v)
{
	const char *to = return_to(rq), *why = NULL;
	const struct oerr *e;

	if (!v->is_half)
		return show(rq, v, 422, BEGIN_AGAIN);
	e = sign_in_second(rq, v, to, &why);
	if (e == &oerr_throttled) {
		oerr_log(rq, e);
		return sign_in_ask_second(rq, v, to, 429, TOO_MANY);
	}
	if (e != NULL && e->status != 400)
		return e;
	if (e != NULL) {
		oerr_log(rq, e);
		return show(rq, v, 422, BEGIN_AGAIN);
	}
	return why == NULL ? NULL : sign_in_ask_second(rq, v, to, 422, why);
}

/* A passkey alone says who signs in, but not where the site alone does so. */
static const struct oerr *
by_passkey(struct req *rq, struct visitor *v)
{
	const struct oerr *e;
	struct proof p;
	struct user u;

	if (!rq->conf->password_sign_in)
		return at_site_alone(rq, v);
	if ((e = passkey_use(rq, v, PASSKEY_ALONE, &u, &p)) == NULL)
		e = sign_in_go(rq, v, &u, &p, return_to(rq));
	if (e == NULL || e->status >= 500)
		return e;
	oerr_log(rq, e);
	return show(rq, v, 422, passkey_told(e));
}

/* Somebody else, or the same once more: the first step is forgotten. */
static const struct oerr *
begin_again(struct req *rq, struct visitor *v)
{
	const struct oerr *e = v->is_half ? session_sign_out(rq, v) : NULL;
	struct buf b;

	buf_init(&b, rq->a, 1024);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_LOGIN));
	url_query_add(&b, "return_to", return_to(rq));
	return e != NULL ? e : resp_redirect(rq, b.data);
}

/* Who is signed in proves again that it is them: fresh.h. */
static const struct oerr *
confirm(struct req *rq, struct visitor *v)
{
	static const enum param carried[] = { PARAM_ACTION, PARAM_RETURN_TO };
	const struct oerr *e;
	const char *why = NULL;

	if (!v->signed_in)
		return show(rq, v, 200, NULL);
	if (rq->method == METHOD_POST &&
	    (e = fresh_prove(rq, v, &why)) != NULL)
		return e;
	if (why == NULL && session_is_fresh(rq, v))
		return resp_redirect(rq, return_to(rq));
	return fresh_ask(rq, v, site_path(rq->conf, rq->a, SITE_LOGIN), carried,
	    sizeof(carried) / sizeof(carried[0]), why);
}

/* What a form asks for, by its field "action". */
static const struct {
	const char *name;
	const struct oerr *(*run)(struct req *rq, struct visitor *v);
} actions[] = {
	{ "second", second_step },
	{ "passkey", by_passkey },
	{ "begin_again", begin_again },
	{ FRESH_ACTION, confirm },
};

static const struct oerr *
act(struct req *rq, struct visitor *v)
{
	const char *name = rq->param[PARAM_ACTION];

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (name != NULL && strcmp(actions[i].name, name) == 0)
			return actions[i].run(rq, v);
	return sign_in(rq, v);
}

static const struct oerr *
show_page(struct req *rq, struct visitor *v)
{
	const char *action = rq->param[PARAM_ACTION];

	if (action != NULL && strcmp(action, FRESH_ACTION) == 0)
		return confirm(rq, v);
	if (v->is_half)
		return sign_in_ask_second(rq, v, return_to(rq), 200, NULL);
	return show(rq, v, 200, action == NULL ? NULL : NO_COOKIE);
}

/* The page, or, where the site alone signs in, the way there. */
static const struct oerr *
login_get(struct req *rq, struct visitor *v)
{
	const char *action = rq->param[PARAM_ACTION];
	const int has_site = rq->conf->login_url != NULL;

	if (action != NULL && strcmp(action, "out") == 0 && has_site)
		return resp_page(rq, 200, "login.html",
		    page(rq, "You are signed out", NULL));
	if (has_site && !v->is_half &&
	    (action != NULL ? strcmp(action, "site") == 0
			    : !rq->conf->password_sign_in))
		return handoff_begin(rq, return_to(rq));
	/* Who has no factor of their own here proves it again there. */
	if (has_site && !rq->conf->password_sign_in && !v->is_half &&
	    !(v->signed_in && v->user.factors > 0) &&
	    strcmp(action, FRESH_ACTION) == 0) {
		rq->param[PARAM_PROMPT] = "login";
		return handoff_begin(rq, return_to(rq));
	}
	return show_page(rq, v);
}

static const struct oerr *
login_post(struct req *rq, struct visitor *v)
{
	const struct oerr *e;

	if (!rq->conf->password_sign_in && rq->param[PARAM_ACTION] == NULL)
		return at_site_alone(rq, v);
	e = session_check_csrf(rq, v);
	if (e == &oerr_stale_form)
		return show_again(rq, v, e);
	return e != NULL ? e : act(rq, v);
}

static const struct oerr *
logout(struct req *rq, struct visitor *v)
{
	const struct oerr *e;

	if (rq->method == METHOD_GET) {
		resp_header(rq, "Allow", "POST");
		return &oerr_method;
	}
	rq->trail.refusal = "sign_out";
	if ((e = session_check_csrf(rq, v)) != NULL ||
	    (e = session_sign_out(rq, v)) != NULL)
		return e;
	return resp_redirect(rq, site_after_sign_out(rq->conf, rq->a));
}

static const struct oerr *
login(struct req *rq)
{
	const char *last = strrchr(rq->script, '/');
	const int out = last != NULL && strncmp(last, "/logout", 7) == 0;
	const int is_back = strcmp(rq->path, "/return") == 0 && !out &&
	    rq->conf->login_url != NULL;
	const struct oerr *e;
	struct visitor v;

	if (*rq->path != '\0' && !is_back)
		return &oerr_not_found;
	if ((e = session_load(rq, &v)) != NULL)
		return e;
	/* The form of the second step, or of a confirmation, leads to the app too. */
	if (v.is_half || v.signed_in)
		(void)find_app(rq, return_to(rq));
	if (is_back)
		return come_back(rq, &v);
	if (out)
		return logout(rq, &v);
	return rq->method == METHOD_GET ? login_get(rq, &v)
					: login_post(rq, &v);
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE | USES_PAGES | USES_PASSWORDS |
		    USES_FACTORS | USES_LOGIN_KEY,
		.name = "login", .audit = "sign_in",
		.methods = METHOD_GET | METHOD_POST,
		.bodies = BODY_FORM, .query_get = 1,
		.waits = 1, .any_path = 1,
		.run = login, .fail = resp_error_page,
	};

	return serve(&ep);
}
