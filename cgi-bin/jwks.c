/* jwks.c: GET /oauth/jwks: the public keys (RFC 7517 section 5). */
#include "arena.h"
#include "buf.h"
#include "json.h"
#include "keys.h"
#include "oerr.h"
#include "req.h"
#include "resp.h"
#include "serve.h"

static const struct oerr *
jwks_get(struct req *rq)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));
	struct keys *ks = keys_get(rq);
	const struct keys_entry *en;
	size_t n;

	if (ks == NULL || !keys_any(ks))
		return oerr_why(rq, &oerr_server_error, "no keys");
	buf_init(b, rq->a, 4096);
	json_open(b, NULL, '{');
	json_open(b, "keys", '[');
	en = keys_all(ks, &n);
	for (size_t i = 0; i < n; i++)
		if (jwk_write(b, en[i].key, en[i].kid) < 0)
			return &oerr_server_error;
	json_close(b, ']');
	json_close(b, '}');
	resp_header(rq, "Cache-Control", "public, max-age=%d", KEYS_CACHE_S);
	return resp_json(rq, 200, b);
}

int
main(void)
{
	static const struct endpoint jwks = {
		.uses = USES_KEYS,
		.name = "jwks", .methods = METHOD_GET,
		.cors = 1,
		.run = jwks_get, .fail = resp_error_json,
	};

	return serve(&jwks);
}
