/*
 * fuzz_json.c: what json_parse takes is JSON; a string that is written is read
 * back.
 */
#include "fuzz.h"

#include <json-c/json.h>

#include "json.h"
#include "utf8.h"

#define SPACE " \t\r\n"

/*
 * RFC 8259 by recursive descent: its grammar, and nothing else.  *odd is set if
 * json_parse may refuse the text for another reason: a name twice, a NUL in a
 * name, deep nesting, or an escape in a name, as this parser does not decode
 * names.
 */
static const char *value(const char *s, int depth, int *odd);

static const char *
string(const char *s, int is_name, int *odd)
{
	for (s++; *s != '"'; s++) {
		if ((unsigned char)*s < 0x20)
			return NULL;
		if (*s != '\\')
			continue;
		*odd |= is_name;
		s++;
		if (*s == 'u') {
			if (strspn(s + 1, "0123456789abcdefABCDEF") < 4)
				return NULL;
			*odd |= strncasecmp(s + 1, "d8", 2) >= 0 &&
			    strncasecmp(s + 1, "e", 1) < 0; /* half of a surrogate pair */
			s += 4;
		} else if (*s == '\0' || strchr("\"\\/bfnrt", *s) == NULL) {
			return NULL;
		}
	}
	return s + 1;
}

static const char *
digits(const char *s)
{
	size_t n = s == NULL ? 0 : strspn(s, "0123456789");

	return n == 0 ? NULL : s + n;
}

static const char *
number(const char *s)
{
	s += *s == '-';
	s = *s == '0' ? s + 1 : digits(s);
	if (s != NULL && *s == '.')
		s = digits(s + 1);
	if (s != NULL && (*s == 'e' || *s == 'E'))
		s = digits(s + 1 + (s[1] == '+' || s[1] == '-'));
	return s;
}

static const char *
word(const char *s, const char *w)
{
	return strncmp(s, w, strlen(w)) == 0 ? s + strlen(w) : NULL;
}

static const char *
list(const char *s, char close, int depth, int *odd)
{
	*odd |= depth > 10;
	s += 1 + strspn(s + 1, SPACE);
	if (*s == close)
		return s + 1;
	for (;;) {
		if (close == '}') {
			*odd |= depth > 0; /* the name may be there twice */
			if (*s != '"' || (s = string(s, 1, odd)) == NULL)
				return NULL;
			s += strspn(s, SPACE);
			if (*s++ != ':')
				return NULL;
		}
		if ((s = value(s, depth + 1, odd)) == NULL)
			return NULL;
		if (*s == close)
			return s + 1;
		if (*s++ != ',')
			return NULL;
		s += strspn(s, SPACE);
	}
}

/* A value and the space around it; the end, or NULL. */
static const char *
value(const char *s, int depth, int *odd)
{
	s += strspn(s, SPACE);
	switch (*s) {
	case '"':
		s = string(s, 0, odd);
		break;
	case '{':
	case '[':
		s = depth > 200 ? NULL
				: list(s, *s == '{' ? '}' : ']', depth, odd);
		break;
	case 't':
		s = word(s, "true");
		break;
	case 'f':
		s = word(s, "false");
		break;
	case 'n':
		s = word(s, "null");
		break;
	default:
		s = number(s);
	}
	return s == NULL ? NULL : s + strspn(s, SPACE);
}

/* A string that is written is one value, and is read back the same. */
static void
check_writer(struct arena *a, const char *text, size_t size)
{
	struct json_object *o;
	struct buf b;

	buf_init(&b, a, 8);
	json_open(&b, NULL, '{');
	json_strn(&b, "a", text, size);
	json_words(&b, "b", text);
	json_close(&b, '}');
	if (utf8_count(text, size) < 0)
		return;
	o = json_parse(a, b.data, b.len);
	assert(o != NULL && json_get_str(o, "a") != NULL);
	assert(strcmp(json_get_str(o, "a"), text) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = malloc(size + 1);
	struct json_object *o;
	const char *end = NULL;
	int64_t n;
	int odd = 0;

	memcpy(text, data, size);
	text[size] = '\0';
	o = json_parse(a, text, size);
	if (utf8_count(text, size) >= 0)
		end = value(text, 0, &odd);
	if (end != NULL && *end != '\0')
		end = NULL;
	assert(o == NULL || end != NULL);
	assert(o != NULL || end == NULL || odd || size == 0 ||
	    strstr(text, "null") != NULL || strchr(text, '{') != NULL);
	if (o != NULL && json_get_int(o, "n", &n) == 1)
		assert(n >= -9000000000000000 && n <= 9000000000000000);
	if (o != NULL && json_get_str(o, "s") != NULL)
		assert(utf8_count(json_get_str(o, "s"),
			   strlen(json_get_str(o, "s"))) >= 0);
	check_writer(a, text, strlen(text));
	free(text);
	arena_free(a);
	return 0;
}
