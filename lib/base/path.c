/* path.c: the path of a request, as web servers read it. */
#include "path.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

#include "arena.h"
#include "buf.h"
#include "url.h"

/* Where the path begins: behind scheme and authority, if there are any. */
static const char *
path_start(const char *target)
{
	const char *s = target;

	if (*s == '/')
		return s;
	while (isalnum((unsigned char)*s) || strchr("+-.", *s) != NULL) {
		if (*s == '\0')
			return NULL;
		s++;
	}
	if (s == target || strncmp(s, "://", 3) != 0)
		return NULL;
	s += 3;
	s += strcspn(s, "/?#");
	return *s == '/' ? s : "/";
}

/*
 * Decode text again, in place, as a lenient program does: a "%" without two hex
 * digits stays a "%".  Return 1 if text changed, 0 if not, -1 if it now has a
 * control character.
 */
static int
decode_again(char *text)
{
	char *to = text, hex[3] = "";
	int changed = 0;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '%' && isxdigit((unsigned char)p[1]) &&
		    isxdigit((unsigned char)p[2])) {
			memcpy(hex, p + 1, 2);
			*to = (char)strtoul(hex, NULL, 16);
			if ((unsigned char)*to < 0x20 || *to == 0x7f)
				return -1;
			to++;
			p += 2;
			changed = 1;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return changed;
}

/* The number of segments "." and ".."; under PATH_WINDOWS '\' ends one too. */
static size_t
count_dots(const char *s, unsigned flags)
{
	const char *ends = flags & PATH_WINDOWS ? "/\\" : "/";
	size_t n, dots = 0;

	for (; *s != '\0'; s += n + (s[n] != '\0')) {
		n = strcspn(s, ends);
		if ((n == 1 || n == 2) && strspn(s, ".") == n)
			dots++;
	}
	return dots;
}

/* Decode until text no longer changes; return -1 for an attack (path.h). */
static int
decode_twice(char *text, unsigned flags)
{
	size_t dots = count_dots(text, flags);
	int i, rc = 1;

	for (i = 1; i < PATH_DEEPEST && rc == 1; i++)
		rc = decode_again(text);
	if (rc == 1 && strchr(text, '%') != NULL)
		rc = decode_again(text) == 0 ? 0 : -1;
	return rc < 0 || count_dots(text, flags) > dots ? -1 : 0;
}

/* Return the decoded path; NULL if it has what path_normal refuses. */
static char *
decode(struct arena *a, const char *s, size_t len, unsigned flags)
{
	struct buf raw;
	size_t n;
	char *text;

	buf_init(&raw, a, len + 1);
	for (size_t i = 0; i < len; i++)
		if (flags & PATH_KEEP_SLASH && i + 2 < len &&
		    strncasecmp(s + i, "%2f", 3) == 0) {
			buf_str(&raw, "%252F");
			i += 2;
		} else {
			buf_char(&raw, s[i]);
		}
	text = url_decode(a, raw.data, raw.len, 0, &n);
	if (text == NULL || strlen(text) != n ||
	    (flags & PATH_TWICE && decode_twice(text, flags) < 0))
		return NULL;
	for (char *p = text; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return NULL;
		if (flags & PATH_WINDOWS && *p == '\\')
			*p = '/';
		if (flags & PATH_FOLD)
			*p = (char)tolower((unsigned char)*p);
	}
	return text;
}

/* A server that knows path parameters reads "..;x" as "..". */
static int
is_dots_and_parameter(const char *s)
{
	size_t dots = strspn(s, ".");

	return (dots == 1 || dots == 2) && s[dots] == ';';
}

/* The length of the part of a segment that counts; -1: servers differ on it. */
static ssize_t
segment_length(const char *s, size_t n, unsigned flags)
{
	size_t len = n;

	if (is_dots_and_parameter(s))
		return -1;
	if (flags & PATH_CUT_PARAM && memchr(s, ';', n) != NULL)
		len = strcspn(s, ";");
	if (flags & PATH_WINDOWS && !(len == 1 && *s == '.') &&
	    !(len == 2 && memcmp(s, "..", 2) == 0)) {
		n = len;
		while (len > 0 && (s[len - 1] == '.' || s[len - 1] == ' '))
			len--;
		if (len == 0 && n > 0)
			return -1;
	}
	return (ssize_t)len;
}

char *
path_normal(struct arena *a, const char *target, unsigned flags)
{
	const char *s = path_start(target);
	size_t n, len = 0;
	ssize_t seg;
	char *text, *out;
	int had_empty = 0;

	if (s == NULL)
		return NULL;
	n = strcspn(s, "?#");
	if (s[n] == '#' || (text = decode(a, s, n, flags)) == NULL)
		return NULL;
	out = arena_alloc(a, strlen(text) + 2);
	for (s = text; *s == '/'; s += n) {
		s++;
		n = strcspn(s, "/");
		if ((seg = segment_length(s, n, flags)) < 0)
			return NULL;
		if (seg == 2 && memcmp(s, "..", 2) == 0) {
			/* "/a//../b" is /b to some servers, /a/b to others. */
			if (len == 0 || had_empty)
				return NULL;
			while (out[--len] != '/')
				continue;
		} else if (seg == 0) {
			had_empty = 1;
		} else if (seg != 1 || *s != '.') {
			out[len++] = '/';
			memcpy(out + len, s, (size_t)seg);
			len += (size_t)seg;
		}
	}
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}

int
path_has_one_reading(const char *target)
{
	for (const char *s = target; *s != '\0' && *s != '?'; s++)
		if (strchr("%;\\ #", *s) != NULL ||
		    (*s == '.' && (s[1] == '\0' || strchr("/?", s[1]) != NULL)))
			return 0;
	return 1;
}
