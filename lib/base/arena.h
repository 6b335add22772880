/* arena.h: the memory of one request, which is wiped when the request ends. */
#ifndef CARNET_ARENA_H
#define CARNET_ARENA_H

#include <stddef.h>

struct arena;

/*
 * arena_new():
 * Return an empty arena.  No function here returns NULL for lack of memory: the
 * process exits with 111, and its manager starts it anew.
 */
struct arena *arena_new(void);

/*
 * arena_alloc(a, size):
 * Return size zeroed bytes, aligned for any type, that live until the arena is
 * cleared.
 */
void *arena_alloc(struct arena *a, size_t size);

/*
 * arena_dup(a, data, len):
 * Return a copy of the len bytes at data, followed by a NUL.
 */
char *arena_dup(struct arena *a, const void *data, size_t len);

/*
 * arena_str(a, s):
 * Return a copy of the string s; NULL for NULL.
 */
char *arena_str(struct arena *a, const char *s);

/*
 * arena_printf(a, fmt, ...):
 * Return the formatted string.
 */
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * arena_defer(a, fn, object):
 * Have fn(object) called when the arena is cleared.  It frees what a library
 * allocated for the request.  The last one registered is called first.
 */
void arena_defer(struct arena *a, void (*fn)(void *), void *object);

/*
 * arena_clear(a):
 * Call the deferred functions, wipe all memory that was handed out, and keep
 * one block for the next request.
 */
void arena_clear(struct arena *a);

/*
 * arena_free(a):
 * Clear a and give its memory back.  NULL is fine.
 */
void arena_free(struct arena *a);

#endif
