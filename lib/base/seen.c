/* seen.c: a set of numbers that grows, and can be cut back. */
#include "seen.h"

#include <err.h>
#include <stdlib.h>

#define SLOTS_MIN 1024

/* The slot where number is, or where it would be. */
static size_t
place(const struct seen *s, int64_t number)
{
	size_t i = (size_t)((uint64_t)number * UINT64_C(0x9e3779b97f4a7c15) >>
		       20) & (s->slots - 1);

	while (s->slot[i] != 0 && s->list[s->slot[i] - 1] != number)
		i = (i + 1) & (s->slots - 1);
	return i;
}

/* Put all of the list to so many slots. */
static void
fill(struct seen *s, size_t slots)
{
	free(s->slot);
	s->slots = slots;
	if ((s->slot = calloc(slots, sizeof(*s->slot))) == NULL)
		err(111, "seen");
	for (size_t i = 0; i < s->n; i++)
		s->slot[place(s, s->list[i])] = (uint32_t)i + 1;
}

int
seen_add(struct seen *s, int64_t number)
{
	size_t i;

	if (2 * (s->n + 1) > s->slots) {
		fill(s, s->slots == 0 ? SLOTS_MIN : 2 * s->slots);
		s->list = realloc(s->list, s->slots / 2 * sizeof(*s->list));
		if (s->list == NULL)
			err(111, "seen");
	}
	i = place(s, number);
	if (s->slot[i] != 0)
		return 0;
	s->list[s->n++] = number;
	s->slot[i] = (uint32_t)s->n;
	return 1;
}

int
seen_has(const struct seen *s, int64_t number)
{
	return s->slots > 0 && s->slot[place(s, number)] != 0;
}

void
seen_cut(struct seen *s, size_t n)
{
	if (n == s->n)
		return;
	s->n = n;
	fill(s, s->slots);
}

void
seen_free(struct seen *s)
{
	free(s->list);
	free(s->slot);
}
