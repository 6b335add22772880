/* store_cache.c: answers made from rows, valid until somebody writes. */
#include "store_cache.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define ENTRIES 16
#define LEN_MAX 8192

struct cache {
	struct entry {
		char key[STORE_CACHE_KEY_MAX + 1];
		uint64_t snapshot;	/* of the database */
		size_t len;		/* 0: this entry is empty */
		char *data;
	} entry[ENTRIES];
};

/* The only entry that may have the key, found by FNV-1a. */
static struct entry *
entry_of(struct cache *c, const char *key)
{
	uint32_t hash = 2166136261;

	for (; *key != '\0'; key++)
		hash = (hash ^ (unsigned char)*key) * 16777619;
	return &c->entry[(hash ^ hash >> 16) % ENTRIES];
}

void
store_cache_put(
    struct store *st, const char *key, const char *data, size_t len)
{
	struct entry *e;
	uint64_t now;
	char *copy;

	if (st->serves_one || len == 0 || len > LEN_MAX ||
	    strlen(key) > STORE_CACHE_KEY_MAX ||
	    st->engine->snapshot(st, &now) < 0)
		return;
	if (st->cache == NULL &&
	    (st->cache = calloc(1, sizeof(*st->cache))) == NULL)
		return;
	e = entry_of(st->cache, key);
	if ((copy = realloc(e->data, len)) == NULL)
		return;
	memcpy(copy, data, len);
	memcpy(e->key, key, strlen(key) + 1);
	e->data = copy;
	e->len = len;
	e->snapshot = now;
}

const char *
store_cache_get(struct store *st, const char *key, size_t *len)
{
	const struct entry *e;
	uint64_t now;

	if (st->cache == NULL)
		return NULL;
	e = entry_of(st->cache, key);
	if (e->len == 0 || strcmp(e->key, key) != 0 ||
	    st->engine->snapshot(st, &now) < 0 || e->snapshot != now)
		return NULL;
	*len = e->len;
	return e->data;
}

void
store_cache_end(struct store *st)
{
	if (st->cache == NULL)
		return;
	for (int i = 0; i < ENTRIES; i++)
		free(st->cache->entry[i].data);
	free(st->cache);
}
