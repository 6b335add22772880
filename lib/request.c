/* request.c: a request is held against its endpoint's row. */
#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "cgi.h"
#include "json.h"
#include "oerr.h"
#include "resp.h"

static unsigned
method_of(const char *name)
{
	static const struct {
		const char *name;
		unsigned method;
	} methods[] = {
		{ "GET", METHOD_GET }, { "HEAD", METHOD_GET },
		{ "POST", METHOD_POST }, { "DELETE", METHOD_DELETE },
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0)
			return methods[i].method;
	return 0;
}

static const struct oerr *
wrong_method(struct req *rq)
{
	unsigned m = rq->pr->ep->methods;

	resp_header(rq, "Allow", "%s%s%s%s%s", m & METHOD_GET ? "GET, HEAD" : "",
	    m & METHOD_GET && m & METHOD_POST ? ", " : "",
	    m & METHOD_POST ? "POST" : "",
	    m & (METHOD_GET | METHOD_POST) && m & METHOD_DELETE ? ", " : "",
	    m & METHOD_DELETE ? "DELETE" : "");
	return &oerr_method;
}

/* Is the media type, its parameters aside, the one named? */
static int
media_is(const char *type, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(type, name, n) == 0 &&
	    strspn(type + n, " \t") == strcspn(type + n, ";");
}

/* Read the body, of at most the endpoint's size, into b. */
static const struct oerr *
read_body(struct req *rq, struct conn *c, struct buf *b)
{
	const char *length = cgi_var(rq, "CONTENT_LENGTH");
	size_t max = rq->pr->ep->body_max, size = 0;
	ssize_t n = 1;

	if (max == 0)
		max = BODY_MAX;
	if (length != NULL && *length != '\0') {
		if (strspn(length, "0123456789") != strlen(length))
			return oerr_say(rq, &oerr_invalid_request,
			    "The Content-Length is not a number.");
		size = strlen(length) > 9 ? SIZE_MAX
					  : strtoul(length, NULL, 10);
		cgi_expect(c, size);
		if (size > max)
			return oerr_say(rq, &oerr_too_large,
			    "The request body is larger than %zu bytes.", max);
	} else {
		size = max + 1; /* unknown: up to one byte too many */
		cgi_expect(c, size);
	}
	buf_init(b, rq->a, size);
	while (b->len < size &&
	    (n = cgi_read(c, b->data + b->len, size - b->len)) > 0)
		b->len += (size_t)n;
	b->data[b->len] = '\0';
	if (b->len > max)
		return oerr_say(rq, &oerr_too_large,
		    "The request body is larger than %zu bytes.", max);
	if (length != NULL && *length != '\0' && b->len < size)
		return oerr_say(rq, &oerr_invalid_request,
		    "The request body ends before its Content-Length.");
	return NULL;
}

static const struct oerr *
parse_body(struct req *rq, struct conn *c)
{
	const struct endpoint *ep = rq->pr->ep;
	const char *type = cgi_var(rq, "CONTENT_TYPE");
	const struct oerr *e;
	struct buf b;
	int is_form, is_json;

	if ((e = read_body(rq, c, &b)) != NULL)
		return e;
	if (type == NULL || *type == '\0')
		type = b.len > 0 ? "?" : "application/x-www-form-urlencoded";
	is_form = media_is(type, "application/x-www-form-urlencoded");
	is_json = media_is(type, "application/json");
	if (is_json && ep->bodies & BODY_JSON) {
		if ((rq->json = json_parse(rq->a, b.data, b.len)) == NULL)
			return oerr_say(rq, &oerr_invalid_request,
			    "The body is not well-formed JSON, or names a"
			    " member twice.");
		return ep->query ? NULL : param_json(rq);
	}
	if (is_form && ep->bodies & BODY_FORM)
		return param_form(rq, b.data, b.len);
	return oerr_say(rq, &oerr_media_type, "The body must be %s%s%s.",
	    ep->bodies & BODY_FORM ? "application/x-www-form-urlencoded" : "",
	    ep->bodies == (BODY_FORM | BODY_JSON) ? " or " : "",
	    ep->bodies & BODY_JSON ? "application/json" : "");
}

const struct oerr *
request_begin(struct req *rq)
{
	const char *method = cgi_var(rq, "REQUEST_METHOD");
	const char *role = cgi_var(rq, "FCGI_ROLE");

	rq->script = cgi_var(rq, "SCRIPT_NAME");
	rq->path = cgi_var(rq, "PATH_INFO");
	if (rq->script == NULL)
		rq->script = "";
	if (rq->path == NULL)
		rq->path = "";
	rq->is_head = method != NULL && strcmp(method, "HEAD") == 0;
	rq->method = method == NULL ? 0 : method_of(method);
	if (role == NULL || strcmp(role, "RESPONDER") == 0 ||
	    (rq->pr->ep->authorizer && cgi_is_authorizer(rq)))
		return NULL;
	return oerr_why(rq, &oerr_server_error,
	    "%s is asked in the role %s; the web server should ask %s",
	    rq->pr->ep->name, role,
	    rq->pr->ep->authorizer ? "as AUTHORIZER or RESPONDER"
				   : "the program guard");
}

const struct oerr *
request_check(struct req *rq, struct conn *c)
{
	const struct endpoint *ep = rq->pr->ep;
	const char *query = cgi_var(rq, "QUERY_STRING");
	const struct oerr *e = NULL;

	if (rq->conf == NULL)
		return &oerr_server_error;
	if (ep->authorizer)
		return rq->st == NULL ? &oerr_busy : NULL;
	if (*rq->path != '\0' && (!ep->any_path || *rq->path != '/'))
		return &oerr_not_found;
	/* Of a program with paths, each path has methods of its own. */
	if ((rq->method & ep->methods) == 0 && !ep->routed)
		return wrong_method(rq);
	if (rq->st == NULL && ep->uses & USES_STORE)
		return &oerr_busy;
	if ((ep->query || (ep->query_get && rq->method == METHOD_GET)) &&
	    query != NULL)
		e = param_form(rq, query, strlen(query));
	if (e == NULL && rq->method == METHOD_POST && ep->bodies != 0)
		e = parse_body(rq, c);
	if (ep->lenient && e != NULL && e->status == 400) {
		rq->param_error = e;
		e = NULL;
	}
	return e;
}
