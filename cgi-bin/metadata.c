/* metadata.c: GET /.well-known/oauth-authorization-server (RFC 8414). */
#include "discovery.h"
#include "keys.h"
#include "req.h"
#include "resp.h"
#include "serve.h"

static const struct oerr *
metadata_get(struct req *rq)
{
	resp_header(rq, "Cache-Control", "public, max-age=300");
	return resp_json(rq, 200,
	    discovery_server(rq->conf, rq->a, keys_algs(keys_get(rq))));
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_KEYS, /* their names alone */
		.name = "metadata", .methods = METHOD_GET,
		.any_path = 1, /* behind it the path of an issuer that has one */
		.cors = 1,
		.run = metadata_get, .fail = resp_error_json,
	};

	return serve(&ep);
}
