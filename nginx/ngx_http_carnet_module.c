/*
 * ngx_http_carnet_module.c: nginx asks the guard by a subrequest, as
 * ngx_http_auth_request_module does, unless a worker remembers its answer.
 */
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "counted.h"
#include "known.h"

extern ngx_module_t ngx_http_carnet_module;

struct main_conf {
	ngx_str_t socket;	/* of the guard, for the count; empty: none */
	ngx_int_t status;	/* indexes of variables */
	ngx_int_t caller[KNOWN_NAMES];
};

struct loc_conf {
	ngx_str_t uri;		/* of the location that asks; empty: nobody is asked */
};

/* What becomes of a request. */
struct decision {
	struct known known;
	int is_done;
	ngx_uint_t status;
	ngx_http_request_t *subrequest;
};

static struct memory *memory; /* of this worker; NULL: it remembers nothing */

/* The variables, in the order of known_headers. */
static const ngx_str_t names[KNOWN_NAMES] = {
	ngx_string("carnet_user_id"), ngx_string("carnet_user_email"),
	ngx_string("carnet_client_id"), ngx_string("carnet_scope"),
	ngx_string("carnet_token_id"), ngx_string("carnet_remote_user"),
};
static const ngx_str_t status_name = ngx_string("carnet_status");
static const ngx_str_t remembers_name = ngx_string("carnet_remembers");

/* ---- Variables ---- */

static void
set_variable(ngx_http_request_t *r, ngx_int_t index, const ngx_str_t *value)
{
	ngx_http_variable_value_t *v = &r->variables[index];

	*v = (ngx_http_variable_value_t) { .valid = 1,
		.len = (unsigned)value->len & 0xfffffff, .data = value->data };
}

static void
set_caller(ngx_http_request_t *r, const struct known_caller *who)
{
	const struct main_conf *mc =
	    ngx_http_get_module_main_conf(r, ngx_http_carnet_module);

	for (int i = 0; i < KNOWN_NAMES; i++)
		set_variable(r, mc->caller[i], &who->value[i]);
}

static void
set_status(ngx_http_request_t *r, ngx_uint_t status)
{
	const struct main_conf *mc =
	    ngx_http_get_module_main_conf(r, ngx_http_carnet_module);
	ngx_str_t text = { .data = ngx_pnalloc(r->pool, NGX_INT_T_LEN) };

	if (text.data == NULL)
		return;
	text.len = (size_t)(ngx_sprintf(text.data, "%ui", status) - text.data);
	set_variable(r, mc->status, &text);
}

/* Before the guard was asked. */
static ngx_int_t
get_nothing(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
	(void)r;
	(void)data;
	v->not_found = 1;
	return NGX_OK;
}

/* For the guard: the file that this worker has. */
static ngx_int_t
get_file(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
	u_char *name;

	(void)data;
	v->not_found = 1;
	if (memory == NULL ||
	    (name = ngx_pnalloc(r->pool, MEMORY_FILE_MAX)) == NULL)
		return NGX_OK;
	memory_file(memory, (char *)name);
	*v = (ngx_http_variable_value_t) { .valid = 1, .no_cacheable = 1,
		.len = (unsigned)strlen((char *)name) & 0xfffffff,
		.data = name };
	return NGX_OK;
}

/* ---- A request ---- */

static ngx_int_t
end_subrequest(ngx_http_request_t *r, void *data, ngx_int_t rc)
{
	struct decision *d = data;

	d->is_done = 1;
	d->status = r->headers_out.status;
	return rc;
}

static ngx_int_t
ask(ngx_http_request_t *r, struct decision *d, ngx_str_t *uri)
{
	ngx_http_post_subrequest_t *ps = ngx_palloc(r->pool, sizeof(*ps));
	ngx_http_request_t *sr;

	if (ps == NULL)
		return NGX_ERROR;
	ps->handler = end_subrequest;
	ps->data = d;
	if (ngx_http_subrequest(r, uri, NULL, &sr, ps,
		NGX_HTTP_SUBREQUEST_WAITED) != NGX_OK)
		return NGX_ERROR;
	/* The body is for the program behind the guard. */
	sr->request_body = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));
	if (sr->request_body == NULL)
		return NGX_ERROR;
	sr->header_only = 1;
	d->subrequest = sr;
	return NGX_AGAIN;
}

/* The challenge of a refusal is nginx's own to hand on. */
static ngx_int_t
challenge(ngx_http_request_t *r, ngx_http_request_t *sr)
{
	ngx_table_elt_t *h = sr->headers_out.www_authenticate, *to;

	if (h == NULL && sr->upstream != NULL)
		h = sr->upstream->headers_in.www_authenticate;
	if (h == NULL)
		return NGX_HTTP_UNAUTHORIZED;
	if ((to = ngx_list_push(&r->headers_out.headers)) == NULL)
		return NGX_ERROR;
	*to = *h;
	r->headers_out.www_authenticate = to;
	return NGX_HTTP_UNAUTHORIZED;
}

/* The guard has answered. */
static ngx_int_t
decide(ngx_http_request_t *r, struct decision *d)
{
	struct main_conf *mc =
	    ngx_http_get_module_main_conf(r, ngx_http_carnet_module);
	struct known_caller who;

	set_status(r, d->status);
	if (d->status == NGX_HTTP_FORBIDDEN)
		return NGX_HTTP_FORBIDDEN;
	if (d->status == NGX_HTTP_UNAUTHORIZED)
		return challenge(r, d->subrequest);
	if (d->status != NGX_HTTP_OK) {
		ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
		    "the guard's answer has the status %ui", d->status);
		return NGX_HTTP_INTERNAL_SERVER_ERROR;
	}
	if (!known_add(&d->known, d->subrequest, &who) && memory != NULL)
		counted_ask(memory, &mc->socket, ngx_cycle->log);
	set_caller(r, &who);
	return NGX_OK;
}

static ngx_int_t
check_access(ngx_http_request_t *r)
{
	struct loc_conf *lc =
	    ngx_http_get_module_loc_conf(r, ngx_http_carnet_module);
	struct decision *d =
	    ngx_http_get_module_ctx(r, ngx_http_carnet_module);
	struct known_caller who;

	if (lc->uri.len == 0)
		return NGX_DECLINED;
	if (d != NULL)
		return d->is_done ? decide(r, d) : NGX_AGAIN;
	if ((d = ngx_pcalloc(r->pool, sizeof(*d))) == NULL)
		return NGX_ERROR;
	if (memory != NULL && known_find(&d->known, memory, r, &who)) {
		set_status(r, NGX_HTTP_OK);
		set_caller(r, &who);
		return NGX_OK;
	}
	ngx_http_set_ctx(r, d, ngx_http_carnet_module);
	return ask(r, d, &lc->uri);
}

/* ---- Configuration ---- */

static void *
make_main_conf(ngx_conf_t *cf)
{
	return ngx_pcalloc(cf->pool, sizeof(struct main_conf));
}

static void *
make_loc_conf(ngx_conf_t *cf)
{
	struct loc_conf *lc = ngx_pcalloc(cf->pool, sizeof(*lc));

	if (lc != NULL)
		lc->uri.data = NGX_CONF_UNSET_PTR;
	return lc;
}

static char *
merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
	struct loc_conf *prev = parent, *conf = child;

	(void)cf;
	if (conf->uri.data == NGX_CONF_UNSET_PTR)
		conf->uri = prev->uri;
	if (conf->uri.data == NGX_CONF_UNSET_PTR)
		conf->uri = (ngx_str_t) { .data = NULL };
	return NGX_CONF_OK;
}

static char *
set_guard(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
	struct loc_conf *lc = conf;
	ngx_str_t *value = cf->args->elts;

	(void)cmd;
	if (lc->uri.data != NGX_CONF_UNSET_PTR)
		return "is duplicate";
	lc->uri = ngx_strcmp(value[1].data, "off") == 0
	    ? (ngx_str_t) { .data = NULL }
	    : value[1];
	return NGX_CONF_OK;
}

static char *
set_socket(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
	static const char prefix[] = "unix:";
	struct main_conf *mc = conf;
	ngx_str_t *value = cf->args->elts;
	const size_t n = sizeof(prefix) - 1;

	(void)cmd;
	if (mc->socket.len != 0)
		return "is duplicate";
	if (ngx_strncmp(value[1].data, prefix, n) != 0 ||
	    value[1].len - n > 107 || value[1].len == n)
		return "needs unix: and a path";
	mc->socket.data = value[1].data + n;
	mc->socket.len = value[1].len - n;
	return NGX_CONF_OK;
}

static ngx_int_t
add_variable(ngx_conf_t *cf, const ngx_str_t *name,
    ngx_http_get_variable_pt get, ngx_uint_t flags, ngx_int_t *index)
{
	ngx_str_t copy = *name;
	ngx_http_variable_t *v = ngx_http_add_variable(
	    cf, &copy, NGX_HTTP_VAR_CHANGEABLE | flags);

	if (v == NULL)
		return NGX_ERROR;
	v->get_handler = get;
	*index = ngx_http_get_variable_index(cf, &copy);
	return *index == NGX_ERROR ? NGX_ERROR : NGX_OK;
}

static ngx_int_t
add_variables(ngx_conf_t *cf)
{
	struct main_conf *mc =
	    ngx_http_conf_get_module_main_conf(cf, ngx_http_carnet_module);
	ngx_int_t unused;

	for (int i = 0; i < KNOWN_NAMES; i++)
		if (add_variable(cf, &names[i], get_nothing, 0,
			&mc->caller[i]) != NGX_OK)
			return NGX_ERROR;
	if (add_variable(cf, &status_name, get_nothing, 0, &mc->status) !=
	    NGX_OK)
		return NGX_ERROR;
	return add_variable(cf, &remembers_name, get_file,
	    NGX_HTTP_VAR_NOCACHEABLE, &unused);
}

static ngx_int_t
add_handler(ngx_conf_t *cf)
{
	ngx_http_core_main_conf_t *core =
	    ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
	ngx_http_handler_pt *h = ngx_array_push(
	    &core->phases[NGX_HTTP_ACCESS_PHASE].handlers);

	if (h == NULL)
		return NGX_ERROR;
	*h = check_access;
	return NGX_OK;
}

/* After fork: each worker has a memory of its own. */
static ngx_int_t
begin_worker(ngx_cycle_t *cycle)
{
	const struct main_conf *mc =
	    ngx_http_cycle_get_module_main_conf(cycle, ngx_http_carnet_module);

	if (mc != NULL && mc->socket.len > 0 &&
	    (memory = memory_new()) != NULL)
		counted_ask(memory, &mc->socket, cycle->log);
	return NGX_OK;
}

static void
end_worker(ngx_cycle_t *cycle)
{
	(void)cycle;
	memory_free(memory);
	memory = NULL;
}

static ngx_command_t commands[] = {
	{ .name = ngx_string("carnet_guard"),
	    .type = NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
		NGX_CONF_TAKE1,
	    .set = set_guard, .conf = NGX_HTTP_LOC_CONF_OFFSET },
	{ .name = ngx_string("carnet_socket"),
	    .type = NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1,
	    .set = set_socket, .conf = NGX_HTTP_MAIN_CONF_OFFSET },
	ngx_null_command,
};

static ngx_http_module_t context = {
	.preconfiguration = add_variables,
	.postconfiguration = add_handler,
	.create_main_conf = make_main_conf,
	.create_loc_conf = make_loc_conf,
	.merge_loc_conf = merge_loc_conf,
};

ngx_module_t ngx_http_carnet_module = {
	NGX_MODULE_V1,
	.ctx = &context,
	.commands = commands,
	.type = NGX_HTTP_MODULE,
	.init_process = begin_worker,
	.exit_process = end_worker,
};
