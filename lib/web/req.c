/* req.c: what a request's environment says, and what is done at its end. */
#include "req.h"

#include <ctype.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"

const char *
req_var(const struct req *rq, const char *name)
{
	const size_t len = strlen(name);

	for (char **e = rq->env; *e != NULL; e++)
		if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
			return *e + len + 1;
	return NULL;
}

int
req_is_authorizer(const struct req *rq)
{
	const char *role = req_var(rq, "FCGI_ROLE");

	return role != NULL && strcmp(role, "AUTHORIZER") == 0;
}

const char *
req_authorization(const struct req *rq)
{
	static const char *const names[] = { "HTTP_AUTHORIZATION",
		"REDIRECT_HTTP_AUTHORIZATION",
		"REDIRECT_REDIRECT_HTTP_AUTHORIZATION" };
	const char *value;
	char *name;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((value = req_var(rq, names[i])) != NULL && *value != '\0')
			return value;
	if (rq->conf->auth_header == NULL)
		return NULL;
	name = arena_printf(rq->a, "HTTP_%s", rq->conf->auth_header);
	for (char *p = name; *p != '\0'; p++)
		*p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
	return req_var(rq, name);
}

static const struct {
	const char *name;
	unsigned method;
} methods[] = {
	{ "GET", METHOD_GET },
	{ "HEAD", METHOD_GET },
	{ "POST", METHOD_POST },
	{ "PUT", METHOD_PUT },
	{ "DELETE", METHOD_DELETE },
};
#define N_METHODS (sizeof(methods) / sizeof(methods[0]))

unsigned
req_method(const char *name)
{
	for (size_t i = 0; i < N_METHODS; i++)
		if (strcmp(methods[i].name, name) == 0)
			return methods[i].method;
	return 0;
}

int
req_has_body(unsigned method)
{
	return (method & (METHOD_POST | METHOD_PUT)) != 0;
}

const char *
req_method_names(struct arena *a, unsigned some)
{
	struct buf b;

	buf_init(&b, a, 32);
	for (size_t i = 0; i < N_METHODS; i++)
		if (methods[i].method & some)
			buf_printf(&b, "%s%s", b.len > 0 ? ", " : "",
			    methods[i].name);
	return b.data;
}

void
req_at_end(struct req *rq, void (*run)(struct req *rq, void *ctx), void *ctx)
{
	struct at_end *end = arena_alloc(rq->a, sizeof(*end));

	end->run = run;
	end->ctx = ctx;
	end->next = rq->at_end;
	rq->at_end = end;
}

void
req_end(struct req *rq)
{
	const struct at_end *end;

	while ((end = rq->at_end) != NULL) {
		rq->at_end = end->next;
		end->run(rq, end->ctx);
	}
}
