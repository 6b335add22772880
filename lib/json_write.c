/* json_write.c: writing JSON into a buf. */
#include "json.h"

#include "buf.h"

/* How many bytes from s on stand for themselves in a string. */
static size_t
plain_span(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
			break;
	}
	return i;
}

static void
escape(struct buf *b, const char *s, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t n;

	buf_room(b, len + 2);
	buf_char(b, '"');
	for (;;) {
		n = plain_span(s, len);
		buf_add(b, s, n);
		if (n == len)
			break;
		const unsigned char c = (unsigned char)s[n];
		const char code[] = { '\\', 'u', '0', '0', hex[c >> 4],
			hex[c & 15] };

		if (c == '"' || c == '\\')
			buf_add(b, (const char[]) { '\\', (char)c }, 2);
		else if (c == '\n')
			buf_add(b, "\\n", 2);
		else
			buf_add(b, code, sizeof(code));
		s += n + 1;
		len -= n + 1;
	}
	buf_char(b, '"');
}

/* The comma and the name; what went before tells whether a comma is due. */
static void
begin(struct buf *b, const char *name)
{
	const char last = b->len > 0 ? b->data[b->len - 1] : '{';

	if (last != '{' && last != '[')
		buf_char(b, ',');
	if (name != NULL) {
		escape(b, name, strlen(name));
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
	escape(b, s, len);
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
	uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char digits[24], *p = digits + sizeof(digits);

	begin(b, name);
	do
		*--p = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (n < 0)
		*--p = '-';
	buf_add(b, p, (size_t)(digits + sizeof(digits) - p));
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
