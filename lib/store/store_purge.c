/* store_purge.c: a command deletes all expired rows, a batch at a time. */
#include "store_purge.h"

#include "engine.h"
#include "query.h"
#include "store_write.h"

#define BATCH 256
#define KEPT_S 86400 /* a revoked token stays, as revoked, for a day */

const char *
store_purge_table(size_t i)
{
	return expired_kinds[i].table;
}

/* What a step of store_purge_batch works on. */
struct batch {
	int64_t now;
	struct purge *p;
	int64_t gone;		/* rows that this run of the step deleted */
	struct rowkey keys[BATCH];
	int n;			/* keys that were found */
};

static int
expired_step(struct store *st, void *ctx)
{
	struct batch *b = ctx;

	b->gone = 0;
	return store_expired_kind(st, &expired_kinds[b->p->table], b->now, BATCH, &b->gone);
}

static int
delete_row(struct store *st, enum sql which, const struct rowkey *key)
{
	return query_run(st, which, VALUES(V_KEY(key)));
}

static int
delete_step(struct store *st, void *ctx)
{
	struct batch *b = ctx;
	int one;

	b->gone = 0;
	for (int i = 0; i < b->n; i++) {
		if ((one = delete_row(st, expired_kinds[b->p->table].delete,
			 &b->keys[i])) < 0)
			return -1;
		b->gone += one;
	}
	return 0;
}

static void
read_key(const struct row *r, void *out)
{
	row_key(r, 0, out);
}

/*
 * One statement finds the keys, and another deletes the rows: the search looks at
 * every row, and so it takes no write lock.
 */
static int
walk_batch(struct store *st, struct batch *b)
{
	const struct expired_kind *k = &expired_kinds[b->p->table];
	const struct value v[] = { V_KEY(&b->p->after),
		V_INT(b->now - KEPT_S), V_INT(BATCH),
		V_INT(b->now) };

	if (k->list == 0)
		return 0;
	if ((b->n = query_list(st, NULL, k->list, v, k->n_list, read_key,
		 b->keys, sizeof(b->keys[0]), BATCH)) <= 0)
		return b->n;
	if (store_write(st, delete_step, b) < 0)
		return -1;
	b->p->after = b->keys[b->n - 1];
	return b->n == BATCH;
}

int
store_purge_batch(struct store *st, int64_t now, struct purge *p)
{
	struct batch b = { .now = now, .p = p };
	int more;

	/* One walk finds the access tokens that expired or were revoked. */
	if (expired_kinds[p->table].expired == 0)
		p->is_walk = 1;
	more = p->is_walk ? walk_batch(st, &b)
			  : store_write(st, expired_step, &b);
	if (more >= 0)
		p->gone[p->table] += b.gone;
	if (more != 0)
		return more;
	if (!p->is_walk) {
		p->is_walk = 1;
		return 1;
	}
	p->is_walk = 0;
	p->after.len = 0;
	return ++p->table < STORE_EXPIRED_KINDS;
}

int
store_delete_orphans(struct store *st, int64_t *gone)
{
	return engine_tools_of(st->engine)->delete_orphans(st, gone);
}
