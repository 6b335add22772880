/* buf.h: growing bytes in an arena. */
#ifndef CARNET_BUF_H
#define CARNET_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* Bytes, always followed by a NUL that len does not count. */
struct buf {
	struct arena *a;
	char *data;
	size_t len, size;
};

/*
 * buf_init(b, a, size):
 * Make b empty, with room for size bytes before it first grows.  Its bytes live
 * in the arena a and are wiped with it.
 */
void buf_init(struct buf *b, struct arena *a, size_t size);

/* buf_grow(b, n): move b's bytes to memory with room for n more. */
void buf_grow(struct buf *b, size_t n);

/*
 * buf_room(b, n):
 * Return the place of the next n bytes.  The caller writes them and adds their
 * number to b->len.
 */
static inline char *
buf_room(struct buf *b, size_t n)
{
	if (n >= b->size - b->len)
		buf_grow(b, n);
	return b->data + b->len;
}

/* buf_cut(b, len): shorten b to its first len bytes; it has no fewer. */
void buf_cut(struct buf *b, size_t len);

/* buf_add(b, data, len): append len bytes. */
void buf_add(struct buf *b, const void *data, size_t len);

/* buf_str(b, s): append the string s. */
void buf_str(struct buf *b, const char *s);

/* buf_char(b, c): append one byte. */
static inline void
buf_char(struct buf *b, char c)
{
	*buf_room(b, 1) = c;
	b->data[++b->len] = '\0';
}

/* buf_int(b, n): append n in decimal. */
void buf_int(struct buf *b, int64_t n);

/* buf_printf(b, fmt, ...): append formatted text. */
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

#endif
