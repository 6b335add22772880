/* store_post.h: the example API's posts. */
#ifndef CARNET_STORE_POST_H
#define CARNET_STORE_POST_H

#include "store.h"

struct post {
	int64_t id, user;	/* user 0: posted by a client */
	const char *title, *body;
	int64_t created_at;
};

/* List posts before the id (0: from the newest), newest first; return how many. */
int store_post_list(struct store *st, struct arena *a, int64_t before,
    struct post *out, size_t n);
int store_post_by_id(
    struct store *st, struct arena *a, int64_t id, struct post *out);
int store_post_add(struct store *st, struct post *p);
int store_post_delete(struct store *st, int64_t id);

#endif
