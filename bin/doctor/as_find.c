/* as_find.c: how a client finds the server, from one URL. */
#include <json-c/json.h>

#include "as.h"
#include "discovery.h"
#include "http.h"
#include "json.h"
#include "uri.h"
#include "words.h"

#define OPENID "openid-configuration"

/* A parameter of a challenge (RFC 9110 section 11.2), or NULL. */
static const char *
challenge_says(struct play *p, const char *challenge, const char *name)
{
	const char *mark = arena_printf(p->d->a, "%s=\"", name), *at = challenge;

	while ((at = strstr(at, mark)) != NULL) {
		if (at > challenge && strchr(" ,\t", at[-1]) != NULL) {
			at += strlen(mark);
			return arena_dup(p->d->a, at, strcspn(at, "\""));
		}
		at++;
	}
	return NULL;
}

/* What is wrong with an answer to a call without a token, by its status. */
static enum went
not_refused(struct play *p, const struct http_answer *an)
{
	const int ours = http_header(p->d->a, an, "X-Request-Id", NULL) != NULL;

	if (an->status / 100 == 2)
		return as_wrong(p,
		    "Have the web server ask the guard before it serves that"
		    " path (deploy/*/guard.conf), and give it a rule in [guard]"
		    " with the word resource.",
		    "%s answers %d without a token, so a client never asks for"
		    " one.",
		    p->url, an->status);
	if (an->status / 100 == 3)
		return as_wrong(p, "Give the client the URL that it leads to.",
		    "%s leads to %s, and a client does not post its message"
		    " again there.",
		    p->url, http_header(p->d->a, an, "Location", NULL));
	if (an->status == 403 && ours)
		return as_wrong(p,
		    "Write a rule for that path into [guard], such as"
		    " /mcp = user all SCOPE resource, and let the guard read"
		    " this configuration.",
		    "The guard has no rule for %s.", p->url);
	return as_wrong(p,
	    "See that the URL is the MCP server's, that it takes POST, and the"
	    " web server's error log.",
	    "%s answers %d, and not 401, to a call without a token.", p->url,
	    an->status);
}

enum went
as_call(struct play *p)
{
	const struct http_request rq = { .url = p->url,
		.header = { "Content-Type: application/json",
		    "Accept: application/json, text/event-stream" },
		.body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\","
			"\"params\":{\"protocolVersion\":\"2025-11-25\","
			"\"capabilities\":{},\"clientInfo\":{\"name\":"
			"\"carnet-doctor\",\"version\":\"1\"}}}" };
	struct http_answer an;
	const char *challenge;

	if (http_send(p->d->a, &rq, &an) < 0)
		return as_wrong(p, cure_of_silence(an.error),
		    "%s does not answer: %s.", p->url, an.error);
	if (an.status != 401)
		return not_refused(p, &an);
	challenge = http_header(p->d->a, &an, "WWW-Authenticate", NULL);
	if (challenge == NULL || strncasecmp(challenge, "Bearer", 6) != 0)
		return as_wrong(p,
		    "Leave the refusal to the guard: no other password or"
		    " Require for that path, and WWW-Authenticate handed on.",
		    "%s answers 401 without asking for a bearer token (%s).",
		    p->url, challenge == NULL ? "no WWW-Authenticate" : challenge);
	p->metadata = challenge_says(p, challenge, "resource_metadata");
	p->scope = challenge_says(p, challenge, "scope");
	if (p->metadata == NULL)
		bad(p->d, LEVEL_WARN,
		    "Hand WWW-Authenticate on as the guard sends it.",
		    "The 401 names no resource_metadata, so that a client must"
		    " guess where the document is (RFC 9728 section 5.1).");
	else
		good(p->d, "401 names %s, and the scope %s", p->metadata,
		    p->scope == NULL ? "not" : p->scope);
	return WENT_ON;
}

/* The JSON object at url, or NULL; an says what the answer was. */
static struct json_object *
object_at(struct play *p, const char *url, struct http_answer *an)
{
	struct json_object *o;

	if (http_get(p->d->a, url, an) < 0 || an->status != 200)
		return NULL;
	o = json_parse(p->d->a, an->body, an->body_len);
	return json_object_is_type(o, json_type_object) ? o : NULL;
}

/* The first of the URLs that has an object, which *at then names; or NULL. */
static struct json_object *
first_object(struct play *p, const char *const *urls, size_t n, const char **at)
{
	struct http_answer an;
	struct json_object *o;

	for (size_t i = 0; i < n; i++) {
		*at = urls[i];
		if (urls[i] != NULL && (o = object_at(p, urls[i], &an)) != NULL)
			return o;
	}
	return NULL;
}

/* A document under /.well-known, between host and path, or before all (plain). */
static const char *
well_known(struct play *p, const char *url, const char *name, int plain)
{
	const char *path = url_path(url);

	return arena_printf(p->d->a, "%.*s/.well-known/%s%s", (int)(path - url),
	    url, name, plain ? "" : path);
}

/* Does the resource's URI cover url: the same origin, and whole segments? */
static int
covers(struct play *p, const char *resource, const char *url)
{
	struct arena *a = p->d->a;
	const char *x = uri_normal(a, resource), *y = uri_normal(a, url);
	size_t n = strlen(x);

	while (n > 0 && x[n - 1] == '/')
		n--;
	return strncmp(x, y, n) == 0 && (y[n] == '/' || y[n] == '\0');
}

/* The first string of an array member, or NULL. */
static const char *
first_of(struct json_object *o, const char *name)
{
	struct json_object *list = NULL, *one;

	if (!json_object_object_get_ex(o, name, &list) ||
	    !json_object_is_type(list, json_type_array) ||
	    (one = json_object_array_get_idx(list, 0)) == NULL ||
	    !json_object_is_type(one, json_type_string))
		return NULL;
	return json_object_get_string(one);
}

static int
array_has(struct json_object *o, const char *name, const char *word)
{
	struct json_object *list = NULL, *one;

	if (!json_object_object_get_ex(o, name, &list) ||
	    !json_object_is_type(list, json_type_array))
		return 0;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		one = json_object_array_get_idx(list, i);
		if (json_object_is_type(one, json_type_string) &&
		    strcmp(json_object_get_string(one), word) == 0)
			return 1;
	}
	return 0;
}

/* The strings of an array, as words. */
static const char *
words_of(struct play *p, struct json_object *o, const char *name)
{
	struct json_object *list = NULL, *one;
	struct buf b;

	if (!json_object_object_get_ex(o, name, &list) ||
	    !json_object_is_type(list, json_type_array))
		return NULL;
	buf_init(&b, p->d->a, 128);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		one = json_object_array_get_idx(list, i);
		if (json_object_is_type(one, json_type_string))
			buf_printf(&b, "%s%s", b.len > 0 ? " " : "",
			    json_object_get_string(one));
	}
	return b.len > 0 ? b.data : NULL;
}

enum went
as_resource(struct play *p)
{
	const char *urls[] = { p->metadata,
		well_known(p, p->url, DISCOVERY_RESOURCE, 0),
		well_known(p, p->url, DISCOVERY_RESOURCE, 1) };
	const char *at;
	struct json_object *o = first_object(p, urls, 3, &at);

	if (o == NULL)
		return as_wrong(p,
		    "Map that path to the program resource-metadata, and have"
		    " the guard's rule end in the word resource.",
		    "No document of the resource is at %s.",
		    p->metadata != NULL ? p->metadata : urls[1]);
	p->resource = json_get_str(o, "resource");
	if (p->resource == NULL || !covers(p, p->resource, p->url))
		return as_wrong(p,
		    "Give the client the URL that the document names; or"
		    " correct the issuer, or the URL behind the word resource,"
		    " in carnet.conf.",
		    "The document %s is of %s, which %s is not part of.", at,
		    p->resource == NULL ? "nothing" : p->resource, p->url);
	p->issuer = first_of(o, "authorization_servers");
	if (p->issuer == NULL)
		return as_wrong(p, "Let carnet make the document.",
		    "The document %s names no authorization server.", at);
	if (p->scope == NULL)
		p->scope = words_of(p, o, "scopes_supported");
	good(p->d, "%s is of %s, tokens come from %s", at, p->resource,
	    p->issuer);
	return WENT_ON;
}

/* Does the document say what every client needs? */
static enum went
document_is_good(struct play *p, const char *at)
{
	static const char *const needed[] = { "authorization_endpoint",
		"token_endpoint" };
	const char *said = json_get_str(p->server, "issuer"), *url;

	if (said == NULL || strcmp(said, p->issuer) != 0)
		return as_wrong(p,
		    "Set issuer in carnet.conf to the URL that clients are"
		    " given, the same to the last character.",
		    "%s is of the issuer %s, and the client looked for %s (RFC"
		    " 8414 section 3.3).",
		    at, said == NULL ? "nobody" : said, p->issuer);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		url = json_get_str(p->server, needed[i]);
		if (url == NULL ||
		    (strncmp(url, "https://", 8) != 0 && !is_loopback(url)))
			return as_wrong(p,
			    "Serve carnet by https, and set issuer to that URL.",
			    "%s has no %s by https.", at, needed[i]);
	}
	if (!p->has_secret &&
	    !array_has(p->server, "code_challenge_methods_supported", "S256"))
		return as_wrong(p, "Let carnet make the document.",
		    "%s does not say that PKCE with S256 is understood, without"
		    " which a public client stops.",
		    at);
	return WENT_ON;
}

enum went
as_server(struct play *p)
{
	const char *urls[] = { well_known(p, p->issuer, DISCOVERY_SERVER, 0),
		well_known(p, p->issuer, OPENID, 0),
		arena_printf(p->d->a, "%s/.well-known/" OPENID, p->issuer) };
	const char *at;

	if ((p->server = first_object(p, urls, 3, &at)) == NULL)
		return as_wrong(p,
		    "Map that path to the program metadata: behind the host,"
		    " and before the issuer's path (RFC 8414 section 3.1).",
		    "No document of the issuer is at %s.", urls[0]);
	if (document_is_good(p, at) != WENT_ON)
		return WENT_WRONG;
	good(p->d, "%s names the endpoints, and PKCE", at);
	return WENT_ON;
}

/* OpenID Connect Discovery section 3: what a login library checks. */
enum went
as_openid(struct play *p)
{
	const char *at = arena_printf(
	    p->d->a, "%s/.well-known/" OPENID, p->issuer);
	const char *jwks;
	struct json_object *keys;
	struct http_answer an;

	if ((p->server = object_at(p, at, &an)) == NULL)
		return as_wrong(p,
		    "Map that path to the program metadata; a carnet that is no"
		    " OpenID Provider yet cannot sign people in to such an app.",
		    "No document is at %s: %s.", at,
		    an.error != NULL ? an.error
				     : arena_printf(p->d->a, "status %d",
					   an.status));
	if (document_is_good(p, at) != WENT_ON)
		return WENT_WRONG;
	jwks = json_get_str(p->server, "jwks_uri");
	if (jwks == NULL || (keys = object_at(p, jwks, &an)) == NULL ||
	    first_of(p->server, "id_token_signing_alg_values_supported") ==
		NULL ||
	    !array_has(p->server, "scopes_supported", "openid"))
		return as_wrong(p,
		    "Let carnet make the document, and map its jwks_uri to the"
		    " program jwks.",
		    "%s has no keys, no algorithm of ID tokens, or no scope"
		    " openid.",
		    at);
	good(p->d, "%s names the endpoints, and %s has keys", at, jwks);
	return WENT_ON;
}
