/* store_fetch.h: how it stands with the documents that the courier is to fetch. */
#ifndef CARNET_STORE_FETCH_H
#define CARNET_STORE_FETCH_H

#include <stdint.h>

struct arena;
struct store;

struct fetch {
	const char *url, *kind;	/* kind: that of the job in the outbox */
	const char *body;	/* of that job; not stored here */
	int64_t asked_at;	/* Unix seconds */
	int is_under_way;
	const char *why;	/* how it failed; NULL: it did not */
	int64_t expires_at;	/* before that it is not asked for anew */
};

/* store_fetch_find(st, a, url, kind, out): all but url, kind and body to *out. */
int store_fetch_find(struct store *st, struct arena *a, const char *url,
    const char *kind, struct fetch *out);

/* store_fetch_put(st, f): store f, in place of what is known of it. */
int store_fetch_put(struct store *st, const struct fetch *f);

/*
 * store_fetch_under_way(st, max):
 * Return how many are under way, counted up to max; -1 on a database error, logged.
 */
int store_fetch_under_way(struct store *st, int max);

#endif
