/*
 * arena.c: the arena of fuzzed builds, in place of lib/base/arena.c: each allocation
 * is one of malloc's, so that the address sanitizer sees where it ends, and
 * whoever still reads it when the request is over.
 */
#include "arena.h"

#include <err.h>
#include <stdint.h>

/* What to call when the arena is cleared: the newest first. */
struct chore {
	struct chore *next;
	void (*fn)(void *);
	void *object;
};

struct arena {
	struct chore *memory, *deferred;
};

static void *
get(size_t n)
{
	void *p = calloc(1, n == 0 ? 1 : n);

	if (p == NULL)
		err(111, "arena");
	return p;
}

static void
push(struct chore **list, void (*fn)(void *), void *object)
{
	struct chore *c = get(sizeof(*c));

	*c = (struct chore){ *list, fn, object };
	*list = c;
}

static void
run(struct chore **list)
{
	struct chore *c;

	while ((c = *list) != NULL) {
		*list = c->next;
		c->fn(c->object);
		free(c);
	}
}

struct arena *
arena_new(void)
{
	return get(sizeof(struct arena));
}

void *
arena_alloc(struct arena *a, size_t size)
{
	void *p = get(size);

	push(&a->memory, free, p);
	return p;
}

void
arena_defer(struct arena *a, void (*fn)(void *), void *object)
{
	push(&a->deferred, fn, object);
}

void
arena_clear(struct arena *a)
{
	run(&a->deferred);
	run(&a->memory);
}

void
arena_free(struct arena *a)
{
	if (a != NULL)
		arena_clear(a);
	free(a);
}
