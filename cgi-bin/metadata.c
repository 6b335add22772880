/* metadata.c: GET /.well-known/oauth-authorization-server (RFC 8414). */
#include "arena.h"
#include "buf.h"
#include "cgi.h"
#include "client.h"
#include "conf.h"
#include "grant.h"
#include "json.h"
#include "resp.h"
#include "site.h"

static void
write_urls(struct req *rq, struct buf *b)
{
	static const struct {
		const char *name;
		enum site site;
	} urls[] = {
		{ "authorization_endpoint", SITE_AUTHORIZE },
		{ "token_endpoint", SITE_TOKEN },
		{ "jwks_uri", SITE_JWKS },
		{ "revocation_endpoint", SITE_REVOKE },
		{ "introspection_endpoint", SITE_INTROSPECT },
		{ "device_authorization_endpoint", SITE_DEVICE_CODE },
	};

	json_str(b, "issuer", rq->conf->issuer);
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		json_str(b, urls[i].name,
		    site_url(rq->conf, rq->a, urls[i].site));
}

/* The methods of client_authenticate's own table; all, or those with a secret. */
static void
write_methods(struct buf *b, const char *name, int public_too)
{
	size_t n;
	const struct client_method *m = client_methods(&n);

	json_open(b, name, '[');
	for (size_t i = 0; i < n; i++)
		if (public_too || m[i].has_secret)
			json_str(b, NULL, m[i].name);
	json_close(b, ']');
}

static const struct oerr *
metadata_get(struct req *rq)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));
	const struct grant *g;
	size_t n;

	buf_init(b, rq->a, 2048);
	json_open(b, NULL, '{');
	write_urls(rq, b);
	json_open(b, "scopes_supported", '[');
	for (size_t i = 0; i < rq->conf->n_scopes; i++)
		json_str(b, NULL, rq->conf->scopes[i].name);
	json_close(b, ']');
	json_words(b, "response_types_supported", "code");
	json_words(b, "response_modes_supported", "query form_post");
	json_open(b, "grant_types_supported", '[');
	g = grant_table(&n);
	for (size_t i = 0; i < n; i++)
		json_str(b, NULL, g[i].name);
	json_close(b, ']');
	write_methods(b, "token_endpoint_auth_methods_supported", 1);
	write_methods(b, "revocation_endpoint_auth_methods_supported", 1);
	write_methods(b, "introspection_endpoint_auth_methods_supported", 0);
	json_words(b, "code_challenge_methods_supported", "S256");
	json_truth(b, "authorization_response_iss_parameter_supported", 1);
	json_close(b, '}');
	resp_header(rq, "Cache-Control", "public, max-age=300");
	return resp_json(rq, 200, b);
}

int
main(void)
{
	static const struct endpoint ep = {
		.name = "metadata", .methods = METHOD_GET, .no_store = 1,
		.any_path = 1, /* behind it the path of an issuer that has one */
		.cors = 1,
		.run = metadata_get, .fail = resp_error_json,
	};

	return cgi_serve(&ep);
}
