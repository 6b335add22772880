/* store_purge.c: all expired rows are deleted, for who has the time. */
#include "store_purge.h"

#include "query.h"
#include "store_write.h"

#define BATCH 256
#define KEPT_S 86400 /* a revoked token is known as one for a day */

const char *
store_purge_table(size_t i)
{
	return expired_kinds[i].table;
}

/* What a step of store_purge_batch works on. */
struct batch {
	int64_t now;
	struct purge *p;
	int64_t gone;		/* rows, by this run of the step */
	struct rowkey keys[BATCH];
	int n;			/* of them */
};

static int
expired_step(struct store *st, void *ctx)
{
	struct batch *b = ctx;

	b->gone = 0;
	return store_expired_kind(st, &expired_kinds[b->p->table], b->now, BATCH, &b->gone);
}

static int
forget(struct store *st, enum sql which, const struct rowkey *key)
{
	return query_run(st, which, VALUES(V_KEY(key)));
}

static int
forget_step(struct store *st, void *ctx)
{
	struct batch *b = ctx;
	int one;

	b->gone = 0;
	for (int i = 0; i < b->n; i++) {
		if ((one = forget(st, expired_kinds[b->p->table].forget,
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

/* Found first, then deleted: no lock is taken while they are looked for. */
static int
walk_batch(struct store *st, struct batch *b)
{
	const struct expired_kind *k = &expired_kinds[b->p->table];
	const struct value v[] = { V_KEY(&b->p->after),
		V_INT(b->now - KEPT_S), V_INT(BATCH),
		V_INT(b->now) };

	if (k->over == 0)
		return 0;
	if ((b->n = query_list(st, NULL, k->over, v, k->n_over, read_key,
		 b->keys, sizeof(b->keys[0]), BATCH)) <= 0)
		return b->n;
	if (store_write(st, forget_step, b) < 0)
		return -1;
	b->p->after = b->keys[b->n - 1];
	return b->n == BATCH;
}

int
store_purge_batch(struct store *st, int64_t now, struct purge *p)
{
	struct batch b = { .now = now, .p = p };
	int more;

	/* Access tokens have no first half: one walk finds both kinds. */
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
