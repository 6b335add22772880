/* playground.c: GET /oauth/playground: try it all in a browser. */
#include "cgi.h"
#include "conf.h"
#include "resp.h"
#include "scope.h"
#include "tmpl.h"

static const struct oerr *
playground_get(struct req *rq)
{
	static const struct {
		const char *name, *path;
	} urls[] = {
		{ "password_token_url", "/api/oauth/password/token" },
		{ "posts_url", "/api/posts" },
		{ "user_url", "/api/user" },
		{ "status_url", "/api/status" },
		{ "personal_tokens_url", "/api/personal-tokens" },
		{ "jwks_url", "/oauth/jwks" },
	};
	struct tmpl_data *d = tmpl_data_new(rq->a);

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		tmpl_set(d, urls[i].name, urls[i].path);
	scope_show(rq->conf, ~UINT64_C(0), d);
	return resp_page(rq, 200, "playground.html", d);
}

int
main(void)
{
	static const struct endpoint playground = {
		.name = "playground", .methods = METHOD_GET, .no_store = 1,
		.run = playground_get, .fail = resp_error_json,
	};

	return cgi_serve(&playground);
}
