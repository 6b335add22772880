/* buf.c: growing bytes in an arena. */
#include "buf.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"

void
buf_init(struct buf *b, struct arena *a, size_t size)
{
	b->a = a;
	b->size = size + 1;
	b->data = arena_alloc(a, b->size);
	b->len = 0;
}

void
buf_grow(struct buf *b, size_t n)
{
	char *bigger;

	if (n >= SIZE_MAX / 4 || b->len >= SIZE_MAX / 4)
		errx(111, "buf: %zu bytes asked", n);
	b->size = 2 * (b->len + n + 1);
	bigger = arena_alloc(b->a, b->size);
	memcpy(bigger, b->data, b->len);
	b->data = bigger;
}

void
buf_cut(struct buf *b, size_t len)
{
	b->len = len;
	b->data[len] = '\0';
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	if (len > 0)
		memcpy(buf_room(b, len), data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_int(struct buf *b, int64_t n)
{
	uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char digits[24], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (n < 0)
		*--p = '-';
	buf_add(b, p, (size_t)(digits + sizeof(digits) - p));
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	const size_t room = b->size - b->len;
	va_list again;
	int n;

	/* Most header lines need no formatting: a copy costs a tenth of it. */
	if (strchr(fmt, '%') == NULL || strcmp(fmt, "%s") == 0) {
		buf_str(b, *fmt == '%' ? va_arg(ap, const char *) : fmt);
		return;
	}
	va_copy(again, ap);
	n = vsnprintf(b->data + b->len, room, fmt, ap);
	if (n < 0)
		errx(111, "buf: bad format");
	if ((size_t)n >= room) { /* grow, and format again */
		buf_room(b, (size_t)n);
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	b->len += (size_t)n;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}
