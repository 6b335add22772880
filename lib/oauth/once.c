/* once.c: what counts once is spent with what is given for it. */
#include "once.h"

#include "arena.h"
#include "oerr.h"
#include "req.h"
#include "store_used.h"

/* Something that the request took. */
struct once {
	struct once *next;
	struct digest d;
	int64_t expires_at;
	const struct oerr *e;	/* what a second use is answered with */
	const char *why;	/* for the log */
	int was_used;		/* found out by once_spend */
};

int
once_spend(struct req *rq)
{
	int n = 1;

	for (struct once *o = rq->once; o != NULL && n == 1; o = o->next) {
		n = store_used_add(rq->st, &o->d, o->expires_at);
		o->was_used = n == 0;
	}
	return n;
}

const struct oerr *
once_refusal(struct req *rq)
{
	for (const struct once *o = rq->once; o != NULL; o = o->next)
		if (o->was_used)
			return oerr_why(rq, o->e, "%s", o->why);
	return oerr_machine(rq);
}

struct spending {
	const struct once *o;
	int n;
};

static int
spend_step(struct store *st, void *ctx)
{
	struct spending *s = ctx;

	s->n = store_used_add(st, &s->o->d, s->o->expires_at);
	return s->n == 1 ? 1 : -1;
}

static int
spend_now(struct req *rq, const struct once *o)
{
	struct spending s = { .o = o };

	return store_write(rq->st, spend_step, &s) == 1 ? 1
	    : s.n == 0					? 0
							: -1;
}

/* A request that gave nothing has used it up, too. */
static void
spend_at_end(struct req *rq, void *ctx)
{
	const struct once *o = ctx;

	if (store_used_find(rq->st, &o->d) == 0)
		(void)spend_now(rq, o);
}

const struct oerr *
once_take(struct req *rq, const struct once_kind *k, const struct digest *d,
    int64_t expires_at)
{
	struct once *o = arena_alloc(rq->a, sizeof(*o));
	int n;

	*o = (struct once) { .next = rq->once, .d = *d,
		.expires_at = expires_at, .e = k->e, .why = k->why };
	n = rq->ep->spends_once
	    ? 1 - store_used_find(rq->st, d)
	    : spend_now(rq, o);
	if (n == 0)
		return oerr_why(rq, o->e, "%s", o->why);
	if (n != 1)
		return oerr_machine(rq);
	if (rq->ep->spends_once) {
		rq->once = o;
		if (k->costs_always)
			req_at_end(rq, spend_at_end, o);
	}
	return NULL;
}
