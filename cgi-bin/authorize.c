/* authorize.c: GET POST /oauth/authorize: sign-in if needed, consent, code. */
#include "answer.h"
#include "arena.h"
#include "authorize.h"
#include "buf.h"
#include "claims.h"
#include "client.h"
#include "conf.h"
#include "fresh.h"
#include "oerr.h"
#include "redirect.h"
#include "req.h"
#include "resp.h"
#include "scope.h"
#include "serve.h"
#include "store_user.h"
#include "stranger.h"
#include "session.h"
#include "site.h"
#include "store.h"
#include "store_code.h"
#include "store_consent.h"
#include "store_purge.h"
#include "tmpl.h"
#include "trail.h"
#include "url.h"

/* The consent page carries the request in its form; error may be NULL. */
static const struct oerr *
ask(struct req *rq, const struct authorization *az, const struct visitor *v,
    uint64_t scope, const char *error)
{
	struct tmpl_data *d = tmpl_data_new(rq->a), *item;
	const char *self = authorize_self(rq), *query = strchr(self, '?');
	size_t len = query == NULL ? 0 : strlen(++query);
	struct url_pair pair;

	while (url_form_next(rq->a, &query, &len, &pair) == 1) {
		item = tmpl_push(d, "params");
		tmpl_set(item, "name", pair.name);
		tmpl_set(item, "value", pair.value);
	}
	scope_show(rq->conf, scope | az->claims.scope, d);
	claims_show(rq, &v->user, scope | az->claims.scope, d);
	tmpl_set(d, "title", "Allow access");
	tmpl_set(d, "action", site_path(rq->conf, rq->a, SITE_AUTHORIZE));
	tmpl_set(d, "account_url", site_path(rq->conf, rq->a, SITE_ACCOUNT));
	tmpl_set(d, "csrf_token", v->csrf);
	tmpl_set(d, "client_name", az->client.name);
	/* Passport's aud is the client: its tokens do not tell for where they are. */
	if (!rq->conf->passport_compat)
		tmpl_set(d, "resource", az->resource);
	tmpl_set(d, "redirect_host", redirect_host(rq->a, az->redirect_uri));
	tmpl_set(d, "email", store_user_label(&v->user));
	tmpl_set(d, "public_client",
	    client_is_public(&az->client) && az->client.origin == NULL
		? "1"
		: NULL);
	/* A document that the operator took in was looked at. */
	tmpl_set(d, "stranger",
	    az->client.id != 0 && az->client.idle_at == 0
		? NULL
		: az->client.origin);
	tmpl_set(d, "document_host",
	    az->document == DOCUMENT_READ
		? redirect_host(rq->a, az->client.client_id)
		: NULL);
	tmpl_set(d, "this_machine",
	    redirect_is_local(az->redirect_uri) ? "1" : NULL);
	tmpl_set(d, "switch_url", authorize_login_url(rq, az, 1));
	tmpl_set(d, "error", error);
	rq->leads_away = 1;
	return resp_page(rq, 200, "consent.html", d);
}

/*
 * Did the user grant all of this to the client before?  1, 0, or -1.
 *
 * A grant for another resource does not count: a user who lets an app read at
 * one API has not let it read at the next.  A grant for no resource in
 * particular counts for any: the code of such a request gives a token for
 * whichever resource the client then names.
 */
static int
is_remembered(struct req *rq, const struct authorization *az,
    const struct visitor *v, uint64_t scope)
{
	const char *words = NULL;
	int found;

	/* Anybody can pose as a public client: it is asked for each time. */
	if (client_is_public(&az->client) ||
	    az->prompt & (PROMPT_CONSENT | PROMPT_SELECT))
		return 0;
	found = store_consent_find(rq->st, rq->a, v->user.id, az->client.id,
	    az->resource, &words);
	/* A claim that is asked for by name counts as its scope. */
	if (found == 1 && (scope | az->claims.scope) &
		~scope_parse(rq->conf, words, NULL))
		found = 0;
	return found;
}

/* A code to be stored. */
struct giving {
	struct req *rq;
	const struct authorization *az;
	const struct visitor *v;
	uint64_t scope;
	int consented; /* now, on the page */
	struct auth_code code;
	int taken_back;
};

/*
 * Within the transaction: is the user still signed in, and has the consent that
 * is relied on not been taken back?  A new password, or the account page, may
 * have ended all that was granted while this code was being made.  Return 1, 0
 * or -1.
 */
static int
may_still(const struct giving *g)
{
	const int n = session_is_current(g->rq, g->v);

	return n == 1 && !g->consented
	    ? is_remembered(g->rq, g->az, g->v, g->scope)
	    : n;
}

static int
store_code(struct store *st, void *ctx)
{
	struct giving *g = ctx;
	const struct granted *gr = &g->code.granted;
	int n = may_still(g);

	/* RFC 9126 section 7.3: each code is of another request. */
	if (n == 1 && g->az->is_pushed)
		n = pushed_spend(g->rq, &g->az->pushed);
	if (n == 1)
		n = stranger_admit(
		    g->rq, &g->az->client, &g->code.granted.client);
	g->taken_back = n == 0;
	if (n <= 0 ||
	    (g->consented &&
		scope_consent(g->rq, gr->user, gr->client, gr->resource,
		    g->scope | g->az->claims.scope) < 0))
		return -1;
	if (g->scope & g->rq->conf->built_in[SCOPE_OPENID] &&
	    store_session_client(st, g->rq->a, &g->v->session.digest,
		gr->client, &g->code.granted.sid) < 0)
		return -1;
	return store_code_add(st, &g->code);
}

/* Store the code, and the consent if it was given now; then send it. */
static const struct oerr *
give_code(struct req *rq, const struct authorization *az,
    const struct visitor *v, uint64_t scope, int consented)
{
	struct giving g = {
		.rq = rq, .az = az, .v = v, .scope = scope,
		.consented = consented,
		.code = {
			.granted.client = az->client.id,
			.granted.user = v->user.id,
			.granted.scope = scope_format(rq->conf, rq->a, scope),
			.granted.resource = az->resource,
			.granted.proof = v->session.proof,
			.granted.nonce = az->nonce,
			.granted.jkt = az->jkt,
			.granted.claims = claims_words(rq, &az->claims,
			    &v->user),
			.redirect_uri = az->redirect_uri,
			.challenge = az->challenge,
			.expires_at = rq->now + rq->conf->code_ttl,
		},
	};
	char code[SECRET_TEXT_LEN + 1];

	secret_make(code, &g.code.digest);
	id_make(rq->now, &g.code.granted.family);
	if (store_write(rq->st, store_code, &g) < 0)
		return g.taken_back
		    ? answer_error(rq, az,
			  oerr_why(rq, &oerr_access_denied,
			      "taken back, or decided, meanwhile"))
		    : oerr_machine(rq);
	trail_note(rq, "authorize");
	return answer_code(rq, az, code);
}

/*
 * RFC 9470 section 4: does the sign-in do for what is asked?  One of this very second is
 * as young as can be.  If it does not, return the answer.
 *
 * What was pushed stays as it is: that the user has signed in since tells then that this
 * is done.  A site that signs people in may say that they did so long ago.
 */
static const struct oerr *
ask_for_more(struct req *rq, const struct authorization *az,
    const struct proof *p, int *is_enough)
{
	const int is_done =
	    az->is_pushed && p->at >= az->pushed.opened_at;
	const int is_old = !is_done && az->max_age >= 0 &&
	    p->at < rq->now - az->max_age;
	const int is_weak = p->acr < az->acr;
	const int anew = !is_done && (az->prompt & PROMPT_LOGIN) != 0;

	*is_enough = !is_old && !is_weak && !anew;
	if (*is_enough)
		return NULL;
	if (az->prompt & PROMPT_NONE)
		return answer_error(rq, az, &oerr_login_required);
	/* The site that signs people in would send the browser back for ever. */
	if (is_weak && authorize_was_tried(rq))
		return answer_error(rq, az, &oerr_unmet_authentication);
	if (az->is_pushed && authorize_was_tried(rq))
		return answer_error(rq, az,
		    oerr_say(rq, &oerr_login_required,
			"The sign-in is older than the app asks for."));
	return resp_redirect(rq, authorize_login_url(rq, az, anew));
}

/* The page of a privileged scope comes after a fresh sign-in. */
static const struct oerr *
ask_fresh(struct req *rq, const struct authorization *az,
    const struct visitor *v, uint64_t scope, const char *error)
{
	return scope_is_privileged(rq->conf, scope) && !session_is_fresh(rq, v)
	    ? resp_redirect(rq, fresh_url(rq, authorize_self(rq)))
	    : ask(rq, az, v, scope, error);
}

/* What the user pressed on the consent page; a stale form decides nothing. */
static const struct oerr *
take_decision(struct req *rq, const struct authorization *az,
    const struct visitor *v, uint64_t scope, const char *decision)
{
	const struct oerr *e = session_check_csrf(rq, v);

	if (e == &oerr_stale_form && az->prompt & PROMPT_NONE)
		return answer_error(rq, az, &oerr_consent_required);
	if (e == &oerr_stale_form) {
		oerr_log(rq, e);
		return ask_fresh(rq, az, v, scope, SESSION_STALE);
	}
	if (e != NULL)
		return e;
	if (strcmp(decision, "approve") != 0)
		return answer_error(rq, az, &oerr_access_denied);
	return scope_is_privileged(rq->conf, scope) && !session_is_fresh(rq, v)
	    ? resp_redirect(rq, fresh_url(rq, authorize_self(rq)))
	    : give_code(rq, az, v, scope, 1);
}

/*
 * Client and redirect URI are known, so errors go to the client from here on.
 * If nobody is signed in they do so under prompt=none alone.
 */
static const struct oerr *
decide(struct req *rq, struct authorization *az, struct visitor *v)
{
	const char *decision = rq->method == METHOD_POST
	    ? rq->param[PARAM_DECISION]
	    : NULL;
	const int is_silent = az->prompt == PROMPT_NONE &&
	    az->prompt_error == NULL;
	const struct oerr *e;
	uint64_t scope;
	int remembered, is_expected, is_enough;

	if ((e = authorize_check(rq, az)) != NULL)
		return v->signed_in || is_silent
		    ? answer_error(rq, az, e)
		    : answer_refuse(rq, az, e);
	if (!v->signed_in)
		return is_silent
		    ? answer_error(rq, az, &oerr_login_required)
		    : resp_redirect(rq,
			  authorize_login_url(rq, az,
			      (az->prompt & PROMPT_LOGIN) != 0));
	e = ask_for_more(rq, az, &v->session.proof, &is_enough);
	if (!is_enough)
		return e;
	if (authorize_is_for(rq, az, &v->user, &is_expected) < 0)
		return oerr_machine(rq);
	if (!is_expected)
		return answer_error(rq, az,
		    oerr_say(rq, &oerr_login_required,
			"Another user is signed in than the app expects."));
	scope = az->scope & scope_of_user(rq->conf, &v->user);
	if (az->scope != 0 && scope == 0)
		return answer_error(rq, az, &oerr_invalid_scope);
	if (decision != NULL)
		return take_decision(rq, az, v, scope, decision);
	if ((remembered = is_remembered(rq, az, v, scope)) < 0)
		return oerr_machine(rq);
	if (remembered)
		return give_code(rq, az, v, scope, 0);
	/* It is stored, so that the account page has it. */
	if (az->client.is_trusted &&
	    !(az->prompt & (PROMPT_CONSENT | PROMPT_SELECT)))
		return give_code(rq, az, v, scope, 1);
	return az->prompt & PROMPT_NONE
	    ? answer_error(rq, az, &oerr_consent_required)
	    : ask_fresh(rq, az, v, scope, NULL);
}

/* Nobody is sent away before the document says where to. */
static const struct oerr *
sign_in_first(struct req *rq, const struct authorization *az)
{
	const char *prompt = rq->param[PARAM_PROMPT];

	return prompt != NULL && strcmp(prompt, "none") == 0
	    ? oerr_say(rq, &oerr_invalid_request,
		  "What the app says of itself is not known here yet: sign in"
		  " first.")
	    : resp_redirect(rq, authorize_login_url(rq, az, 0));
}

/* The courier needs a second or two: the page comes again by itself. */
static const struct oerr *
wait_for_document(struct req *rq, const struct authorization *az)
{
	struct tmpl_data *d = tmpl_data_new(rq->a);

	tmpl_set(d, "title", "One moment");
	tmpl_set(d, "host", redirect_host(rq->a, az->awaited));
	tmpl_set(d, "again_url", authorize_self(rq));
	if (rq->method == METHOD_POST)
		resp_header(rq, "Refresh", "1; url=%s", authorize_self(rq));
	else
		resp_header(rq, "Refresh", "1"); /* the same, prompt included */
	return resp_page(rq, 200, "wait.html", d);
}

static const struct oerr *
authorize(struct req *rq)
{
	struct authorization az = { .redirect_uri = NULL };
	const struct oerr *e;
	struct visitor v;

	if ((e = session_load(rq, &v)) != NULL)
		return e;
	az.is_signed_in = v.signed_in;
	if ((e = authorize_client(rq, &az)) != NULL)
		return e;
	if (az.document == DOCUMENT_SIGN_IN)
		return sign_in_first(rq, &az);
	return az.document == DOCUMENT_WAIT ? wait_for_document(rq, &az)
					    : decide(rq, &az, &v);
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE | USES_KEYS | USES_PAGES,
		.name = "authorize", .audit = "authorize",
		.methods = METHOD_GET | METHOD_POST,
		.bodies = BODY_FORM, .query_get = 1, .lenient = 1,
		.run = authorize, .fail = resp_error_page,
	};

	return serve(&ep);
}
