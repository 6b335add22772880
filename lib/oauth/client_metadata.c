/* client_metadata.c: what a client says of itself (RFC 7591 section 2): the rules. */
#include "client_metadata.h"

#include <json-c/json.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "client.h"
#include "client_metadata_int.h"
#include "conf.h"
#include "fetch.h"
#include "grant.h"
#include "json.h"
#include "jwk_set.h"
#include "redirect.h"
#include "registration.h"
#include "scope.h"
#include "store_client.h"
#include "words.h"

#define ABOUT_MAX 8192 /* bytes of all that is only repeated */
#define ALL_MAX 32768 /* bytes: so much is stored for a stranger */

/* The methods of client authentication that may be registered. */
#define METHOD_NONE "none"
#define METHOD_SIGNED "private_key_jwt"
#define METHOD_BASIC "client_secret_basic"
#define METHOD_POST_BODY "client_secret_post"

static const char *
check_redirects(struct arena *a, const struct said *s)
{
	const char *w = s->redirects;
	size_t n;

	return w == NULL || !words_next(&w, &n)
	    ? "redirect_uris is missing or empty"
	    : redirect_refused(a, w);
}

/*
 * Clients ask for what some server may have; section 2 lets us register less.  But a
 * client that cannot use the code has nothing here.
 */
static const char *
check_flow(const struct said *s)
{
	if (s->grants != NULL && !words_have(s->grants, GRANT_CODE))
		return "grant_types needs authorization_code: a client that"
		       " registers itself has no other way to tokens";
	return s->types != NULL && strstr(s->types, "\"code\"") == NULL
	    ? "response_types needs code: there is no other"
	    : NULL;
}

static const char *
take_method(struct arena *a, const struct said *s, struct registration *r)
{
	const char *method = s->method;
	const char *why;

	if (s->jwks != NULL && s->jwks_uri != NULL)
		return "jwks and jwks_uri are not for one client";
	/* A private key that is out in the open is told, whatever it is for. */
	if (s->jwks != NULL &&
	    (why = jwk_set_refused(a, s->jwks, 0)) != NULL)
		return why;
	if (strcmp(method, METHOD_NONE) == 0) {
		r->is_public = 1;
		return NULL;
	}
	if (strcmp(method, METHOD_SIGNED) == 0) {
		r->jwks = s->jwks;
		r->jwks_uri = s->jwks_uri;
		return s->jwks == NULL && s->jwks_uri == NULL
		    ? METHOD_SIGNED " needs jwks or jwks_uri"
		    : NULL;
	}
	return strcmp(method, METHOD_BASIC) == 0 ||
		strcmp(method, METHOD_POST_BODY) == 0
	    ? NULL
	    : "token_endpoint_auth_method is none, client_secret_basic,"
	      " client_secret_post or private_key_jwt";
}

/* The list at sector_identifier_uri is read later: sector.h. */
static const char *
take_subject(const struct said *s, struct registration *r)
{
	if (s->sector_uri != NULL && !fetch_url_is_sound(s->sector_uri))
		return "sector_identifier_uri is no https URL without user and"
		       " fragment";
	if (s->subject == NULL || strcmp(s->subject, "public") == 0)
		return NULL;
	if (strcmp(s->subject, "pairwise") != 0)
		return "subject_type is public or pairwise";
	r->is_pairwise = 1;
	r->sector_uri = s->sector_uri;
	return NULL;
}

/*
 * Of what it asks for, what a stranger may have; nothing asked: all of that.  A client
 * that registers gets all of it: some ask for the scope of the first challenge that they
 * met, and need another one later (RFC 6750 section 3.1, insufficient_scope).  What a
 * token is for is asked of the user each time.
 */
static const char *
take_scope(const struct conf *cf, struct arena *a, const struct said *s,
    int is_document, struct registration *r)
{
	const struct client any = { .scope = cf->registration_scopes };
	const uint64_t may = scope_of_client(cf, &any) & ~SCOPE_STAR;
	uint64_t asked = may;

	if (s->scope != NULL)
		asked = scope_parse(cf, s->scope, NULL) & may;
	if (s->scope != NULL && asked == 0)
		return "none of the scopes is one that a client may register"
		       " for";
	r->scope = scope_format(cf, a, is_document ? asked : may);
	return NULL;
}

static size_t
length_of(const struct client *cl)
{
	const char *const texts[] = { cl->name, cl->redirect_uris,
		cl->post_logout_uris, cl->backchannel_logout_uri, cl->jwks,
		cl->jwks_uri, cl->about };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		n += texts[i] == NULL ? 0 : strlen(texts[i]);
	return n;
}

/* method: how it authenticates if it does not say. */
static const char *
take(const struct conf *cf, struct arena *a, struct json_object *o,
    const char *method, struct client *cl, const char **error)
{
	struct registration r = { .name = NULL };
	struct said s = { .method = method };
	const char *why;

	*error = METADATA_BAD;
	cl->grants = GRANT_CODE " " GRANT_REFRESH;
	if (!json_object_is_type(o, json_type_object))
		return "the body is not a JSON object";
	if ((why = metadata_read(a, o, &s, error)) != NULL)
		return why;
	if ((why = check_redirects(a, &s)) != NULL) {
		*error = METADATA_BAD_URI;
		return why;
	}
	r.redirect_uris = s.redirects;
	/* A person must be able to read who asks. */
	r.name = s.name != NULL
	    ? s.name
	    : redirect_host(a,
		  arena_dup(a, s.redirects, strcspn(s.redirects, " ")));
	r.id_token_alg = s.id_token_alg;
	r.userinfo_alg = s.userinfo_alg;
	r.post_logout_uris = s.post_logout;
	r.backchannel_logout_uri = s.backchannel;
	if ((why = check_flow(&s)) != NULL ||
	    (why = take_method(a, &s, &r)) != NULL ||
	    (why = take_subject(&s, &r)) != NULL ||
	    (why = take_scope(cf, a, &s, cl->origin != NULL, &r)) != NULL ||
	    (why = registration_take(cf, a, &r, cl)) != NULL)
		return why;
	cl->about = metadata_repeat(a, &s, cl->has_secret ? s.method : NULL);
	return strlen(cl->about) <= ABOUT_MAX && length_of(cl) <= ALL_MAX
	    ? NULL
	    : "the members are too long in all";
}

const char *
client_metadata_take(const struct conf *cf, struct arena *a,
    struct json_object *o, struct client *cl, const char **error)
{
	return take(cf, a, o, METHOD_BASIC, cl, error);
}

const char *
client_metadata_document(const struct conf *cf, struct arena *a,
    const char *url, const char *text, struct client *cl)
{
	struct json_object *o = json_parse(a, text, strlen(text)), *v;
	const char *id = json_get_str(o, "client_id"), *why, *error;

	if (!json_object_is_type(o, json_type_object))
		return "it is no JSON object";
	if (id == NULL || strcmp(id, url) != 0)
		return "its client_id is not its address";
	if (json_object_object_get_ex(o, "client_secret", &v) ||
	    json_object_object_get_ex(o, "client_secret_expires_at", &v))
		return "it has a secret in it";
	cl->client_id = url;
	cl->origin = CLIENT_DOCUMENT;
	why = take(cf, a, o, METHOD_NONE, cl, &error);
	return why == NULL && cl->has_secret
	    ? "token_endpoint_auth_method is none or private_key_jwt: a document"
	      " can keep no secret"
	    : why;
}

/* ---- Writing ---- */

/* The names are the parser's, the values are written as they were read. */
static void
write_about(struct buf *b, const char *about)
{
	struct json_object *o = about == NULL
	    ? NULL
	    : json_parse(b->a, about, strlen(about));

	if (!json_object_is_type(o, json_type_object))
		return;
	json_object_object_foreach(o, name, value)
		json_raw(b, name,
		    json_object_to_json_string_ext(value,
			JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void
write_text(struct buf *b, const char *name, const char *s)
{
	if (s != NULL)
		json_str(b, name, s);
}

void
client_metadata_write(
    struct buf *b, const struct conf *cf, const struct client *cl)
{
	json_str(b, "client_name", cl->name);
	json_words(b, "redirect_uris", cl->redirect_uris);
	json_words(b, "grant_types", cl->grants);
	json_words(b, "response_types", "code");
	json_str(b, "scope",
	    scope_format(cf, b->a, scope_of_client(cf, cl) & ~SCOPE_STAR));
	if (client_is_public(cl))
		json_str(b, "token_endpoint_auth_method", METHOD_NONE);
	if (client_has_keys(cl))
		json_str(b, "token_endpoint_auth_method", METHOD_SIGNED);
	if (cl->jwks_uri != NULL)
		json_str(b, "jwks_uri", cl->jwks_uri);
	else if (cl->jwks != NULL)
		json_raw(b, "jwks", cl->jwks);
	write_text(b, "id_token_signed_response_alg", cl->id_token_alg);
	write_text(b, "userinfo_signed_response_alg", cl->userinfo_alg);
	if (cl->sector != NULL)
		json_str(b, "subject_type", "pairwise");
	if (cl->post_logout_uris != NULL)
		json_words(
		    b, "post_logout_redirect_uris", cl->post_logout_uris);
	write_text(b, "backchannel_logout_uri", cl->backchannel_logout_uri);
	write_about(b, cl->about);
}
