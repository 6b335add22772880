/* json.c: reading JSON through json-c. */
#include "json.h"

#include <json-c/json.h>
#include <limits.h>
#include <string.h>

#include "arena.h"
#include "utf8.h"

#define DEPTH 16

/* The members that the objects below o hold, all levels together. */
static size_t
members(struct json_object *o)
{
	size_t n = 0;

	if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, name, value) {
			(void)name;
			n += 1 + members(value);
		}
	} else if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++)
			n += members(json_object_array_get_idx(o, i));
	}
	return n;
}

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Return how long the number at s is, 0 if it is none, or 01, 1. or -.5. */
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
 * The members that s, which json-c found valid, names: its colons outside
 * strings.  SIZE_MAX, which no object holds, for what json-c lets pass against
 * RFC 8259 (control characters in strings, 'names', NaN, Infinity, 01) and for
 * a NUL in a name: json-c ends it there, so that "aud\u0000x" would be aud.
 */
static size_t
members_named(const char *s)
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

/* json-c hands out its own copy of a string, though as const. */
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

/* Room for the longest string at once: no copy of what it held stays behind. */
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

/* What it has read of a text that is not well-formed goes with it. */
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

	/* json-c, asked to, passes overlong forms and surrogates. */
	if (len > INT_MAX - 1 || utf8_count(s, len) < 0)
		return NULL;
	if ((tok = tokener_new(len)) == NULL)
		return NULL;
	/* With the NUL behind it, or a number at the end would not be over. */
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
	return good && members(o) == members_named(text) ? o : NULL;
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
