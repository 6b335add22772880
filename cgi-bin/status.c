/* status.c: GET /api/status: the machine-to-machine example. */
#include "api.h"
#include "arena.h"
#include "buf.h"
#include "json.h"
#include "req.h"
#include "resp.h"
#include "serve.h"

static const struct oerr *
status_get(struct req *rq, const struct caller *who, const char *id)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	(void)id;
	buf_init(b, rq->a, 512);
	json_open(b, NULL, '{');
	json_str(b, "status", "ok");
	json_str(b, "client_id", who->is.client_id);
	json_words(b, "scopes", who->is.scope);
	json_close(b, '}');
	return resp_json(rq, 200, b);
}

static const struct api_route routes[] = {
	{
		.method = METHOD_GET, .path = "", .no_store = 1,
		.rule = { .caller = CALLER_CLIENT },
		.run = status_get,
	},
};

static const struct oerr *
run(struct req *rq)
{
	return api_run(rq, routes, sizeof(routes) / sizeof(routes[0]));
}

int
main(void)
{
	static const struct endpoint status = {
		.uses = USES_STORE | USES_KEYS,
		.name = "status", .methods = METHOD_GET, .query = 1,
		.cors = 1,
		.run = run, .fail = resp_error_json,
	};

	return serve(&status);
}
