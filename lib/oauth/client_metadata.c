/* client_metadata.c: what a client says of itself (RFC 7591 section 2). */
#include "client_metadata.h"

#include <json-c/json.h>
#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "client.h"
#include "conf.h"
#include "grant.h"
#include "json.h"
#include "jwk_set.h"
#include "redirect.h"
#include "registration.h"
#include "scope.h"
#include "store_client.h"
#include "utf8.h"
#include "words.h"

#define NAME_MAX_LEN 240	/* bytes, as of a parameter name */
#define URI_MAX_LEN 2048
#define LIST_MAX 32		/* elements of an array */
#define ABOUT_MAX 8192		/* bytes of all that is only repeated */

/* The methods of client authentication that may be registered. */
#define METHOD_NONE "none"
#define METHOD_SIGNED "private_key_jwt"
#define METHOD_BASIC "client_secret_basic"
#define METHOD_POST_BODY "client_secret_post"

/* What was sent; NULL: not sent. */
struct said {
	const char *name, *method, *scope, *grants, *types, *redirects;
	const char *jwks, *jwks_uri;
	const char *id_token_alg, *userinfo_alg, *subject, *sector_uri;
	const char *post_logout, *backchannel;
	const char *client_uri, *logo_uri, *tos_uri, *policy_uri;
	const char *contacts, *software_id, *software_version;
};

enum form {
	FORM_LINE,	/* a line of text */
	FORM_URI,
	FORM_WORDS,	/* an array of words */
	FORM_URIS,	/* an array of URIs; words */
	FORM_LINES,	/* an array of lines; JSON */
	FORM_OBJECT,	/* JSON */
};

#define ROW(member, how, field) \
	{ .name = member, .form = how, .at = offsetof(struct said, field) }
/* Nothing is done with these: they are stored, and repeated. */
#define REPEATED(member, how, field) \
	{ .name = member, .form = how, .at = offsetof(struct said, field), \
	    .is_repeated = 1 }
static const struct row_of_said {
	const char *name;
	enum form form;
	size_t at;
	int is_repeated;
} rows[] = {
	ROW("client_name", FORM_LINE, name),
	ROW("redirect_uris", FORM_URIS, redirects),
	ROW("token_endpoint_auth_method", FORM_LINE, method),
	ROW("grant_types", FORM_WORDS, grants),
	ROW("response_types", FORM_LINES, types),
	ROW("scope", FORM_LINE, scope),
	ROW("jwks", FORM_OBJECT, jwks),
	ROW("jwks_uri", FORM_URI, jwks_uri),
	ROW("id_token_signed_response_alg", FORM_LINE, id_token_alg),
	ROW("userinfo_signed_response_alg", FORM_LINE, userinfo_alg),
	ROW("subject_type", FORM_LINE, subject),
	ROW("sector_identifier_uri", FORM_URI, sector_uri),
	ROW("post_logout_redirect_uris", FORM_URIS, post_logout),
	ROW("backchannel_logout_uri", FORM_URI, backchannel),
	REPEATED("client_uri", FORM_URI, client_uri),
	REPEATED("logo_uri", FORM_URI, logo_uri),
	REPEATED("tos_uri", FORM_URI, tos_uri),
	REPEATED("policy_uri", FORM_URI, policy_uri),
	REPEATED("contacts", FORM_LINES, contacts),
	REPEATED("software_id", FORM_LINE, software_id),
	REPEATED("software_version", FORM_LINE, software_version),
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static const char **
field_of(struct said *s, const struct row_of_said *row)
{
	return (const char **)((char *)s + row->at);
}

/* ---- Reading ---- */

/* A text of at most max bytes without control characters; else NULL. */
static const char *
line_of(struct json_object *v, size_t max)
{
	const char *s;

	if (!json_object_is_type(v, json_type_string))
		return NULL;
	s = json_object_get_string(v);
	return strlen(s) == (size_t)json_object_get_string_len(v) &&
		strlen(s) <= max && utf8_is_line(s)
	    ? s
	    : NULL;
}

/* Is there a character that would end a word, or that no URI has? */
static int
is_word(const char *s)
{
	if (*s == '\0')
		return 0;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f || *s == '"' || *s == '\\')
			return 0;
	return 1;
}

static int
is_web_uri(const char *s)
{
	return is_word(s) &&
	    (strncmp(s, "https://", 8) == 0 || strncmp(s, "http://", 7) == 0);
}

static size_t
longest(enum form form)
{
	return form == FORM_URI || form == FORM_URIS ? URI_MAX_LEN
						      : NAME_MAX_LEN;
}

/* The elements of an array: words, or JSON. */
static const char *
take_list(struct arena *a, const struct row_of_said *row,
    struct json_object *v, const char **out)
{
	const int as_json = row->form == FORM_LINES;
	struct buf b;
	const char *s;
	size_t n;

	if (!json_object_is_type(v, json_type_array))
		return arena_printf(a, "%s is not an array", row->name);
	if ((n = json_object_array_length(v)) > LIST_MAX)
		return arena_printf(a, "%s has more than %d elements",
		    row->name, LIST_MAX);
	buf_init(&b, a, 512);
	if (as_json)
		json_open(&b, NULL, '[');
	for (size_t i = 0; i < n; i++) {
		s = line_of(json_object_array_get_idx(v, i),
		    longest(row->form));
		if (s == NULL || (!as_json && !is_word(s)))
			return arena_printf(a,
			    "an element of %s is not a text of the kind that"
			    " belongs there, or is too long",
			    row->name);
		if (as_json)
			json_str(&b, NULL, s);
		else
			buf_printf(&b, "%s%s", b.len > 0 ? " " : "", s);
	}
	if (as_json)
		json_close(&b, ']');
	*out = b.data;
	return NULL;
}

static const char *
take_member(struct arena *a, const struct row_of_said *row,
    struct json_object *v, const char **out)
{
	const char *s;

	if (row->form == FORM_OBJECT) {
		if (!json_object_is_type(v, json_type_object))
			return arena_printf(
			    a, "%s is not an object", row->name);
		*out = arena_str(a,
		    json_object_to_json_string_ext(v,
			JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		return NULL;
	}
	if (row->form != FORM_LINE && row->form != FORM_URI)
		return take_list(a, row, v, out);
	if ((s = line_of(v, strcmp(row->name, "scope") == 0 ? 4096
							   : longest(row->form))) ==
	    NULL)
		return arena_printf(a,
		    "%s is not a text without control characters, or is too long",
		    row->name);
	if (*s == '\0')
		return NULL; /* some libraries write that for none */
	if (row->form == FORM_URI && !is_web_uri(s))
		return arena_printf(a, "%s is no URI of the web", row->name);
	*out = arena_str(a, s);
	return NULL;
}

/* RFC 7592 section 2.2: null is the same as a member that is left out. */
static const char *
take_members(struct arena *a, struct json_object *o, struct said *s,
    const char **error)
{
	struct json_object *v;
	const char *why;

	for (size_t i = 0; i < N_ROWS; i++) {
		if (!json_object_object_get_ex(o, rows[i].name, &v) ||
		    v == NULL)
			continue;
		why = take_member(a, &rows[i], v, field_of(s, &rows[i]));
		if (why == NULL)
			continue;
		if (strcmp(rows[i].name, "redirect_uris") == 0)
			*error = METADATA_BAD_URI;
		return why;
	}
	return NULL;
}

/* ---- Rules ---- */

static const char *
check_redirects(struct arena *a, const struct said *s)
{
	const char *w = s->redirects, *uri;
	size_t n;

	if (w == NULL || *w == '\0')
		return "redirect_uris is missing or empty";
	for (; words_next(&w, &n); w += n) {
		uri = arena_dup(a, w, n);
		if (!redirect_is_sound(uri))
			return arena_printf(a, "%s is no redirect URI: https,"
			    " http on 127.0.0.1, [::1] or localhost, or an"
			    " app's own scheme with a dot; no fragment", uri);
	}
	return NULL;
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
	const char *method = s->method == NULL ? METHOD_BASIC : s->method;
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

static const char *
take_subject(const struct said *s, struct registration *r)
{
	if (s->sector_uri != NULL)
		return "sector_identifier_uri is not taken here: let all"
		       " redirect_uris have one host";
	if (s->subject == NULL || strcmp(s->subject, "public") == 0)
		return NULL;
	r->is_pairwise = strcmp(s->subject, "pairwise") == 0;
	return r->is_pairwise ? NULL : "subject_type is public or pairwise";
}

/* Of what it asks for, what a stranger may have; nothing asked: all of that. */
static const char *
take_scope(const struct conf *cf, struct arena *a, const struct said *s,
    struct registration *r)
{
	const struct client any = { .scope = cf->registration_scopes };
	const uint64_t may = scope_of_client(cf, &any) & ~SCOPE_STAR;
	uint64_t asked = may;

	if (s->scope != NULL)
		asked = scope_parse(cf, s->scope, NULL) & may;
	if (s->scope != NULL && asked == 0)
		return "none of the scopes is one that a client may register"
		       " for";
	r->scope = scope_format(cf, a, asked);
	return NULL;
}

/* What is only repeated, and how a client with a secret sends it. */
static const char *
take_about(struct arena *a, struct said *s, struct client *cl)
{
	struct buf b;

	buf_init(&b, a, 256);
	json_open(&b, NULL, '{');
	if (cl->has_secret)
		json_str(&b, "token_endpoint_auth_method",
		    s->method == NULL ? METHOD_BASIC : s->method);
	for (size_t i = 0; i < N_ROWS; i++) {
		if (!rows[i].is_repeated || *field_of(s, &rows[i]) == NULL)
			continue;
		if (rows[i].form == FORM_LINES)
			json_raw(&b, rows[i].name, *field_of(s, &rows[i]));
		else
			json_str(&b, rows[i].name, *field_of(s, &rows[i]));
	}
	json_close(&b, '}');
	cl->about = b.data;
	return b.len <= ABOUT_MAX ? NULL : "the members are too long in all";
}

const char *
client_metadata_take(const struct conf *cf, struct arena *a,
    struct json_object *o, struct client *cl, const char **error)
{
	struct registration r = { .name = NULL };
	struct said s = { .name = NULL };
	const char *why;

	*error = METADATA_BAD;
	cl->grants = GRANT_CODE " " GRANT_REFRESH;
	if (!json_object_is_type(o, json_type_object))
		return "the body is not a JSON object";
	if ((why = take_members(a, o, &s, error)) != NULL)
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
	    (why = take_scope(cf, a, &s, &r)) != NULL ||
	    (why = registration_take(cf, a, &r, cl)) != NULL)
		return why;
	return take_about(a, &s, cl);
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
