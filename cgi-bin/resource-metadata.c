/* resource-metadata.c: GET /.well-known/oauth-protected-resource (RFC 9728). */
#include "conf.h"
#include "discovery.h"
#include "oerr.h"
#include "req.h"
#include "resp.h"
#include "serve.h"

/* RFC 9728 section 3.1: the path of the resource follows. */
static const struct oerr *
resource_get(struct req *rq)
{
	unsigned no;

	if (!discovery_resource_find(rq->conf, rq->a, rq->path, &no))
		return &oerr_not_found;
	resp_header(rq, "Cache-Control", "public, max-age=300");
	return resp_json(rq, 200, discovery_resource(rq->conf, rq->a, no));
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
