/* client_metadata_said.c: the members of a client's metadata are read. */
#include <json-c/json.h>
#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "client_metadata.h"
#include "client_metadata_int.h"
#include "json.h"
#include "utf8.h"

#define NAME_MAX_LEN 240	/* bytes, as of a parameter name */
#define URI_MAX_LEN 2048
#define LIST_MAX 32		/* elements of an array */

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
/* These are stored as they are, and repeated. */
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
	ROW("post_logout_redirect_uris", FORM_URIS, post_logout),
	ROW("backchannel_logout_uri", FORM_URI, backchannel),
	REPEATED("sector_identifier_uri", FORM_URI, sector_uri),
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

const char *
metadata_read(struct arena *a, struct json_object *o, struct said *s,
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

const char *
metadata_repeat(struct arena *a, const struct said *s, const char *method)
{
	struct said all = *s;
	const char *value;
	struct buf b;

	buf_init(&b, a, 256);
	json_open(&b, NULL, '{');
	if (method != NULL)
		json_str(&b, "token_endpoint_auth_method", method);
	for (size_t i = 0; i < N_ROWS; i++) {
		value = *field_of(&all, &rows[i]);
		if (!rows[i].is_repeated || value == NULL)
			continue;
		if (rows[i].form == FORM_LINES)
			json_raw(&b, rows[i].name, value);
		else
			json_str(&b, rows[i].name, value);
	}
	json_close(&b, '}');
	return b.data;
}
