/* as_ask.c: what a client asks of the server: registration, authorization, a token. */
#include <json-c/json.h>

#include "as.h"
#include "b64.h"
#include "http.h"
#include "json.h"
#include "uri.h"
#include "url.h"

#define CURE_REGISTER                                                      \
	"Let clients register (registration in carnet.conf(5)), or register" \
	" this one, carnet client add, and type its id into the client;"     \
	" --client-id then plays it."

/* ---- Registration (RFC 7591) ---- */

static const char *
registration_of(struct play *p)
{
	struct buf b;

	buf_init(&b, p->d->a, 512);
	json_open(&b, NULL, '{');
	json_str(&b, "client_name", "carnet doctor");
	json_words(&b, "redirect_uris", p->redirect_uri);
	json_words(&b, "grant_types", "authorization_code refresh_token");
	json_words(&b, "response_types", "code");
	json_str(&b, "token_endpoint_auth_method",
	    p->has_secret ? "client_secret_post" : "none");
	if (p->scope != NULL)
		json_str(&b, "scope", p->scope);
	json_close(&b, '}');
	return b.data;
}

/* What an answer says of an error, in JSON; else its status. */
static const char *
error_of(struct play *p, const struct http_answer *an)
{
	struct json_object *o = json_parse(p->d->a, an->body, an->body_len);
	const char *error = json_get_str(o, "error");
	const char *why = json_get_str(o, "error_description");

	if (an->error != NULL)
		return an->error;
	return error == NULL
	    ? arena_printf(p->d->a, "status %d", an->status)
	    : arena_printf(p->d->a, "%s, %s", error, why == NULL ? "" : why);
}

static enum went
register_at(struct play *p, const char *url)
{
	const struct http_request rq = { .url = url,
		.header = { "Content-Type: application/json" },
		.body = registration_of(p) };
	struct http_answer an;
	struct json_object *o = NULL;

	if (http_send(p->d->a, &rq, &an) == 0 && an.status == 201)
		o = json_parse(p->d->a, an.body, an.body_len);
	p->client_id = json_get_str(o, "client_id");
	if (p->client_id == NULL)
		return as_wrong(p,
		    an.status == 401
			? "The server wants a ticket, which the client must"
			  " send; or register this client by hand: carnet client"
			  " add, and --client-id here."
			: CURE_REGISTER,
		    "%s registers nobody: %s.", url, error_of(p, &an));
	p->client_secret = json_get_str(o, "client_secret");
	p->registered_at = json_get_str(o, "registration_client_uri");
	p->registered_token =
	    json_get_str(o, "registration_access_token");
	good(p->d, "registers at %s", url);
	return WENT_ON;
}

enum went
as_client(struct play *p)
{
	const char *url = json_get_str(p->server, "registration_endpoint");
	struct json_object *takes = NULL;

	if (p->client_id != NULL) {
		good(p->d, "%s is given, with %s", p->client_id,
		    p->redirect_uri);
		return WENT_ON;
	}
	if (url != NULL)
		return register_at(p, url);
	if (!p->has_secret &&
	    json_object_object_get_ex(
		p->server, "client_id_metadata_document_supported", &takes) &&
	    json_object_get_boolean(takes)) {
		good(p->d,
		    "the server takes client documents; doctor has none, and so"
		    " sees no further");
		return WENT_TO_THE_END;
	}
	return as_wrong(p, CURE_REGISTER,
	    "%s offers no registration, and takes no client documents: a client"
	    " that is not registered stops here.",
	    p->issuer);
}

void
as_forget(struct play *p)
{
	struct http_answer an;

	if (p->registered_at != NULL && p->registered_token != NULL)
		http_send(p->d->a,
		    &(struct http_request){ .url = p->registered_at,
			.method = "DELETE",
			.header = { arena_printf(p->d->a,
			    "Authorization: Bearer %s", p->registered_token) } },
		    &an);
}

/* ---- Authorization (RFC 6749 section 4.1.1) ---- */

static const char *
request_url(struct play *p)
{
	char challenge[B64_LEN(sizeof(p->challenge.byte)) + 1];
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "response_type", "code" }, { "client_id", p->client_id },
		{ "redirect_uri", p->redirect_uri },
		{ "code_challenge", challenge },
		{ "code_challenge_method", "S256" },
		{ "state", "carnet-doctor" }, { "scope", p->scope },
		{ "resource", p->resource },
		{ "nonce", p->has_secret ? "carnet-doctor" : NULL },
	};
	struct buf b;

	b64url_encode(p->challenge.byte, sizeof(p->challenge.byte), challenge);
	buf_init(&b, p->d->a, 1024);
	buf_str(&b, json_get_str(p->server, "authorization_endpoint"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].value != NULL)
			url_query_add(&b, rows[i].name, rows[i].value);
	return b.data;
}

/* The value of name in a URL, which may be written into HTML; or NULL. */
static const char *
value_in(struct play *p, const char *text, const char *name)
{
	const char *mark = arena_printf(p->d->a, "%s=", name), *at = text;
	size_t n;

	while ((at = strstr(at, mark)) != NULL) {
		if (at > text && strchr("?&;", at[-1]) != NULL) {
			at += strlen(mark);
			return url_decode(
			    p->d->a, at, strcspn(at, "&\"'<> "), 1, &n);
		}
		at++;
	}
	return NULL;
}

/* The server tells the client, or would after a click, what it does not like. */
static enum went
refused_to_client(struct play *p, const char *text)
{
	const char *error = value_in(p, text, "error");
	const char *why = value_in(p, text, "error_description");
	static const struct {
		const char *error, *cure;
	} cures[] = {
		{ "invalid_scope",
		    "Name the scopes in [scopes], and let the client have them:"
		    " carnet client edit --scope." },
		{ "invalid_target",
		    "Give the rule in [guard] the word resource, or name the"
		    " resource in audiences." },
		{ "unauthorized_client",
		    "Let the client use the code: carnet client edit --grant"
		    " authorization_code,refresh_token." },
	};

	for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++)
		if (strcmp(error, cures[i].error) == 0)
			return as_wrong(p, cures[i].cure,
			    "The request is refused: %s, %s", error,
			    why == NULL ? "" : why);
	return as_wrong(p, "See carnet log for the reason.",
	    "The request is refused: %s, %s", error, why == NULL ? "" : why);
}

enum went
as_authorize(struct play *p)
{
	const char *url = request_url(p), *to;
	struct http_answer an;

	if (http_get(p->d->a, url, &an) < 0)
		return as_wrong(p, cure_of_silence(an.error),
		    "%s does not answer: %s.",
		    json_get_str(p->server, "authorization_endpoint"), an.error);
	to = http_header(p->d->a, &an, "Location", NULL);
	if (an.status / 100 == 3 && to != NULL) {
		if (strncmp(to, p->redirect_uri, strlen(p->redirect_uri)) == 0 &&
		    value_in(p, to, "error") != NULL)
			return refused_to_client(p, to);
		good(p->d, "the user is led to a sign-in");
		return WENT_ON;
	}
	if (an.status == 200) {
		good(p->d, "the user is shown a page");
		return WENT_ON;
	}
	if (an.status == 400 && value_in(p, an.body, "error") != NULL)
		return refused_to_client(p, an.body);
	if (an.status == 400)
		return as_wrong(p,
		    "Register the client with exactly the redirect URI that it"
		    " sends (--redirect-uri plays another one): carnet client"
		    " edit --redirect-uri.",
		    "The server does not know the client %s, or not its redirect"
		    " URI %s.",
		    p->client_id, p->redirect_uri);
	return as_wrong(p, "See the web server's error log, and carnet log.",
	    "The authorization endpoint answers %d.", an.status);
}

/* ---- The token (RFC 6749 section 4.1.3) ---- */

static const char *
token_form(struct play *p)
{
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "code", "carnet-doctor-no-code" },
		{ "client_id", p->client_id },
		{ "client_secret", p->client_secret },
		{ "redirect_uri", p->redirect_uri },
		{ "code_verifier", p->verifier },
		{ "resource", p->resource },
	};
	struct buf b;

	buf_init(&b, p->d->a, 512);
	buf_str(&b, "grant_type=authorization_code");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].value != NULL) {
			buf_printf(&b, "&%s=", rows[i].name);
			url_encode(&b, rows[i].value);
		}
	return b.data;
}

/* A made-up code is invalid_grant, if all else is right. */
enum went
as_token(struct play *p)
{
	const char *url = json_get_str(p->server, "token_endpoint"), *error;
	const struct http_request rq = { .url = url, .body = token_form(p) };
	struct http_answer an;

	http_send(p->d->a, &rq, &an);
	error = json_get_str(json_parse(p->d->a, an.body, an.body_len), "error");
	if (error != NULL && strcmp(error, "invalid_grant") == 0) {
		good(p->d, "a code is taken at %s; a made-up one is refused",
		    url);
		return WENT_ON;
	}
	if (error != NULL && strcmp(error, "invalid_client") == 0) {
		/* A client that has just registered has no code yet. */
		if (p->has_secret || p->registered_at != NULL) {
			good(p->d, "%s is asked for at %s",
			    p->registered_at != NULL ? "a client that a user knows"
						     : "the client's secret",
			    url);
			return WENT_ON;
		}
		return as_wrong(p,
		    "Register it as a public client (carnet client add"
		    " --public), or type its secret into the client, too.",
		    "The client %s needs a secret, which such a client often"
		    " has not.",
		    p->client_id);
	}
	return as_wrong(p,
	    "See that the path leads to the program token; carnet log has the"
	    " reason of a refusal.",
	    "%s does not take a code: %s.", url, error_of(p, &an));
}

/* OpenID Connect Core section 5.3. */
enum went
as_userinfo(struct play *p)
{
	const char *url = json_get_str(p->server, "userinfo_endpoint");
	struct http_answer an;

	if (url == NULL)
		return as_wrong(p, "Let carnet make the document.",
		    "The server names no userinfo endpoint, where the app learns"
		    " who signed in.");
	if (http_get(p->d->a, url, &an) == 0 && an.status == 401) {
		good(p->d, "%s asks for a token", url);
		return WENT_ON;
	}
	return as_wrong(p, "Map that path to the program userinfo.",
	    "%s does not ask for a token: %s.", url, error_of(p, &an));
}

/* Fetch, section 3.2: the token endpoint lets a page of the app's read its answer. */
enum went
as_script(struct play *p)
{
	const char *url = json_get_str(p->server, "token_endpoint");
	const char *origin = uri_origin(p->d->a, p->redirect_uri), *allowed;
	const struct http_request rq = { .url = url, .method = "OPTIONS",
		.header = { arena_printf(p->d->a, "Origin: %s", origin),
		    "Access-Control-Request-Method: POST",
		    "Access-Control-Request-Headers: content-type" } };
	struct http_answer an;

	if (origin == NULL)
		return as_wrong(p, "Name a redirect URI of http or https.",
		    "%s has no origin.", p->redirect_uri);
	http_send(p->d->a, &rq, &an);
	allowed = an.error != NULL ? NULL
				   : http_header(p->d->a, &an,
					 "Access-Control-Allow-Origin", NULL);
	if (allowed == NULL ||
	    (strcmp(allowed, "*") != 0 && strcmp(allowed, origin) != 0))
		return as_wrong(p,
		    "Register the app as a public client with its redirect URI,"
		    " or add its origin to cors_origins; and let OPTIONS through"
		    " to the programs.",
		    "A script of %s may not call %s.", origin, url);
	good(p->d, "a script of %s may call %s", origin, url);
	return WENT_ON;
}
