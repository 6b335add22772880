/* resource-metadata.c: GET /.well-known/oauth-protected-resource (RFC 9728). */
#include "conf.h"
#include "discovery.h"
#include "oerr.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "site.h"

/*
 * RFC 9728 section 3.1: the path of the resource follows.  Here it is the
 * issuer's path, or nothing if the web server took it as part of the program's
 * own.  Another path would be another resource, and is not known.
 */
static const struct oerr *
resource_get(struct req *rq)
{
	if (*rq->path != '\0' && strcmp(rq->path, "/") != 0 &&
	    strcmp(rq->path, site_root(rq->conf, rq->a)) != 0)
		return &oerr_not_found;
	resp_header(rq, "Cache-Control", "public, max-age=300");
	return resp_json(rq, 200, discovery_resource(rq->conf, rq->a));
}

int
main(void)
{
	static const struct endpoint ep = {
		.name = "resource-metadata", .methods = METHOD_GET,
		.any_path = 1, .cors = 1,
		.run = resource_get, .fail = resp_error_json,
	};

	return serve(&ep);
}
