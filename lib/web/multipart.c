/* multipart.c: a form as multipart/form-data (RFC 7578). */
#include "multipart.h"

#include <string.h>
#include <strings.h>

#include "arena.h"

#define BOUNDARY_MAX 70 /* RFC 2046 section 5.1.1 */
#define BOUNDARY_CHARS \
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=? "

/* The value of a parameter of a header, quoted or not; NULL if there is none. */
static const char *
parameter(const char *text, size_t len, const char *name, size_t *n)
{
	const size_t name_len = strlen(name);
	const char *end = text + len, *p = text, *quote;

	while ((p = memchr(p, ';', (size_t)(end - p))) != NULL) {
		for (p++; p < end && (*p == ' ' || *p == '\t'); p++)
			;
		if ((size_t)(end - p) <= name_len || p[name_len] != '=' ||
		    strncasecmp(p, name, name_len) != 0)
			continue;
		p += name_len + 1;
		if (p < end && *p == '"') {
			p++;
			quote = memchr(p, '"', (size_t)(end - p));
			*n = quote == NULL ? 0 : (size_t)(quote - p);
			return quote == NULL ? NULL : p;
		}
		for (*n = 0; p + *n < end && strchr("; \t", p[*n]) == NULL;)
			++*n;
		return p;
	}
	return NULL;
}

/* Skip n bytes, which are there. */
static void
skip(struct multipart *m, size_t n)
{
	m->at += n;
	m->len -= n;
}

static int
begins(const struct multipart *m, const char *text, size_t n)
{
	return m->len >= n && memcmp(m->at, text, n) == 0;
}

int
multipart_begin(struct arena *a, const char *type, const char *text,
    size_t len, struct multipart *out)
{
	size_t n, i;
	const char *b = parameter(type, strlen(type), "boundary", &n);

	if (b == NULL || n == 0 || n > BOUNDARY_MAX)
		return 0;
	for (i = 0; i < n; i++)
		if (b[i] == '\0' || strchr(BOUNDARY_CHARS, b[i]) == NULL)
			return 0;
	out->mark = arena_printf(a, "\r\n--%.*s", (int)n, b);
	out->mark_len = n + 4;
	out->at = text;
	out->len = len;
	/* Before the first part there may be no line. */
	if (!begins(out, out->mark + 2, n + 2))
		return 0;
	skip(out, n + 2);
	return 1;
}

/* One part: its headers, an empty line, its value, up to the next mark. */
static int
read_part(struct arena *a, struct multipart *m, struct url_pair *pair)
{
	static const char about[] = "Content-Disposition:";
	const char *head = m->at, *blank, *end, *line, *name;
	size_t n, unused, head_len;

	if ((blank = memmem(head, m->len, "\r\n\r\n", 4)) == NULL)
		return -1;
	head_len = (size_t)(blank - head);
	/* A part without that line: its headers do not reach into the next one. */
	if (memmem(head - 2, head_len + 2, m->mark, m->mark_len) != NULL)
		return -1;
	skip(m, head_len + 4);
	/* The value may be empty: the mark then begins with the blank line's end. */
	m->at -= 2;
	m->len += 2;
	if ((end = memmem(m->at, m->len, m->mark, m->mark_len)) == NULL)
		return -1;
	for (line = head; line + sizeof(about) - 1 < blank;) {
		if (strncasecmp(line, about, sizeof(about) - 1) == 0)
			break;
		line = memmem(line, (size_t)(blank - line), "\r\n", 2);
		if (line == NULL)
			return -1;
		line += 2;
	}
	if (line + sizeof(about) - 1 >= blank)
		return -1;
	head_len = (size_t)(blank - line);
	if ((name = memmem(line, head_len, "\r\n", 2)) != NULL)
		head_len = (size_t)(name - line);
	if ((name = parameter(line, head_len, "name", &n)) == NULL)
		return -1;
	pair->name = arena_dup(a, name, n);
	pair->name_len = n;
	pair->value_len = end > m->at ? (size_t)(end - m->at) - 2 : 0;
	pair->value = arena_dup(a, m->at + 2, pair->value_len);
	skip(m, (size_t)(end - m->at) + m->mark_len);
	return parameter(line, head_len, "filename", &unused) == NULL;
}

int
multipart_next(struct arena *a, struct multipart *m, struct url_pair *pair)
{
	int rc;

	do {
		if (begins(m, "--", 2))
			return 0;
		if (!begins(m, "\r\n", 2))
			return -1;
		skip(m, 2);
	} while ((rc = read_part(a, m, pair)) == 0);
	return rc;
}
