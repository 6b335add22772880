/* url.c: percent-encoding, splitting forms, building queries. */
#include "url.h"

#include <string.h>

#include "arena.h"
#include "buf.h"

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

char *
url_decode(struct arena *a, const char *s, size_t len, int plus, size_t *out_len)
{
	char *out = arena_alloc(a, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '%') {
			if (len - i < 3 || hex_value(s[i + 1]) < 0 ||
			    hex_value(s[i + 2]) < 0)
				return NULL;
			out[n++] = (char)(hex_value(s[i + 1]) << 4 |
			    hex_value(s[i + 2]));
			i += 2;
		} else {
			out[n++] = plus && s[i] == '+' ? ' ' : s[i];
		}
	}
	out[n] = '\0';
	*out_len = n;
	return out;
}

int
url_form_next(
    struct arena *a, const char **s, size_t *len, struct url_pair *pair)
{
	const char *start, *end, *equals;
	size_t n;

	do {
		if (*len == 0)
			return 0;
		start = *s;
		end = memchr(start, '&', *len);
		n = end == NULL ? *len : (size_t)(end - start);
		*s += end == NULL ? n : n + 1;
		*len -= end == NULL ? n : n + 1;
	} while (n == 0);

	end = start + n;
	if ((equals = memchr(start, '=', n)) == NULL)
		equals = end;
	pair->name = url_decode(
	    a, start, (size_t)(equals - start), 1, &pair->name_len);
	if (equals < end)
		equals++;
	pair->value = url_decode(
	    a, equals, (size_t)(end - equals), 1, &pair->value_len);
	return pair->name == NULL || pair->value == NULL ? -1 : 1;
}

static int
is_unreserved(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

/* All but the unreserved characters and those kept. */
static void
encode(struct buf *b, const char *s, const char *kept)
{
	for (; *s != '\0'; s++) {
		if (is_unreserved((unsigned char)*s) || strchr(kept, *s) != NULL)
			buf_char(b, *s);
		else
			buf_printf(b, "%%%02X", (unsigned char)*s);
	}
}

void
url_encode(struct buf *b, const char *s)
{
	encode(b, s, "");
}

void
url_encode_path(struct buf *b, const char *path)
{
	encode(b, path, "/!$&'()*+,;=:@");
}

void
url_query_add(struct buf *b, const char *name, const char *value)
{
	buf_char(b, strchr(b->data, '?') == NULL ? '?' : '&');
	url_encode(b, name);
	buf_char(b, '=');
	url_encode(b, value);
}
