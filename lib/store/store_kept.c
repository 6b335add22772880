/* store_kept.c: bytes made from rows, good until somebody writes. */
#include "store_kept.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define SLOTS 16
#define LEN_MAX 8192

struct kept {
	struct {
		struct kept_key key;
		uint64_t snapshot;	/* of the database */
		size_t len;		/* 0: nothing is kept here */
		char *data;
	} slot[SLOTS];
};

static size_t
place(struct kept_key key)
{
	return (size_t)((uint64_t)key.from + (uint64_t)key.n) % SLOTS;
}

void
store_keep(struct store *st, struct kept_key key, const char *data, size_t len)
{
	const size_t i = place(key);
	struct kept *k = st->kept;
	uint64_t now;
	char *copy;

	if (st->serves_one || len == 0 || len > LEN_MAX || st->engine->snapshot(st, &now) < 0)
		return;
	if (k == NULL && (k = st->kept = calloc(1, sizeof(*k))) == NULL)
		return;
	if ((copy = realloc(k->slot[i].data, len)) == NULL)
		return;
	memcpy(copy, data, len);
	k->slot[i].data = copy;
	k->slot[i].len = len;
	k->slot[i].key = key;
	k->slot[i].snapshot = now;
}

const char *
store_kept(struct store *st, struct kept_key key, size_t *len)
{
	const size_t i = place(key);
	const struct kept *k = st->kept;
	uint64_t now;

	if (k == NULL || k->slot[i].len == 0 ||
	    k->slot[i].key.from != key.from || k->slot[i].key.n != key.n ||
	    st->engine->snapshot(st, &now) < 0 || k->slot[i].snapshot != now)
		return NULL;
	*len = k->slot[i].len;
	return k->slot[i].data;
}

void
store_kept_end(struct store *st)
{
	if (st->kept == NULL)
		return;
	for (int i = 0; i < SLOTS; i++)
		free(st->kept->slot[i].data);
	free(st->kept);
}
