/* seen.h: a set of numbers that grows, and can be cut back. */
#ifndef CARNET_SEEN_H
#define CARNET_SEEN_H

#include <stddef.h>
#include <stdint.h>

/* All zero: empty.  It takes 24 bytes a number at most. */
struct seen {
	int64_t *list;		/* in the order in which they came */
	size_t n;
	uint32_t *slot;		/* a place in list, from 1; 0: free */
	size_t slots;
};

/* seen_add(s, number): return 1; 0 if it is in the set already. */
int seen_add(struct seen *s, int64_t number);

/* seen_has(s, number): return 1 if it is in the set. */
int seen_has(const struct seen *s, int64_t number);

/* seen_cut(s, n): keep only the first n that came. */
void seen_cut(struct seen *s, size_t n);

void seen_free(struct seen *s);

#endif
