/* json.c: reading JSON through json-c. */
#include "json.h"

#include <json-c/json.h>
#include <limits.h>
#include <string.h>

#include "arena.h"
#include "utf8.h"

#define DEPTH 16

/* The number of members of all objects in o, on all levels. */
static size_t
count_members(struct json_object *o)
{
	size_t n = 0;

	if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, name, value) {
			(void)name;
			n += 1 + count_members(value);
		}
	} else if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++)
			n += count_members(json_object_array_get_idx(o, i));
	}
	return n;
}

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Return the length of the JSON number at s; 0 if there is none: 01, 1. and -.5
 * are not.
 */
static size_t
number_len(const char *s)
{
	const char *digits = s + (*s == '-'), *dot;
	size_t len = strspn(s, "+-.eE0123456789");

	if (!is_digit(digits[0]) || (digits[0] == '0' && is_digit(digits[1])))
		return 0;
	dot = memchr(s, '.', len);
	return dot == NULL || is_digit(dot[1]) ? len : 0;
}

/*
 * The number of members that the text s, which json-c accepted, names: its
 * colons outside strings.  Return SIZE_MAX, which no object has, for what
 * json-c accepts against RFC 8259 (control characters in strings, 'names', NaN,
 * Infinity, 01).  Do so for a NUL in a name too: json-c ends the name there, so
 * that it takes "aud\u0000x" for aud.
 */
static size_t
count_names(const char *s)
{
	int in_string = 0, nul = 0;
	size_t n = 0, len;

	for (; *s != '\0'; s += len) {
		len = 1;
		if (*s == '"') {
			in_string = !in_string;
			nul = nul && !in_string;
		} else if (in_string && *s == '\\') {
			nul = nul || strncmp(s, "\\u0000", 6) == 0;
			len = 2;
		} else if (in_string) {
			if ((unsigned char)*s < 0x20)
				return SIZE_MAX;
		} else if (*s == ':') {
			if (nul)
				return SIZE_MAX;
			n++;
		} else if (strchr("-0123456789NI'", *s) != NULL) {
			if ((len = number_len(s)) == 0)
				return SIZE_MAX;
		}
	}
	return n;
}

/* json_object_get_string returns json-c's own bytes, though as const. */
static void
wipe(struct json_object *o)
{
	if (json_object_is_type(o, json_type_string)) {
		explicit_bzero((void *)(uintptr_t)json_object_get_string(o),
		    (size_t)json_object_get_string_len(o));
	} else if (json_object_is_type(o, json_type_int)) {
		json_object_set_int64(o, 0);
	} else if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, name, value) {
			(void)name;
			wipe(value);
		}
	} else if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++)
			wipe(json_object_array_get_idx(o, i));
	}
}

static void
put(void *o)
{
	wipe(o);
	json_object_put(o);
}

/* The buffer has room for any string, so it never moves and leaves a copy. */
static struct json_tokener *
tokener_new(size_t len)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH);

	if (tok == NULL)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	if (printbuf_memset(tok->pb, 0, 0, (int)len + 1) < 0) {
		json_tokener_free(tok);
		return NULL;
	}
	printbuf_reset(tok->pb);
	return tok;
}

/* Wipe also what was read of a text that is not well-formed. */
static void
tokener_free(struct json_tokener *tok)
{
	for (int i = 0; i <= tok->depth; i++)
		wipe(tok->stack[i].current);
	explicit_bzero(tok->pb->buf, (size_t)tok->pb->size);
	json_tokener_free(tok);
}

struct json_object *
json_parse(struct arena *a, const char *s, size_t len)
{
	struct json_tokener *tok;
	struct json_object *o;
	char *text;
	size_t end;
	int good;

	/* json-c's own check of UTF-8 accepts overlong forms and surrogates. */
	if (len > INT_MAX - 1 || utf8_count(s, len) < 0)
		return NULL;
	if ((tok = tokener_new(len)) == NULL)
		return NULL;
	/* The NUL is parsed too: it ends a number at the end of the text. */
	text = arena_dup(a, s, len);
	o = json_tokener_parse_ex(tok, text, (int)len + 1);
	end = json_tokener_get_parse_end(tok);
	good = json_tokener_get_error(tok) == json_tokener_success;
	tokener_free(tok);
	if (o == NULL)
		return NULL;
	arena_defer(a, put, o);
	while (good && end < len)
		good = strchr(" \t\r\n", s[end++]) != NULL;
	return good && count_members(o) == count_names(text) ? o : NULL;
}

const char *
json_get_str(struct json_object *o, const char *name)
{
	struct json_object *v;
	const char *s;

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, name, &v) ||
	    !json_object_is_type(v, json_type_string))
		return NULL;
	s = json_object_get_string(v);
	return strlen(s) == (size_t)json_object_get_string_len(v) ? s : NULL;
}

int
json_get_int(struct json_object *o, const char *name, int64_t *out)
{
	struct json_object *v;
	double d;

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, name, &v))
		return 0;
	if (json_object_is_type(v, json_type_double)) {
		d = json_object_get_double(v);
		if (!(d >= -9e15 && d <= 9e15))
			return -1;
		*out = (int64_t)d;
		return 1;
	}
	if (!json_object_is_type(v, json_type_int))
		return -1;
	*out = json_object_get_int64(v);
	return *out > -9000000000000000 && *out < 9000000000000000 ? 1 : -1;
}
