/* decision.c: may this request go on, and who calls? */
#include "decision.h"

#include <string.h>

#include <apr_strings.h>

#include <http_config.h>
#include <http_log.h>

#include "ask.h"
#include "guard.h"
#include "known.h"
#include "refusal.h"
#include "said.h"

/* The guard takes 256 KiB of parameters (lib/web/fcgi.c). */
#define PARAMS_MAX (200 * 1024)

extern module AP_MODULE_DECLARE_DATA carnet_module;
APLOG_USE_MODULE(carnet);

/* What belongs to a request, a subrequest or an internal redirect. */
struct own {
	const struct decision *decision; /* of a request that a client sent */
	const struct refusal *refusal;	/* its answer, if it is refused */
	int is_told;			/* its environment says who calls */
};

const struct decision_name decision_names[DECISION_NAMES] = {
	{ "CARNET_USER_ID", "X-Carnet-User-Id" },
	{ "CARNET_USER_EMAIL", "X-Carnet-User-Email" },
	{ "CARNET_CLIENT_ID", "X-Carnet-Client-Id" },
	[DECISION_SCOPE] = { "CARNET_SCOPE", "X-Carnet-Scope" },
	{ "CARNET_TOKEN_ID", "X-Carnet-Token-Id" },
	[DECISION_REMOTE_USER] = { "REMOTE_USER", "X-Carnet-Remote-User" },
};

/* The request that the client sent; r may be a part or a continuation of it. */
static request_rec *
first_of(request_rec *r)
{
	while (r->main != NULL || r->prev != NULL)
		r = r->main != NULL ? r->main : r->prev;
	return r;
}

static struct own *
own_of(request_rec *r)
{
	struct own *own = ap_get_module_config(r->request_config, &carnet_module);

	if (own == NULL) {
		own = apr_pcalloc(r->pool, sizeof(*own));
		ap_set_module_config(r->request_config, &carnet_module, own);
	}
	return own;
}

/* The guard says of a variable: Variable-NAME: VALUE. */
static void
read_caller(apr_pool_t *p, const apr_table_t *headers, struct caller *out)
{
	const char *name, *value;

	for (int i = 0; i < DECISION_NAMES; i++) {
		name = apr_pstrcat(
		    p, "Variable-", decision_names[i].variable, NULL);
		value = apr_table_get(headers, name);
		out->value[i] = value == NULL ? "" : value;
	}
}

/* known: what the process remembers of this. */
static void
ask_about(request_rec *r, struct guard *g, struct known *known,
    struct decision *d)
{
	apr_table_t *params = said_params(r);
	struct ask_answer an;
	int rc;

	known_params(known, params);
	if (ask_size(params) > PARAMS_MAX) {
		d->refusal = refusal_make(r->pool,
		    HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "invalid_request",
		    "The headers are too large.");
		return;
	}
	rc = ask(g, r->pool, params, &an);
	if (an.file >= 0)
		known_take(known, an.file);
	for (int i = 0; i < an.log->nelts; i++)
		ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, "%s",
		    APR_ARRAY_IDX(an.log, i, const char *));
	if (rc == 0 && an.status == HTTP_OK) {
		read_caller(r->pool, an.headers, &d->caller);
		known_add(known, &d->caller,
		    apr_table_get(an.headers, "Remember"));
		return;
	}
	if (rc == 0) {
		d->refusal = refusal_of(r->pool, &an);
		return;
	}
	ap_log_rerror(APLOG_MARK, APLOG_ERR, (apr_status_t)an.err, r,
	    "the guard at %s: %s", g->path, an.why);
	d->refusal = refusal_make(r->pool, HTTP_SERVICE_UNAVAILABLE,
	    "temporarily_unavailable", "The guard does not answer.");
}

const struct decision *
decision_of(request_rec *r, struct guard *g)
{
	request_rec *first = first_of(r);
	struct own *own = own_of(first);
	struct decision *d;
	struct known known;

	if (own->decision != NULL && own->decision->guard == g)
		return own->decision;
	d = apr_pcalloc(first->pool, sizeof(*d));
	d->guard = g;
	own->decision = d;
	if (said_hides(first)) {
		d->refusal = refusal_make(first->pool, HTTP_BAD_REQUEST,
		    "invalid_request", "Connection names a header that is ours.");
	} else {
		said_remove(first->headers_in);
		if (!known_find(&known, g->memory, first, &d->caller))
			ask_about(first, g, &known, d);
	}
	return d;
}

void
decision_expect(request_rec *r, const struct refusal *no)
{
	own_of(r)->refusal = no;
}

int
decision_refuse(request_rec *r, const struct refusal *no)
{
	/* An ErrorDocument that is another URL has these, too. */
	refusal_add_headers(r, no);
	decision_expect(r, no);
	return no->status;
}

/* Say who calls.  A variable is set even if it is empty, in place of any other. */
void
decision_tell(request_rec *r, const struct decision *d)
{
	void (*set)(apr_table_t *, const char *, const char *) =
	    apr_is_empty_table(r->subprocess_env) ? apr_table_addn
						  : apr_table_setn;
	struct own *own = own_of(r);
	const char *value;

	if (own->is_told)
		return;
	own->is_told = 1;
	said_remove(r->headers_in);
	r->user = NULL;
	for (size_t i = 0; i < DECISION_NAMES; i++) {
		value = d->caller.value[i];
		if (*value != '\0') /* there is none of that name: see above */
			apr_table_addn(
			    r->headers_in, decision_names[i].header, value);
		if (i != DECISION_REMOTE_USER)
			set(r->subprocess_env, decision_names[i].variable, value);
		else if (*value != '\0')
			r->user = apr_pstrdup(r->pool, value);
	}
	r->ap_auth_type = r->user == NULL ? NULL : apr_pstrdup(r->pool, "Bearer");
}

const struct refusal *
decision_refusal(request_rec *r)
{
	const struct own *own =
	    ap_get_module_config(r->request_config, &carnet_module);

	return own == NULL ? NULL : own->refusal;
}
