/* check.c: the endpoint's row accepts or refuses the request. */
#include "check.h"

#include <string.h>

#include "body.h"
#include "oerr.h"
#include "req.h"
#include "resp.h"

const struct oerr *
check_begin(struct req *rq)
{
	const char *method = req_var(rq, "REQUEST_METHOD");
	const char *role = req_var(rq, "FCGI_ROLE");

	rq->script = req_var(rq, "SCRIPT_NAME");
	rq->path = req_var(rq, "PATH_INFO");
	if (rq->script == NULL)
		rq->script = "";
	if (rq->path == NULL)
		rq->path = "";
	rq->is_head = method != NULL && strcmp(method, "HEAD") == 0;
	rq->method = method == NULL ? 0 : req_method(method);
	if (role == NULL || strcmp(role, "RESPONDER") == 0 ||
	    (rq->ep->authorizer && req_is_authorizer(rq)))
		return NULL;
	return oerr_why(rq, &oerr_server_error,
	    "%s is asked in the role %s; the web server should ask %s",
	    rq->ep->name, role,
	    rq->ep->authorizer ? "as AUTHORIZER or RESPONDER"
			       : "the program guard");
}

static int
takes_path(const struct endpoint *ep, const char *path)
{
	return *path == '\0' || (ep->any_path && *path == '/');
}

/* If routed is set, each path has methods of its own: api_run checks them. */
static int
takes_method(const struct endpoint *ep, unsigned method)
{
	return (ep->methods & method) != 0 || ep->routed;
}

const struct oerr *
check_row(struct req *rq)
{
	const struct endpoint *ep = rq->ep;

	if (rq->conf == NULL)
		return &oerr_server_error;
	if (ep->authorizer)
		return rq->st == NULL ? &oerr_busy : NULL;
	if (!takes_path(ep, rq->path))
		return &oerr_not_found;
	if (!takes_method(ep, rq->method))
		return resp_method(rq, ep->methods);
	if (rq->st == NULL && ep->uses & USES_STORE)
		return &oerr_busy;
	return NULL;
}

size_t
check_wants(const struct req *rq)
{
	const char *method = req_var(rq, "REQUEST_METHOD");
	const char *path = req_var(rq, "PATH_INFO");

	if (rq->ep->authorizer || method == NULL ||
	    !req_has_body(rq->ep->methods & req_method(method)) ||
	    !takes_path(rq->ep, path == NULL ? "" : path))
		return 0;
	return body_size(rq);
}
