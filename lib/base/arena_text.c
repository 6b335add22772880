/* arena_text.c: strings in an arena, by arena_alloc alone. */
#include "arena.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char *
arena_dup(struct arena *a, const void *data, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (len > 0)
		memcpy(p, data, len);
	return p;
}

char *
arena_str(struct arena *a, const char *s)
{
	return s == NULL ? NULL : arena_dup(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	char text[256]; /* most texts fit, and are formatted only one time */
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		errx(111, "arena: bad format");
	if ((size_t)n < sizeof(text)) {
		p = arena_dup(a, text, (size_t)n);
		explicit_bzero(text, (size_t)n);
		return p;
	}
	explicit_bzero(text, sizeof(text));
	p = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}
