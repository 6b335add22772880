/* account_act.c: what all acts of the account page share. */
#include "account_act.h"

#include "oerr.h"
#include "req.h"
#include "session.h"
#include "store.h"

/* An act, to be done in a transaction. */
struct act {
	struct req *rq;
	struct view *w;
	struct view before;
	int (*step)(struct req *rq, struct view *w);
};

static int
act_signed_in(struct store *st, void *ctx)
{
	struct act *a = ctx;
	int n;

	(void)st;
	*a->w = a->before;
	if ((n = session_is_current(a->rq, &a->w->v)) == 0)
		a->w->v.signed_in = 0;
	return n == 1 ? a->step(a->rq, a->w) : n;
}

const struct oerr *
account_write(struct req *rq, struct view *w,
    int (*step)(struct req *rq, struct view *w))
{
	struct act a = { .rq = rq, .w = w, .before = *w, .step = step };

	return store_write(rq->st, act_signed_in, &a) < 0 ? oerr_machine(rq)
							   : NULL;
}

const struct oerr *
account_refuse(struct view *w, enum account_field at, const char *why)
{
	w->status = 422;
	w->field = at;
	w->error = why;
	return NULL;
}
