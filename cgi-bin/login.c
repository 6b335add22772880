/* login.c: GET POST /oauth/login, POST /oauth/logout: the session. */
#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "letter.h"
#include "oerr.h"
#include "proof.h"
#include "redirect.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "session.h"
#include "site.h"
#include "store_client.h"
#include "tmpl.h"
#include "url.h"
#include "user.h"

#define STALE \
    "This page was out of date, so nobody was signed in. Give your password" \
    " once more."
#define NO_COOKIE \
    "This page was open for too long, or your browser keeps no cookies of" \
    " this site. Sign in again."

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

static const struct oerr *
show(struct req *rq, struct visitor *v, int status, const char *error)
{
	struct tmpl_data *d = tmpl_data_new(rq->a);
	const char *to = return_to(rq);

	session_begin(rq, v);
	tmpl_set(d, "client_name", find_app(rq, to));
	tmpl_set(d, "title", "Sign in");
	tmpl_set(d, "action", site_path(rq->conf, rq->a, SITE_LOGIN));
	tmpl_set(d, "csrf_token", v->csrf);
	tmpl_set(d, "return_to", to);
	tmpl_set(d, "email", rq->param[PARAM_EMAIL]);
	tmpl_set(d, "error", error);
	set_ways(rq, d, to);
	return resp_page(rq, status, "login.html", d);
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
	if (*v->cookie != '\0')
		return show(rq, v, 200, STALE);
	buf_init(&b, rq->a, 1024);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_LOGIN));
	url_query_add(&b, "return_to", return_to(rq));
	url_query_add(&b, "action", "again");
	return resp_redirect(rq, b.data);
}

static const struct oerr *
sign_in(struct req *rq, struct visitor *v)
{
	const char *email = rq->param[PARAM_EMAIL];
	const char *password = rq->param[PARAM_PASSWORD];
	const struct proof p = proof_of_password(rq);
	const struct oerr *e;
	struct user u;

	if (email == NULL || password == NULL)
		return show(rq, v, 422, "Give your e-mail or user name and your password.");
	e = user_authenticate(rq, email, password, &u);
	if (e == NULL)
		e = session_sign_in(rq, v, &u, &p);
	if (e == &oerr_throttled) {
		oerr_log(rq, e);
		return show(rq, v, 429,
		    "Too many attempts have failed. Wait some minutes, and try"
		    " again.");
	}
	if (e != NULL && e->status != 400)
		return e;
	if (e != NULL) {
		oerr_log(rq, e);
		return show(
		    rq, v, 422, "The e-mail, the user name or the password is wrong.");
	}
	return resp_redirect(rq, return_to(rq));
}

static const struct oerr *
login(struct req *rq)
{
	const char *last = strrchr(rq->script, '/');
	const int out = last != NULL && strncmp(last, "/logout", 7) == 0;
	const struct oerr *e;
	struct visitor v;

	if ((e = session_load(rq, &v)) != NULL)
		return e;
	if (rq->method == METHOD_GET && out) {
		resp_header(rq, "Allow", "POST");
		return &oerr_method;
	}
	if (rq->method == METHOD_GET)
		return show(rq, &v, 200,
		    rq->param[PARAM_ACTION] == NULL ? NULL : NO_COOKIE);
	if (out)
		rq->trail.refusal = "sign_out";
	if ((e = session_check_csrf(rq, &v)) != NULL)
		return out || e != &oerr_stale_form ? e
						    : show_again(rq, &v, e);
	if (!out)
		return sign_in(rq, &v);
	if ((e = session_sign_out(rq, &v)) != NULL)
		return e;
	return resp_redirect(rq, site_path(rq->conf, rq->a, SITE_LOGIN));
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE | USES_PAGES | USES_PASSWORDS,
		.name = "login", .audit = "sign_in",
		.methods = METHOD_GET | METHOD_POST,
		.bodies = BODY_FORM, .query_get = 1,
		.waits = 1,
		.run = login, .fail = resp_error_page,
	};

	return serve(&ep);
}
