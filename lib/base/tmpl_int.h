/* tmpl_int.h: looking up the names of a page, for tmpl*.c alone. */
#ifndef CARNET_TMPL_INT_H
#define CARNET_TMPL_INT_H

#include "tmpl.h"

struct entry {
	struct entry *next;
	const char *name, *value;
	struct tmpl_data *first, *last; /* the items, if it is a list */
};

struct tmpl_data {
	struct arena *a;
	struct tmpl_data *next; /* the next item, if this is one of a list */
	struct entry *entries;
};

/* One for each open section, innermost first: where names are looked up. */
struct scope {
	const struct scope *up;
	const struct tmpl_data *d; /* the item; NULL for a plain value */
	const struct entry *dot;   /* the value of {{.}}, if not d's own "." */
};

/*
 * tmpl_lookup(sc, name, len):
 * Return the entry of name, or NULL.  Of a.b.c, a is searched from the
 * innermost scope outwards, b only within a, and so on.  Within a list, names
 * are those of its first item.
 */
const struct entry *tmpl_lookup(
    const struct scope *sc, const char *name, size_t len);

#endif
