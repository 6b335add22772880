/* status.c: GET /api/status: the machine-to-machine example. */
#include "api.h"
#include "arena.h"
#include "buf.h"
#include "json.h"
#include "req.h"
#include "resp.h"
#include "serve.h"

static const struct oerr *
status_get(struct req *rq)
{
	static const struct guard_rule rule = { .caller = CALLER_CLIENT };
	struct buf *b = arena_alloc(rq->a, sizeof(*b));
	struct caller who;
	const struct oerr *e;

	if ((e = guard_check(rq, &rule, &who)) != NULL)
		return e;
	buf_init(b, rq->a, 512);
	json_open(b, NULL, '{');
	json_str(b, "status", "ok");
	json_str(b, "client_id", who.is.client_id);
	json_words(b, "scopes", who.is.scope);
	json_close(b, '}');
	return resp_json(rq, 200, b);
}

int
main(void)
{
	static const struct endpoint status = {
		.uses = USES_STORE | USES_KEYS,
		.name = "status", .methods = METHOD_GET, .query = 1,
		.cors = 1,
		.run = status_get, .fail = resp_error_json,
	};

	return serve(&status);
}
