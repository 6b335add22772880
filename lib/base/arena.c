/* arena.c: the memory of one request, which is wiped when the request ends. */
#include "arena.h"

#include <err.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE (16 * 1024) /* a usual request fits one block */

struct block {
	struct block *next; /* the older one */
	size_t size, used;
	alignas(max_align_t) unsigned char data[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *object;
};

struct arena {
	struct block *blocks; /* newest first; arena_clear keeps the last */
	struct deferred *deferred;
};

/* Not zeroed: arena_alloc zeroes what it hands out, which is mostly less. */
static struct block *
block_new(size_t size, struct block *next)
{
	struct block *b;

	if (size > SIZE_MAX - sizeof(*b) ||
	    (b = malloc(sizeof(*b) + size)) == NULL)
		err(111, "arena");
	b->size = size;
	b->used = 0;
	b->next = next;
	return b;
}

struct arena *
arena_new(void)
{
	struct arena *a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		err(111, "arena");
	a->blocks = block_new(BLOCK_SIZE, NULL);
	return a;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->blocks;
	void *p;

	if (size > SIZE_MAX - alignof(max_align_t))
		errx(111, "arena: %zu bytes asked", size);
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (size > b->size - b->used)
		a->blocks = b =
		    block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE, b);
	p = b->data + b->used;
	b->used += size;
	return memset(p, 0, size);
}

void
arena_defer(struct arena *a, void (*fn)(void *), void *object)
{
	struct deferred *d = arena_alloc(a, sizeof(*d));

	d->fn = fn;
	d->object = object;
	d->next = a->deferred;
	a->deferred = d;
}

void
arena_clear(struct arena *a)
{
	struct block *b, *older;

	for (struct deferred *d = a->deferred; d != NULL; d = d->next)
		d->fn(d->object);
	a->deferred = NULL;
	for (b = a->blocks; b->next != NULL; b = older) {
		older = b->next;
		explicit_bzero(b->data, b->used);
		free(b);
	}
	explicit_bzero(b->data, b->used);
	b->used = 0;
	a->blocks = b;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_clear(a);
	free(a->blocks);
	free(a);
}
