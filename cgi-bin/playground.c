/* playground.c: GET /oauth/playground: try it all in a browser. */
#include "conf.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "site.h"
#include "tmpl.h"

/*
 * The scopes of [scopes]; those of OpenID Connect are for apps.  Chosen at first is
 * read-posts, or else the first that is not privileged.
 */
static void
show_scopes(const struct conf *cf, struct tmpl_data *d)
{
	size_t chosen = cf->n_scopes;
	struct tmpl_data *item;

	for (size_t i = cf->n_scopes; i-- > 0;)
		if (!cf->scopes[i].privileged)
			chosen = i;
	for (size_t i = 0; i < cf->n_scopes; i++)
		if (strcmp(cf->scopes[i].name, "read-posts") == 0)
			chosen = i;
	for (size_t i = 0; i < cf->n_scopes; i++) {
		if (cf->all_built_in >> i & 1)
			continue;
		item = tmpl_push(d, "scopes");
		tmpl_set(item, "name", cf->scopes[i].name);
		tmpl_set(item, "description", cf->scopes[i].description);
		tmpl_set(item, "privileged",
		    cf->scopes[i].privileged ? "1" : NULL);
		tmpl_set(item, "chosen", i == chosen ? "1" : NULL);
	}
}

static const struct oerr *
playground_get(struct req *rq)
{
	static const struct {
		const char *name;
		enum site site;
	} urls[] = {
		{ "password_token_url", SITE_PASSWORD_TOKEN },
		{ "posts_url", SITE_POSTS },
		{ "user_url", SITE_USER },
		{ "status_url", SITE_STATUS },
		{ "personal_tokens_url", SITE_PERSONAL_TOKENS },
		{ "jwks_url", SITE_JWKS },
		{ "authorize_url", SITE_AUTHORIZE },
		{ "code_url", SITE_TOKEN },
		{ "userinfo_url", SITE_USERINFO },
		{ "end_session_url", SITE_END_SESSION },
	};
	struct tmpl_data *d = tmpl_data_new(rq->a);

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		tmpl_set(d, urls[i].name,
		    site_path(rq->conf, rq->a, urls[i].site));
	tmpl_set(d, "client_id", rq->conf->playground_client);
	show_scopes(rq->conf, d);
	return resp_page(rq, 200, "playground.html", d);
}

int
main(void)
{
	static const struct endpoint playground = {
		.uses = USES_PAGES,
		.name = "playground", .methods = METHOD_GET,
		.run = playground_get, .fail = resp_error_json,
	};

	return serve(&playground);
}
