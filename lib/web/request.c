/* request.c: a request is held against its endpoint's row. */
#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "cgi.h"
#include "conn.h"
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

/* What the body says it is, if the endpoint takes that: BODY_FORM, BODY_JSON. */
static unsigned
kind_of(const char *type, const struct endpoint *ep)
{
	unsigned kind = 0;

	if (type == NULL || *type == '\0' ||
	    media_is(type, "application/x-www-form-urlencoded"))
		kind = BODY_FORM;
	else if (media_is(type, "application/json"))
		kind = BODY_JSON;
	return kind & ep->bodies;
}

static size_t
body_max(const struct endpoint *ep)
{
	return ep->body_max == 0 ? BODY_MAX : ep->body_max;
}

/* The length: 1; 0 if none is told (up to one byte too many); -1: no number. */
static int
length_of(const struct req *rq, const struct endpoint *ep, size_t *out)
{
	const char *text = cgi_var(rq, "CONTENT_LENGTH");

	*out = body_max(ep) + 1;
	if (text == NULL || *text == '\0')
		return 0;
	if (strspn(text, "0123456789") != strlen(text))
		return -1;
	*out = strlen(text) > 9 ? SIZE_MAX : strtoul(text, NULL, 10);
	return 1;
}

static const struct oerr *
too_large(struct req *rq)
{
	return oerr_say(rq, &oerr_too_large,
	    "The request body is larger than %zu bytes.",
	    body_max(rq->pr->ep));
}

/* Read the body, of at most the endpoint's size, into b. */
static const struct oerr *
read_body(struct req *rq, struct conn *c, struct buf *b)
{
	const int has_length = length_of(rq, rq->pr->ep, &b->size);
	const size_t size = b->size, max = body_max(rq->pr->ep);
	ssize_t n = 1;

	if (has_length < 0)
		return oerr_say(rq, &oerr_invalid_request,
		    "The Content-Length is not a number.");
	if (has_length && size > max)
		return too_large(rq);
	buf_init(b, rq->a, size);
	while (b->len < size &&
	    (n = conn_read(c, b->data + b->len, size - b->len)) > 0)
		b->len += (size_t)n;
	b->data[b->len] = '\0';
	if (b->len > max)
		return too_large(rq);
	if (c->is_late)
		return &oerr_timeout;
	if (has_length && b->len < size)
		return oerr_say(rq, &oerr_invalid_request,
		    "The request body ends before its Content-Length.");
	return NULL;
}

static const struct oerr *
wrong_type(struct req *rq)
{
	const unsigned bodies = rq->pr->ep->bodies;

	return oerr_say(rq, &oerr_media_type, "The body must be %s%s%s.",
	    bodies & BODY_FORM ? "application/x-www-form-urlencoded" : "",
	    bodies == (BODY_FORM | BODY_JSON) ? " or " : "",
	    bodies & BODY_JSON ? "application/json" : "");
}

static const struct oerr *
parse_body(struct req *rq, struct conn *c)
{
	const struct endpoint *ep = rq->pr->ep;
	const char *type = cgi_var(rq, "CONTENT_TYPE");
	const unsigned kind = kind_of(type, ep);
	const struct oerr *e;
	struct buf b;

	if (kind == 0)
		return wrong_type(rq);
	if ((e = read_body(rq, c, &b)) != NULL)
		return e;
	if ((type == NULL || *type == '\0') && b.len > 0)
		return wrong_type(rq);
	if (kind == BODY_FORM)
		return param_form(rq, b.data, b.len);
	if ((rq->json = json_parse(rq->a, b.data, b.len)) == NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The body is not well-formed JSON, or names a member"
		    " twice.");
	return ep->query ? NULL : param_json(rq);
}

size_t
request_length(const struct req *rq)
{
	const char *coding = cgi_var(rq, "HTTP_TRANSFER_ENCODING");
	const char *method = cgi_var(rq, "REQUEST_METHOD");
	const char *text = cgi_var(rq, "CONTENT_LENGTH");

	if (text != NULL && *text != '\0')
		return strspn(text, "0123456789") != strlen(text) ||
			strlen(text) > 9
		    ? SIZE_MAX
		    : strtoul(text, NULL, 10);
	/* What a GET has for its input may be the client's own connection. */
	return (coding != NULL && *coding != '\0') ||
		(method != NULL && method_of(method) == METHOD_POST)
	    ? SIZE_MAX
	    : 0;
}

size_t
request_wants(const struct req *rq, const struct endpoint *ep)
{
	const char *method = cgi_var(rq, "REQUEST_METHOD");
	const char *path = cgi_var(rq, "PATH_INFO");
	size_t size;
	int has_length;

	if (ep->authorizer || ep->bodies == 0 || method == NULL ||
	    method_of(method) != METHOD_POST ||
	    (!(ep->methods & METHOD_POST) && !ep->routed) ||
	    (path != NULL && *path != '\0' &&
		(!ep->any_path || *path != '/')) ||
	    kind_of(cgi_var(rq, "CONTENT_TYPE"), ep) == 0)
		return 0;
	has_length = length_of(rq, ep, &size);
	return has_length < 0 || (has_length && size > body_max(ep)) ? 0
								     : size;
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
