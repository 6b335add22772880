/* json_write.c: writing JSON into a buf. */
#include "json.h"

#include <string.h>

#include "buf.h"

#define ONES 0x0101010101010101U /* 1 in each of eight bytes */

static int
is_plain(char c)
{
	return (unsigned char)c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

/* Nonzero if one of the eight bytes is 0 (bytes above it may be marked too). */
static uint64_t
has_zero(uint64_t eight)
{
	return (eight - ONES) & ~eight & ONES << 7;
}

/* How many bytes from s on need no escape in a string: eight at a time. */
static size_t
plain_span(const char *s, size_t len)
{
	size_t i = 0;
	uint64_t eight;

	for (; len - i >= sizeof(eight); i += sizeof(eight)) {
		memcpy(&eight, s + i, sizeof(eight));
		if ((has_zero(eight & ONES * 0xe0) | has_zero(eight ^ ONES * '"') |
			has_zero(eight ^ ONES * '\\') |
			has_zero(eight ^ ONES * 0x7f)) != 0)
			break;
	}
	while (i < len && is_plain(s[i]))
		i++;
	return i;
}

static void
escape_one(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	buf_char(b, '\\');
	if (c == '"' || c == '\\')
		buf_char(b, (char)c);
	else if (c == '\n')
		buf_char(b, 'n');
	else
		buf_add(b, (const char[]) { 'u', '0', '0', hex[c >> 4],
			hex[c & 15] }, 5);
}

static void
quote(struct buf *b, const char *s, size_t len)
{
	size_t n;

	buf_room(b, len + 2); /* without escapes b grows at most one time */
	buf_char(b, '"');
	while ((n = plain_span(s, len)) < len) {
		buf_add(b, s, n);
		escape_one(b, (unsigned char)s[n]);
		s += n + 1;
		len -= n + 1;
	}
	buf_add(b, s, len);
	buf_char(b, '"');
}

/* Write the comma and the name.  No comma follows an opening bracket. */
static void
begin(struct buf *b, const char *name)
{
	const char last = b->len > 0 ? b->data[b->len - 1] : '{';

	if (last != '{' && last != '[')
		buf_char(b, ',');
	if (name != NULL) {
		quote(b, name, strlen(name));
		buf_char(b, ':');
	}
}

void
json_open(struct buf *b, const char *name, char bracket)
{
	begin(b, name);
	buf_char(b, bracket);
}

void
json_close(struct buf *b, char bracket)
{
	buf_char(b, bracket);
}

void
json_strn(struct buf *b, const char *name, const char *s, size_t len)
{
	begin(b, name);
	quote(b, s, len);
}

void
json_str(struct buf *b, const char *name, const char *s)
{
	if (s == NULL)
		json_null(b, name);
	else
		json_strn(b, name, s, strlen(s));
}

void
json_int(struct buf *b, const char *name, int64_t n)
{
	begin(b, name);
	buf_int(b, n);
}

void
json_truth(struct buf *b, const char *name, int truth)
{
	begin(b, name);
	buf_str(b, truth ? "true" : "false");
}

void
json_null(struct buf *b, const char *name)
{
	begin(b, name);
	buf_str(b, "null");
}

void
json_raw(struct buf *b, const char *name, const char *json)
{
	begin(b, name);
	buf_str(b, json == NULL ? "null" : json);
}

void
json_words(struct buf *b, const char *name, const char *s)
{
	size_t n;

	json_open(b, name, '[');
	for (s += strspn(s, " "); *s != '\0'; s += strspn(s, " ")) {
		n = strcspn(s, " ");
		json_strn(b, NULL, s, n);
		s += n;
	}
	json_close(b, ']');
}
