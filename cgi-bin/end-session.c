/* end-session.c: GET POST /oauth/end-session: OpenID Connect RP-Initiated Logout. */
#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "id_token.h"
#include "oerr.h"
#include "redirect.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "session.h"
#include "site.h"
#include "store_client.h"
#include "store_session.h"
#include "subject.h"
#include "tmpl.h"
#include "trail.h"
#include "url.h"

/* What is asked for, checked. */
struct ending {
	struct id_hint hint;	/* sub NULL: none was sent */
	struct client cl;
	int has_client;
	const char *to;		/* registered, with state; NULL: a page of ours */
};

/* What is carried through our page, and from a POST to a GET. */
static const enum param request_params[] = {
	PARAM_ID_TOKEN_HINT, PARAM_CLIENT_ID, PARAM_POST_LOGOUT_REDIRECT_URI,
	PARAM_STATE,
};
#define N_REQUEST_PARAMS (sizeof(request_params) / sizeof(request_params[0]))

/* Who asks: section 2; client_id must be that of the hint. */
static const struct oerr *
find_client(struct req *rq, struct ending *en)
{
	const char *hint = rq->param[PARAM_ID_TOKEN_HINT];
	const char *id = rq->param[PARAM_CLIENT_ID];
	const struct oerr *e;
	int found;

	if (hint != NULL && (e = id_token_read(rq, hint, &en->hint)) != NULL)
		return e;
	if (en->hint.sub != NULL && id != NULL &&
	    strcmp(id, en->hint.client_id) != 0)
		return oerr_say(rq, &oerr_invalid_request,
		    "The id_token_hint was issued to another client than"
		    " client_id names.");
	if (en->hint.sub != NULL)
		id = en->hint.client_id;
	if (id == NULL)
		return NULL;
	rq->trail.client_id = id;
	if ((found = store_client_by_id(rq->st, rq->a, id, &en->cl)) < 0)
		return oerr_machine(rq);
	if (found == 0 || en->cl.revoked_at != 0)
		return oerr_say(rq, &oerr_invalid_request,
		    "The app that sent you here is not known to this server.");
	en->has_client = 1;
	return NULL;
}

/* Section 3: only to a URI that is registered, byte for byte. */
static const struct oerr *
find_target(struct req *rq, struct ending *en)
{
	const char *uri = rq->param[PARAM_POST_LOGOUT_REDIRECT_URI];
	const char *registered = en->cl.post_logout_uris;
	struct buf b;

	if (uri == NULL)
		return NULL;
	if (!en->has_client)
		return oerr_say(rq, &oerr_invalid_request,
		    "With post_logout_redirect_uri the app must send"
		    " id_token_hint or client_id.");
	if (registered == NULL || !redirect_matches(registered, uri))
		return oerr_why(rq,
		    oerr_say(rq, &oerr_invalid_request,
			"The app asked to send you to an address that is not"
			" registered for it."),
		    "post_logout_redirect_uri is %s; registered: %s",
		    oerr_shown(rq->a, uri),
		    registered == NULL ? "none" : registered);
	buf_init(&b, rq->a, 512);
	buf_str(&b, uri);
	if (rq->param[PARAM_STATE] != NULL)
		url_query_add(&b, "state", rq->param[PARAM_STATE]);
	en->to = b.data;
	return NULL;
}

static const struct oerr *
say_done(struct req *rq, const struct ending *en)
{
	struct tmpl_data *d = tmpl_data_new(rq->a);

	tmpl_set(d, "title", "You are signed out");
	tmpl_set(d, "continue_url", en->to);
	tmpl_set(d, "client_name", en->has_client ? en->cl.name : NULL);
	tmpl_set(d, "login_url", site_path(rq->conf, rq->a, SITE_LOGIN));
	return resp_page(rq, 200, "signout.html", d);
}

static const struct oerr *
ask(struct req *rq, const struct ending *en, const struct visitor *v,
    const char *error)
{
	struct tmpl_data *d = tmpl_data_new(rq->a), *item;

	for (size_t i = 0; i < N_REQUEST_PARAMS; i++) {
		if (rq->param[request_params[i]] == NULL)
			continue;
		item = tmpl_push(d, "params");
		tmpl_set(item, "name", param_name(request_params[i]));
		tmpl_set(item, "value", rq->param[request_params[i]]);
	}
	tmpl_set(d, "title", "Sign out?");
	tmpl_set(d, "asks", "1");
	tmpl_set(d, "action", site_path(rq->conf, rq->a, SITE_END_SESSION));
	tmpl_set(d, "csrf_token", v->csrf);
	tmpl_set(d, "email", store_user_label(&v->user));
	tmpl_set(d, "client_name", en->has_client ? en->cl.name : NULL);
	tmpl_set(d, "account_url", site_path(rq->conf, rq->a, SITE_ACCOUNT));
	tmpl_set(d, "error", error);
	rq->leads_away = en->to != NULL;
	return resp_page(rq, 200, "signout.html", d);
}

static const struct oerr *
sign_out(struct req *rq, const struct ending *en, struct visitor *v)
{
	const struct oerr *e = session_sign_out(rq, v);

	if (e != NULL)
		return e;
	if (en->to != NULL)
		return resp_redirect(rq, en->to);
	return rq->conf->logout_url != NULL
	    ? resp_redirect(rq, rq->conf->logout_url)
	    : say_done(rq, en);
}

/* Does the hint name this session's user and client?  Then nobody need be asked. */
static const struct oerr *
is_named(struct req *rq, const struct ending *en, const struct visitor *v,
    int *is)
{
	const char *sub, *sid = NULL;

	*is = 0;
	if (en->hint.sub == NULL)
		return NULL;
	if (subject_for(rq->st, rq->a, en->cl.sector, v->user.id,
		v->user.subject, &sub) < 0 ||
	    store_session_sid(rq->st, rq->a, &v->session.digest, en->cl.id,
		&sid) < 0)
		return oerr_machine(rq);
	/* The token of an earlier session, or of a device, names no session here. */
	*is = strcmp(sub, en->hint.sub) == 0 && sid != NULL &&
	    en->hint.sid != NULL && strcmp(sid, en->hint.sid) == 0;
	return NULL;
}

/*
 * A form of another site comes without the cookie (SameSite).  The GET that this leads
 * to has it.
 */
static const struct oerr *
as_get(struct req *rq)
{
	struct buf b;

	buf_init(&b, rq->a, 1024);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_END_SESSION));
	for (size_t i = 0; i < N_REQUEST_PARAMS; i++)
		if (rq->param[request_params[i]] != NULL)
			url_query_add(&b, param_name(request_params[i]),
			    rq->param[request_params[i]]);
	return resp_redirect(rq, b.data);
}

static const struct oerr *
decided(struct req *rq, const struct ending *en, struct visitor *v)
{
	const struct oerr *e = session_check_csrf(rq, v);

	if (e == &oerr_stale_form) {
		oerr_log(rq, e);
		return v->signed_in ? ask(rq, en, v, SESSION_STALE)
				    : say_done(rq, en);
	}
	return e != NULL ? e : sign_out(rq, en, v);
}

static const struct oerr *
end_session(struct req *rq)
{
	struct ending en = { .to = NULL };
	const struct oerr *e;
	struct visitor v;
	int is;

	if ((e = find_client(rq, &en)) != NULL ||
	    (e = find_target(rq, &en)) != NULL)
		return e;
	if (rq->method == METHOD_POST && rq->param[PARAM_CSRF_TOKEN] == NULL)
		return as_get(rq);
	if ((e = session_load(rq, &v)) != NULL)
		return e;
	if (rq->method == METHOD_POST)
		return decided(rq, &en, &v);
	if (!v.signed_in)
		return en.to != NULL && en.hint.sub != NULL
		    ? resp_redirect(rq, en.to)
		    : say_done(rq, &en);
	if ((e = is_named(rq, &en, &v, &is)) != NULL)
		return e;
	return is ? sign_out(rq, &en, &v) : ask(rq, &en, &v, NULL);
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE | USES_KEYS | USES_PAGES,
		.name = "end-session", .audit = "sign_out",
		.methods = METHOD_GET | METHOD_POST,
		.bodies = BODY_FORM, .query_get = 1,
		.run = end_session, .fail = resp_error_page,
	};

	return serve(&ep);
}
