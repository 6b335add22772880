/* discovery.c: the metadata of this server: RFC 8414 and RFC 9728. */
#include "discovery.h"

#include "arena.h"
#include "buf.h"
#include "client.h"
#include "conf.h"
#include "factor.h"
#include "grant.h"
#include "json.h"
#include "site.h"

static void
write_urls(const struct conf *cf, struct buf *b)
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

	json_str(b, "issuer", cf->issuer);
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		json_str(b, urls[i].name, site_url(cf, b->a, urls[i].site));
}

/*
 * Many clients ask for all scopes that are listed here, so privileged scopes
 * are left out: RFC 8414 section 2 lets a server choose.
 */
static void
write_scopes(const struct conf *cf, struct buf *b)
{
	json_open(b, "scopes_supported", '[');
	for (size_t i = 0; i < cf->n_scopes; i++)
		if (!cf->scopes[i].privileged)
			json_str(b, NULL, cf->scopes[i].name);
	json_close(b, ']');
}

/* The methods of client authentication: all, or those with a secret. */
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

static void
write_grants(struct buf *b)
{
	size_t n;
	const struct grant *const *g = grant_table(&n);

	json_open(b, "grant_types_supported", '[');
	for (size_t i = 0; i < n; i++)
		json_str(b, NULL, g[i]->name);
	json_close(b, ']');
}

/* OpenID Connect Discovery section 3; RFC 9470 section 7. */
static void
write_acrs(const struct conf *cf, struct buf *b)
{
	json_open(b, "acr_values_supported", '[');
	for (int acr = ACR_PWD; acr <= (int)factor_best(cf); acr++)
		json_str(b, NULL, acr_name((enum acr)acr));
	json_close(b, ']');
}

const struct buf *
discovery_server(const struct conf *cf, struct arena *a)
{
	struct buf *b = arena_alloc(a, sizeof(*b));

	buf_init(b, a, 2048);
	json_open(b, NULL, '{');
	write_urls(cf, b);
	write_scopes(cf, b);
	json_words(b, "response_types_supported", "code");
	json_words(b, "response_modes_supported", "query form_post");
	write_grants(b);
	write_methods(b, "token_endpoint_auth_methods_supported", 1);
	write_methods(b, "revocation_endpoint_auth_methods_supported", 1);
	write_methods(b, "introspection_endpoint_auth_methods_supported", 0);
	json_words(b, "code_challenge_methods_supported", "S256");
	write_acrs(cf, b);
	json_truth(b, "authorization_response_iss_parameter_supported", 1);
	json_close(b, '}');
	return b;
}

const struct buf *
discovery_resource(const struct conf *cf, struct arena *a)
{
	struct buf *b = arena_alloc(a, sizeof(*b));

	buf_init(b, a, 512);
	json_open(b, NULL, '{');
	json_str(b, "resource", cf->issuer);
	json_open(b, "authorization_servers", '[');
	json_str(b, NULL, cf->issuer);
	json_close(b, ']');
	write_scopes(cf, b);
	json_words(b, "bearer_methods_supported", "header");
	json_str(b, "resource_name", cf->site_name);
	json_close(b, '}');
	return b;
}
