/* mod_carnet.c: Apache asks the guard about each request (carnet-deploy(7)). */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_user.h>

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_auth.h>

#include "decision.h"
#include "guard.h"
#include "refusal.h"
#include "said.h"

#define TYPE "Carnet"
#define SOCKET "/run/carnet/guard.sock"
#define TIMEOUT_S 5
#define TIMEOUT_MAX_S 60
#define PATH_LEN_MAX 107 /* of a Unix socket */

extern module AP_MODULE_DECLARE_DATA carnet_module;
APLOG_USE_MODULE(carnet);

struct carnet_dir {
	struct guard *guard;
};

static struct guard *guards; /* all that the configuration names */
static struct guard *usual;	 /* where it names none */

static int
is_guarded(request_rec *r)
{
	const char *type = ap_auth_type(r);

	return type != NULL && strcasecmp(type, TYPE) == 0;
}

static const struct decision *
decide(request_rec *r)
{
	const struct carnet_dir *dir =
	    ap_get_module_config(r->per_dir_config, &carnet_module);

	return decision_of(r, dir->guard != NULL ? dir->guard : usual);
}

/* ---- Hooks ---- */

static int
check_access(request_rec *r)
{
	const struct decision *d;

	if (!is_guarded(r))
		return DECLINED;
	d = decide(r);
	if (d->refusal != NULL)
		return decision_refuse(r, d->refusal);
	decision_tell(r, d);
	return OK;
}

/* Some Require needs a user, and there is none: the rule is public. */
static int
check_user(request_rec *r)
{
	const struct decision *d;
	struct refusal *no;

	if (!is_guarded(r))
		return DECLINED;
	d = decide(r);
	if (d->refusal != NULL)
		return decision_refuse(r, d->refusal);
	decision_tell(r, d);
	if (r->user != NULL)
		return OK;
	no = refusal_make(r->pool, HTTP_UNAUTHORIZED, "unauthorized",
	    "This needs a token, and the rule of the guard is public.");
	apr_table_setn(no->headers, "WWW-Authenticate", "Bearer");
	return decision_refuse(r, no);
}

/*
 * The last step before a handler.  With "Satisfy Any" a Require may let through what
 * the guard refuses; and Apache does not repeat the checks above for a subrequest.
 */
static int
check_last(request_rec *r)
{
	const struct decision *d;

	if (!is_guarded(r))
		return DECLINED;
	d = decide(r);
	if (d->refusal != NULL)
		return decision_refuse(r, d->refusal);
	decision_tell(r, d);
	decision_expect(r, NULL); /* another Require was enough */
	return DECLINED;
}

static void
insert_refusal(request_rec *r)
{
	const struct refusal *no = decision_refusal(r);

	if (no != NULL && no->status == r->status)
		refusal_send(r, no);
}

/* ---- Require ---- */

static const char *
parse_any(cmd_parms *cmd, const char *line, const void **parsed)
{
	(void)parsed;
	return *line == '\0' ? NULL
			     : apr_psprintf(cmd->pool,
				   "Require carnet takes no word: %s", line);
}

static const char *
parse_scope(cmd_parms *cmd, const char *line, const void **parsed)
{
	(void)cmd;
	(void)parsed;
	if (*line == '\0')
		return "Require carnet-scope needs a scope";
	return strpbrk(line, "\"\\") == NULL ? NULL
					     : "no scope has a quote or a \\";
}

/* NULL if the guard is not asked here, or refuses. */
static const struct decision *
let_through(request_rec *r)
{
	const struct decision *d;

	if (!is_guarded(r)) {
		ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
		    "Require carnet without AuthType " TYPE);
		return NULL;
	}
	d = decide(r);
	return d->refusal == NULL ? d : NULL;
}

static authz_status
check_any(request_rec *r, const char *line, const void *parsed)
{
	(void)line;
	(void)parsed;
	return let_through(r) != NULL ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

static int
has_word(const char *words, const char *word)
{
	const size_t n = strlen(word);
	const char *at = words;

	while ((at = strstr(at, word)) != NULL) {
		if ((at == words || at[-1] == ' ') &&
		    (at[n] == ' ' || at[n] == '\0'))
			return 1;
		at += n;
	}
	return 0;
}

/* As in other lines of Require, one of the words is enough. */
static authz_status
check_scope(request_rec *r, const char *line, const void *parsed)
{
	const struct decision *d = let_through(r);
	const char *rest = line, *word;

	(void)parsed;
	if (d == NULL)
		return AUTHZ_DENIED;
	decision_tell(r, d);
	while (*(word = ap_getword_white(r->pool, &rest)) != '\0')
		if (has_word(d->caller.value[DECISION_SCOPE], word))
			return AUTHZ_GRANTED;
	if (r->user == NULL)
		return AUTHZ_DENIED_NO_USER;
	decision_expect(r, refusal_lacks_scope(r->pool, line));
	return AUTHZ_DENIED;
}

/* ---- Directives ---- */

static void *
make_dir(apr_pool_t *p, char *unused)
{
	(void)unused;
	return apr_pcalloc(p, sizeof(struct carnet_dir));
}

static void *
merge_dir(apr_pool_t *p, void *base_v, void *add_v)
{
	const struct carnet_dir *base = base_v, *add = add_v;
	struct carnet_dir *dir = apr_palloc(p, sizeof(*dir));

	*dir = add->guard != NULL ? *add : *base;
	return dir;
}

static struct guard *
add_guard(apr_pool_t *p, const char *path)
{
	struct guard *g = apr_pcalloc(p, sizeof(*g));

	g->path = path;
	g->timeout_ms = TIMEOUT_S * 1000;
	g->next = guards;
	return guards = g;
}

/* The guard at that path; those of another owner or timeout are other ones. */
static struct guard *
find_guard(apr_pool_t *p, const struct guard *like)
{
	struct guard *g;

	for (g = guards; g != NULL; g = g->next)
		if (strcmp(g->path, like->path) == 0 &&
		    g->has_owner == like->has_owner &&
		    g->owner == like->owner && g->timeout_ms == like->timeout_ms)
			return g;
	g = add_guard(p, like->path);
	g->has_owner = like->has_owner;
	g->owner = like->owner;
	g->timeout_ms = like->timeout_ms;
	return g;
}

static const char *
set_option(cmd_parms *cmd, struct guard *g, const char *option)
{
	char *name = apr_pstrdup(cmd->temp_pool, option);
	char *value = strchr(name, '='), *end;
	apr_gid_t group;
	long n;

	if (value != NULL)
		*value++ = '\0';
	if (value != NULL && strcmp(name, "owner") == 0) {
		if (apr_uid_get(&g->owner, &group, value, cmd->temp_pool) != 0)
			return apr_psprintf(
			    cmd->pool, "CarnetSocket: no user %s", value);
		g->has_owner = 1;
		return NULL;
	}
	if (value != NULL && strcmp(name, "timeout") == 0) {
		n = strtol(value, &end, 10);
		if (end == value || *end != '\0' || n < 1 || n > TIMEOUT_MAX_S)
			return "CarnetSocket: timeout is 1 to 60 seconds";
		g->timeout_ms = (int)n * 1000;
		return NULL;
	}
	return apr_psprintf(cmd->pool, "CarnetSocket: unknown option %s", option);
}

static const char *
set_socket(cmd_parms *cmd, void *dir_v, int argc, char *const argv[])
{
	struct guard like = { .timeout_ms = TIMEOUT_S * 1000 };
	struct carnet_dir *dir = dir_v;
	const char *e;

	if (argc < 1)
		return "CarnetSocket needs the path of the guard's socket";
	like.path = ap_server_root_relative(cmd->pool, argv[0]);
	if (like.path == NULL || strlen(like.path) > PATH_LEN_MAX)
		return "CarnetSocket: the path is too long for a Unix socket";
	for (int i = 1; i < argc; i++)
		if ((e = set_option(cmd, &like, argv[i])) != NULL)
			return e;
	dir->guard = find_guard(cmd->pool, &like);
	return NULL;
}

/* Not in .htaccess: Apache would speak to any socket that its user may open. */
static const command_rec directives[] = {
	AP_INIT_TAKE_ARGV("CarnetSocket", set_socket, NULL, RSRC_CONF | ACCESS_CONF,
	    "the guard's Unix socket; owner=USER, timeout=SECONDS"),
	{ .name = NULL },
};

static int
begin_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
	(void)plog;
	(void)ptemp;
	guards = NULL;
	usual = add_guard(pconf, SOCKET);
	return OK;
}

/* After fork: each process has connections of its own. */
static void
begin_process(apr_pool_t *p, server_rec *s)
{
	apr_status_t rc;

	for (struct guard *g = guards; g != NULL; g = g->next) {
		if ((rc = guard_begin(g, p)) == APR_SUCCESS)
			continue;
		ap_log_error(APLOG_MARK, APLOG_CRIT, rc, s, "mutex");
		exit(APEXIT_CHILDFATAL);
	}
}

static void
register_hooks(apr_pool_t *p)
{
	static const authz_provider any = { check_any, parse_any };
	static const authz_provider scope = { check_scope, parse_scope };

	ap_hook_pre_config(begin_config, NULL, NULL, APR_HOOK_MIDDLE);
	ap_hook_optional_fn_retrieve(said_begin, NULL, NULL, APR_HOOK_MIDDLE);
	ap_hook_child_init(begin_process, NULL, NULL, APR_HOOK_MIDDLE);
	ap_hook_check_access(check_access, NULL, NULL, APR_HOOK_FIRST,
	    AP_AUTH_INTERNAL_PER_CONF);
	ap_hook_check_authn(check_user, NULL, NULL, APR_HOOK_FIRST,
	    AP_AUTH_INTERNAL_PER_CONF);
	ap_hook_fixups(check_last, NULL, NULL, APR_HOOK_REALLY_FIRST);
	ap_hook_insert_error_filter(insert_refusal, NULL, NULL, APR_HOOK_LAST);
	refusal_register();
	ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, "carnet",
	    AUTHZ_PROVIDER_VERSION, &any, AP_AUTH_INTERNAL_PER_CONF);
	ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, "carnet-scope",
	    AUTHZ_PROVIDER_VERSION, &scope, AP_AUTH_INTERNAL_PER_CONF);
}

module AP_MODULE_DECLARE_DATA carnet_module = {
	STANDARD20_MODULE_STUFF,
	make_dir,
	merge_dir,
	NULL,
	NULL,
	directives,
	register_hooks,
	0,
};
