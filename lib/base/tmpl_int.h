/* tmpl_int.h: what a name of a page means, for tmpl*.c alone. */
#ifndef CARNET_TMPL_INT_H
#define CARNET_TMPL_INT_H

#include "tmpl.h"

struct entry {
	struct entry *next;
	const char *name, *value;
	struct tmpl_data *first, *last; /* of a list, in order */
};

struct tmpl_data {
	struct arena *a;
	struct tmpl_data *next; /* in the list that it is an item of */
	struct entry *entries;
};

/* What a name means: innermost first, one for each section that is open. */
struct scope {
	const struct scope *up;
	const struct tmpl_data *d; /* the item; NULL for a plain value */
	const struct entry *dot;   /* what {{.}} is, if not d's own "." */
};

/*
 * tmpl_lookup(sc, name, len):
 * Of a.b.c, a is looked for from the innermost scope outwards, b in what was
 * found and nowhere else, and so on: a list stands for its first item.
 */
const struct entry *tmpl_lookup(
    const struct scope *sc, const char *name, size_t len);

#endif
