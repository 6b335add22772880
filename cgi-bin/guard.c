/* guard.c: may this request go on?  For what other programs serve (README). */
#include "guard.h"

#include "arena.h"
#include "cgi.h"
#include "conf.h"
#include "issue.h"
#include "oerr.h"
#include "path.h"
#include "resp.h"

/* A variable that the server lacks is its configuration's fault: no one gets
 * in. */
static const struct oerr *
need_var(struct req *rq, const char *name, const char **out)
{
	*out = cgi_var(rq, name);
	return *out != NULL && **out != '\0'
	    ? NULL
	    : oerr_why(rq, &oerr_server_error,
		  "the web server sends no %s to the guard", name);
}

/*
 * The path, if all servers find it below the same rules: one behind us may take
 * "%2F", a '\' or ";..." for something else than the one that asks.
 */
static const struct oerr *
find_path(struct req *rq, const char *target, const struct rule **first)
{
	unsigned fold = rq->conf->guard_fold_case ? PATH_FOLD : 0;
	const struct rule *ignored;
	const char *other;

	rq->script = ""; /* the log tells the path that was judged */
	if ((rq->path = path_normal(rq->a, target, fold)) == NULL) {
		rq->path = "";
		return oerr_say(rq, &oerr_invalid_request,
		    "The path is malformed or ambiguous.");
	}
	*first = rule_find(rq->conf->rules, rq->path, "", &ignored);
	if (path_has_one_reading(target))
		return NULL;
	for (unsigned as = PATH_KEEP_SLASH; as <= PATH_READINGS; as += 2) {
		other = path_normal(rq->a, target, fold | as);
		if (other == NULL ||
		    rule_find(rq->conf->rules, other, "", &ignored) != *first)
			return oerr_say(rq, &oerr_invalid_request,
			    "The path is ambiguous: an encoded slash, a"
			    " backslash, a semicolon, a dot or a space may"
			    " lead elsewhere.");
	}
	return NULL;
}

/* The rule of the request. */
static const struct oerr *
find_rule(struct req *rq, const struct rule **out)
{
	const struct rule *first = NULL;
	const char *target, *method;
	const struct oerr *e;

	if ((e = need_var(rq, "REQUEST_URI", &target)) != NULL ||
	    (e = need_var(rq, "REQUEST_METHOD", &method)) != NULL ||
	    (e = find_path(rq, target, &first)) != NULL)
		return e;
	if (first == NULL)
		return oerr_why(rq, &oerr_no_rule, "no rule in [guard]");
	(void)rule_find(rq->conf->rules, rq->path, method, out);
	if (*out == NULL) {
		resp_header(rq, "Allow", "%s", rule_methods(rq->a, first));
		return &oerr_method;
	}
	return NULL;
}

/*
 * Say who calls, to the program behind.  A variable is sent even where it is
 * empty: it takes the place of whatever else might set it.
 */
static const struct oerr *
let_through(struct req *rq, const struct guard_caller *who)
{
	const char *user = who->is.user == 0
	    ? ""
	    : arena_printf(rq->a, "%lld", (long long)who->is.user);
	const char *client = who->is.client_id;
	const struct {
		const char *variable, *header, *value;
	} rows[] = {
		{ "Variable-CARNET_USER_ID", "X-Carnet-User-Id", user },
		{ "Variable-CARNET_USER_EMAIL", "X-Carnet-User-Email",
		    who->is.email },
		{ "Variable-CARNET_CLIENT_ID", "X-Carnet-Client-Id", client },
		{ "Variable-CARNET_SCOPE", "X-Carnet-Scope", who->is.scope },
		{ "Variable-CARNET_TOKEN_ID", "X-Carnet-Token-Id",
		    client == NULL ? "" : issue_id_text(rq->a, &who->token) },
		{ "Variable-REMOTE_USER", "X-Carnet-Remote-User",
		    *user != '\0' ? user : client },
	};
	int authorizer = cgi_is_authorizer(rq);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		resp_header(rq,
		    authorizer ? rows[i].variable : rows[i].header, "%s",
		    rows[i].value == NULL ? "" : rows[i].value);
	return resp_empty(rq, 200);
}

/* Which rule, who calls, is that enough: then the server may go on. */
static const struct oerr *
guard_any(struct req *rq)
{
	struct guard_caller who = { .expires_at = 0 };
	const char *answer = cgi_var(rq, "CARNET_ANSWER");
	const struct rule *ru;
	const struct oerr *e;

	if ((e = find_rule(rq, &ru)) != NULL)
		return e;
	if (!ru->is_public && (e = guard_check(rq, &ru->needs, &who)) != NULL)
		return e;
	if (!ru->is_public)
		guard_note_use(rq, &who);
	/* nginx asks again for the whole of a refusal, which is none by now. */
	if (answer != NULL && strcmp(answer, "refusal") == 0)
		return oerr_why(rq, &oerr_busy, "refused, and then not");
	return let_through(rq, &who);
}

int
main(void)
{
	static const struct endpoint guard = {
		.uses = USES_STORE | USES_KEYS,
		.name = "guard",
		.authorizer = 1,
		.run = guard_any,
		.fail = resp_error_json,
	};

	return cgi_serve(&guard);
}
