/* discovery.c: the metadata of this server: RFC 8414 and RFC 9728. */
#include "discovery.h"

#include <string.h>
#include <strings.h>

#include "arena.h"
#include "buf.h"
#include "claims.h"
#include "client.h"
#include "conf.h"
#include "factor.h"
#include "grant.h"
#include "json.h"
#include "key.h"
#include "rule.h"
#include "signed.h"
#include "site.h"
#include "url.h"
#include "words.h"

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
		{ "userinfo_endpoint", SITE_USERINFO },
		{ "end_session_endpoint", SITE_END_SESSION },
		{ "pushed_authorization_request_endpoint", SITE_PAR },
	};

	json_str(b, "issuer", cf->issuer);
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		json_str(b, urls[i].name, site_url(cf, b->a, urls[i].site));
	if (cf->registration != REGISTRATION_CLOSED)
		json_str(b, "registration_endpoint",
		    site_url(cf, b->a, SITE_REGISTER));
}

/* An array without elements is left out (RFC 8414 and RFC 9728, section 3.2). */
static void
write_scopes(struct buf *b, const char *words)
{
	if (*words != '\0')
		json_words(b, "scopes_supported", words);
}

/*
 * Many clients ask for all scopes that are listed, so privileged scopes are left
 * out: RFC 8414 section 2 lets a server choose.
 */
static const char *
scopes_of_server(const struct conf *cf, struct arena *a, uint64_t without)
{
	struct buf b;

	buf_init(&b, a, 256);
	for (size_t i = 0; i < cf->n_scopes; i++)
		if (!cf->scopes[i].privileged &&
		    !(without & UINT64_C(1) << i))
			buf_printf(&b, "%s%s", b.len > 0 ? " " : "",
			    cf->scopes[i].name);
	return b.data;
}

/* All that the rules of the resource need. */
static const char *
scopes_of_resource(const struct conf *cf, struct arena *a, unsigned no)
{
	const char *s;
	struct buf b;
	size_t n;

	buf_init(&b, a, 128);
	for (const struct rule *ru = cf->rules; ru != NULL; ru = ru->next) {
		if (ru->needs.resource_no != no)
			continue;
		s = ru->needs.all != NULL   ? ru->needs.all
		    : ru->needs.any != NULL ? ru->needs.any
					    : "";
		for (; words_next(&s, &n); s += n)
			if (!words_have_n(b.data, s, n))
				buf_printf(&b, "%s%.*s", b.len > 0 ? " " : "",
				    (int)n, s);
	}
	return b.data;
}

/*
 * The methods of client authentication at an endpoint: all, or those with a proof; and
 * the algorithms of those that sign.
 */
static void
write_methods(const struct conf *cf, struct buf *b, const char *endpoint,
    int public_too)
{
	size_t n;
	const struct client_method *m = client_methods(&n);
	const char *algs = NULL;

	json_open(b, arena_printf(b->a, "%s_auth_methods_supported", endpoint),
	    '[');
	for (size_t i = 0; i < n; i++) {
		if (m[i].is_signed)
			algs = signed_algs(SIGNED_ASSERTION);
		if ((public_too || m[i].has_proof) &&
		    (!m[i].has_cert || cf->client_certificates))
			json_str(b, NULL, m[i].name);
	}
	json_close(b, ']');
	json_words(b,
	    arena_printf(b->a, "%s_auth_signing_alg_values_supported", endpoint),
	    algs);
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

/*
 * What signs ID tokens and userinfo.  Each installation has a key of the first two
 * algorithms (OpenID Connect Discovery section 3: RS256 must be listed).
 */
static void
write_algs(struct buf *b, const char *name, unsigned algs)
{
	static const enum alg order[] = { ALG_RS256, ALG_ES256, ALG_PS256,
		ALG_EDDSA };

	algs |= 1U << ALG_RS256 | 1U << ALG_ES256;
	json_open(b, name, '[');
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (algs >> order[i] & 1)
			json_str(b, NULL, alg_name(order[i]));
	json_close(b, ']');
}

/* OpenID Connect Discovery section 3. */
static void
write_openid(struct buf *b, unsigned algs)
{
	json_words(b, "subject_types_supported", "public pairwise");
	write_algs(b, "id_token_signing_alg_values_supported", algs);
	write_algs(b, "userinfo_signing_alg_values_supported", algs);
	json_words(b, "prompt_values_supported",
	    "none login consent select_account");
	json_words(b, "display_values_supported", "page");
	json_words(b, "claim_types_supported", "normal");
	json_open(b, "claims_supported", '[');
	claims_list(b);
	json_close(b, ']');
	json_truth(b, "claims_parameter_supported", 1);
	json_truth(b, "request_parameter_supported", 1);
	json_words(b, "request_object_signing_alg_values_supported",
	    signed_algs(SIGNED_REQUEST));
	json_truth(b, "backchannel_logout_supported", 1);
	json_truth(b, "backchannel_logout_session_supported", 1);
	/* It is true by default. */
	json_truth(b, "request_uri_parameter_supported", 0);
}

const struct buf *
discovery_server(const struct conf *cf, struct arena *a, unsigned algs)
{
	struct buf *b = arena_alloc(a, sizeof(*b));

	buf_init(b, a, 2048);
	json_open(b, NULL, '{');
	write_urls(cf, b);
	write_scopes(b, scopes_of_server(cf, a, 0));
	json_words(b, "response_types_supported", "code");
	json_words(b, "response_modes_supported", "query form_post");
	write_grants(b);
	write_methods(cf, b, "token_endpoint", 1);
	write_methods(cf, b, "revocation_endpoint", 1);
	write_methods(cf, b, "introspection_endpoint", 0);
	json_words(b, "code_challenge_methods_supported", "S256");
	/* RFC 9449 section 5.1. */
	json_words(b, "dpop_signing_alg_values_supported",
	    signed_algs(SIGNED_PROOF));
	write_acrs(cf, b);
	write_openid(b, algs);
	json_truth(b, "authorization_response_iss_parameter_supported", 1);
	/* RFC 9126 section 5. */
	json_truth(b, "require_pushed_authorization_requests",
	    cf->pushed_requests);
	/* RFC 8705 section 3.3. */
	json_truth(b, "tls_client_certificate_bound_access_tokens",
	    cf->client_certificates);
	if (cf->client_documents != DOCUMENTS_OFF)
		json_truth(b, "client_id_metadata_document_supported", 1);
	json_close(b, '}');
	return b;
}

const struct buf *
discovery_resource(const struct conf *cf, struct arena *a, unsigned no)
{
	const struct guard_rule *needs = no == 0
	    ? NULL
	    : &cf->resources[no - 1]->needs;
	struct buf *b = arena_alloc(a, sizeof(*b));

	buf_init(b, a, 512);
	json_open(b, NULL, '{');
	json_str(b, "resource", no == 0 ? cf->issuer : needs->resource);
	json_open(b, "authorization_servers", '[');
	json_str(b, NULL, cf->issuer);
	json_close(b, ']');
	write_scopes(b,
	    no == 0 ? scopes_of_server(cf, a, cf->all_built_in)
		    : scopes_of_resource(cf, a, no));
	json_words(b, "bearer_methods_supported", "header");
	/* RFC 9728 section 2. */
	json_words(b, "dpop_signing_alg_values_supported",
	    signed_algs(SIGNED_PROOF));
	json_truth(b, "tls_client_certificate_bound_access_tokens",
	    cf->client_certificates);
	json_str(b, "resource_name",
	    no == 0 || needs->realm == NULL ? cf->site_name : needs->realm);
	json_close(b, '}');
	return b;
}

/* The path of a resource's URI, decoded; "" if it has none. */
static const char *
path_of(struct arena *a, const char *uri)
{
	const char *path = strchrnul(strstr(uri, "://") + 3, '/');
	const char *plain;
	size_t n;

	plain = url_decode(a, path, strlen(path), 0, &n);
	return plain == NULL || strlen(plain) != n ? path : plain;
}

int
discovery_resource_find(
    const struct conf *cf, struct arena *a, const char *path, unsigned *no)
{
	int (*compare)(const char *, const char *) =
	    cf->guard_fold_case ? strcasecmp : strcmp;
	size_t len = strlen(path);

	if (len > 0 && path[len - 1] == '/')
		path = arena_dup(a, path, len - 1);
	*no = 0;
	if (strcmp(path, site_root(cf, a)) == 0)
		return 1;
	for (*no = 1; *no <= cf->n_resources; ++*no)
		if (compare(path, discovery_resource_path(cf, *no)) == 0)
			return 1;
	for (*no = 1; *path != '\0' && *no <= cf->n_resources; ++*no)
		if (strcmp(path,
			path_of(a, cf->resources[*no - 1]->needs.resource)) == 0)
			return 1;
	*no = 0;
	return *path == '\0';
}
