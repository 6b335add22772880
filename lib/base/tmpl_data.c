/* tmpl_data.c: the data of a page: setting and looking up names. */
#include <string.h>

#include "arena.h"
#include "tmpl_int.h"

static struct entry *
find(const struct tmpl_data *d, const char *name, size_t len)
{
	struct entry *e = d == NULL ? NULL : d->entries;

	while (e != NULL &&
	    (strlen(e->name) != len || memcmp(e->name, name, len) != 0))
		e = e->next;
	return e;
}

static struct entry *
entry_for(struct tmpl_data *d, const char *name)
{
	struct entry *e;

	if ((e = find(d, name, strlen(name))) == NULL) {
		e = arena_alloc(d->a, sizeof(*e));
		e->name = arena_str(d->a, name);
		e->next = d->entries;
		d->entries = e;
	}
	return e;
}

struct tmpl_data *
tmpl_data_new(struct arena *a)
{
	struct tmpl_data *d = arena_alloc(a, sizeof(*d));

	d->a = a;
	return d;
}

void
tmpl_set(struct tmpl_data *d, const char *name, const char *value)
{
	entry_for(d, name)->value = value;
}

struct tmpl_data *
tmpl_push(struct tmpl_data *d, const char *name)
{
	struct entry *e = entry_for(d, name);
	struct tmpl_data *item = tmpl_data_new(d->a);

	if (e->first == NULL)
		e->first = item;
	else
		e->last->next = item;
	e->last = item;
	return item;
}

/* The length of the first word of a dotted name. */
static size_t
word_len(const char *name, size_t len)
{
	const char *dot = memchr(name, '.', len);

	return dot == NULL ? len : (size_t)(dot - name);
}

const struct entry *
tmpl_lookup(const struct scope *sc, const char *name, size_t len)
{
	const struct entry *e = NULL;
	size_t n;

	if (len == 1 && *name == '.')
		return sc->dot != NULL ? sc->dot : find(sc->d, name, len);
	n = word_len(name, len);
	for (; sc != NULL && e == NULL; sc = sc->up)
		e = find(sc->d, name, n);
	while (e != NULL && n < len) {
		name += n + 1;
		len -= n + 1;
		n = word_len(name, len);
		e = find(e->first, name, n);
	}
	return e;
}
