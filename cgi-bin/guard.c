/* guard.c: may this request go on?  For what other programs serve (doc/guard.md). */
#include "guard.h"

#include <ctype.h>

#include "arena.h"
#include "conf.h"
#include "oerr.h"
#include "path.h"
#include "remember.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "subject.h"
#include "url.h"

/*
 * A variable that the server lacks is its configuration's fault: no one gets
 * in.
 */
static const struct oerr *
need_var(struct req *rq, const char *name, const char **out)
{
	*out = req_var(rq, name);
	return *out != NULL && **out != '\0'
	    ? NULL
	    : oerr_why(rq, &oerr_server_error,
		  "the web server sends no %s to the guard", name);
}

/*
 * The path of the target, if all servers find it below the same rules: one behind
 * us may take "%2F", a '\' or ";..." for something else than the one that asks,
 * or decode once more.
 */
static const struct oerr *
find_path(struct req *rq, const char *target, const char **path,
    const struct rule **first)
{
	unsigned fold = rq->conf->guard_fold_case ? PATH_FOLD : 0;
	const struct rule *ignored;
	const char *other;

	if ((*path = path_normal(rq->a, target, fold)) == NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The path is malformed or ambiguous.");
	*first = rule_find(rq->conf->rules, *path, "", &ignored);
	if (path_has_one_reading(target))
		return NULL;
	for (unsigned as = PATH_KEEP_SLASH; as <= PATH_READINGS; as += 2) {
		other = path_normal(rq->a, target, fold | as);
		if (other == NULL ||
		    rule_find(rq->conf->rules, other, "", &ignored) != *first)
			return oerr_say(rq, &oerr_invalid_request,
			    "The path is ambiguous: an encoded slash, a"
			    " backslash, a semicolon, a dot, a space or what"
			    " is encoded twice may lead elsewhere.");
	}
	return NULL;
}

/* A method that the program behind may take instead of the request's own. */
static const struct oerr *
check_method(struct req *rq, const struct rule *ru, const char *source,
    const char *value)
{
	char *method = arena_str(rq->a, value);
	const struct rule *other;

	for (char *p = method; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	(void)rule_find(rq->conf->rules, rq->path, method, &other);
	return *method == '\0' || other == ru
	    ? NULL
	    : oerr_say(rq, &oerr_invalid_request,
		  "%s names a method that has another rule.", source);
}

/* The same of a path. */
static const struct oerr *
check_target(struct req *rq, const struct rule *ru, const char *source,
    const char *value)
{
	const struct rule *first, *other = NULL;
	const char *path;

	if (*value == '\0')
		return NULL;
	if (find_path(rq, value, &path, &first) == NULL)
		(void)rule_find(rq->conf->rules, path,
		    req_var(rq, "REQUEST_METHOD"), &other);
	return other == ru ? NULL
			   : oerr_say(rq, &oerr_invalid_request,
				 "%s names a path that has another rule.",
				 source);
}

/*
 * Some programs believe a header, or a parameter, of what they are asked for.  The
 * files of deploy/ take such headers away; where a server does not, what they
 * name must be under the rule of the request itself.
 */
static const struct oerr *
check_overrides(struct req *rq, const struct rule *ru, const char *target)
{
	static const struct {
		const char *variable, *name;
		const struct oerr *(*check)(struct req *, const struct rule *,
		    const char *, const char *);
	} rows[] = {
		{ "HTTP_X_HTTP_METHOD_OVERRIDE=", "X-HTTP-Method-Override",
		    check_method },
		{ "HTTP_X_HTTP_METHOD=", "X-HTTP-Method", check_method },
		{ "HTTP_X_METHOD_OVERRIDE=", "X-Method-Override", check_method },
		{ "HTTP_X_ORIGINAL_URL=", "X-Original-URL", check_target },
		{ "HTTP_X_REWRITE_URL=", "X-Rewrite-URL", check_target },
	};
	const char *query = strchr(target, '?');
	const struct oerr *e = NULL;
	size_t n, len;
	struct url_pair pair;

	/* In one walk, as nearly no request has any of them. */
	for (char **env = rq->env; e == NULL && *env != NULL; env++)
		for (size_t i = 0; e == NULL &&
		     strncmp(*env, "HTTP_X_", 7) == 0 &&
		     i < sizeof(rows) / sizeof(rows[0]);
		     i++) {
			n = strlen(rows[i].variable);
			if (strncmp(*env, rows[i].variable, n) == 0)
				e = rows[i].check(
				    rq, ru, rows[i].name, *env + n);
		}
	len = query == NULL ? 0 : strlen(++query);
	while (e == NULL && len > 0 &&
	    url_form_next(rq->a, &query, &len, &pair) == 1)
		if (strcmp(pair.name, "_method") == 0)
			e = check_method(rq, ru, "_method", pair.value);
	return e;
}

/* The rule of the request. */
static const struct oerr *
find_rule(struct req *rq, const struct rule **out)
{
	const struct rule *first = NULL;
	const char *target, *method;
	const struct oerr *e;

	if ((e = need_var(rq, "REQUEST_URI", &target)) != NULL ||
	    (e = need_var(rq, "REQUEST_METHOD", &method)) != NULL)
		return e;
	rq->script = ""; /* the log tells the path that was judged */
	if ((e = find_path(rq, target, &rq->path, &first)) != NULL) {
		rq->path = rq->path == NULL ? "" : rq->path;
		return e;
	}
	if (first == NULL)
		return oerr_why(rq, &oerr_no_rule, "no rule in [guard]");
	(void)rule_find(rq->conf->rules, rq->path, method, out);
	if (*out == NULL) {
		resp_header(rq, "Allow", "%s", rule_methods(rq->a, first));
		return &oerr_method;
	}
	return check_overrides(rq, *out, target);
}

/*
 * Say who calls, to the program behind.  A variable is sent even where it is
 * empty: it takes the place of whatever else might set it.
 */
static const struct oerr *
let_through(
    struct req *rq, const struct rule *ru, const struct caller *who)
{
	const char *user = who->is.user == 0
	    ? ""
	    : subject_of_user(rq->a, who->is.user, who->is.subject);
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
		    client == NULL ? "" : id_text(rq->a, &who->says.id) },
		{ "Variable-REMOTE_USER", "X-Carnet-Remote-User",
		    *user != '\0' ? user : client },
	};
	int authorizer = req_is_authorizer(rq);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		resp_header(rq,
		    authorizer ? rows[i].variable : rows[i].header, "%s",
		    rows[i].value == NULL ? "" : rows[i].value);
	/* The next connection may come with another certificate. */
	if (!who->says.by_cert)
		remember_offer(rq, ru);
	return resp_empty(rq, 200);
}

/* Which rule, who calls, is that enough: then the server may go on. */
static const struct oerr *
guard_any(struct req *rq)
{
	struct caller who = { .is = { .user = 0 } };
	const char *answer = req_var(rq, "CARNET_ANSWER");
	const struct rule *ru;
	const struct oerr *e;

	remember_give(rq);
	if ((e = find_rule(rq, &ru)) != NULL)
		return e;
	if (!ru->is_public && (e = guard_check(rq, &ru->needs, &who)) != NULL)
		return e;
	/*
	 * nginx asks again to get the body of a refusal, but the request is let
	 * in by now.
	 */
	if (answer != NULL && strcmp(answer, "refusal") == 0)
		return oerr_why(rq, &oerr_busy, "refused, and then not");
	return let_through(rq, ru, &who);
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

	return serve(&guard);
}
