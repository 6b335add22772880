/* enrol.c: a user adds a second factor, or makes new recovery codes. */
#include "enrol.h"

#include "letter.h"
#include "notice.h"
#include "oerr.h"
#include "recovery.h"
#include "req.h"
#include "store_factor.h"
#include "store_outbox.h"
#include "store_user.h"
#include "store_write.h"

/* Recovery codes to be stored, with a factor or without. */
struct change {
	const struct user *u;
	const struct recovery *codes;
	int (*add)(struct store *st, const void *factor); /* or none */
	const void *factor;	/* to be added */
	struct req *rq;		/* for the mail that tells the user; or none */
	struct job letter;
	int is_current;		/* the user is as they were when this was checked */
	int n;			/* added */
};

static int
add_step(struct store *st, void *ctx)
{
	struct change *c = ctx;
	const int64_t user = c->u->id;
	int n;

	c->n = 0;
	c->is_current = n = store_user_is_current(st, user, c->u->credential);
	if (n == 1)
		c->n = n = c->add(st, c->factor);
	if (n == 1 &&
	    ((c->codes->n > 0 && recovery_store(st, user, c->codes) < 0) ||
		store_factor_changed(st, user) < 0))
		n = -1;
	return n;
}

static int
codes_step(struct store *st, void *ctx)
{
	const struct change *c = ctx;

	return recovery_store(st, c->u->id, c->codes) < 0
	    ? -1
	    : letter_add(c->rq, &c->letter);
}

const struct oerr *
enrol_read_again(struct req *rq, struct user *u)
{
	return store_user_by_id(rq->st, rq->a, u->id, u) < 0 ? oerr_machine(rq)
							      : NULL;
}

const struct oerr *
enrol_add(struct req *rq, struct user *u,
    int (*add)(struct store *st, const void *factor), const void *factor,
    const char **why, struct recovery *made)
{
	const int left = store_recovery_left(rq->st, u->id);
	struct change c = { .u = u, .codes = made, .add = add,
		.factor = factor };

	made->n = 0;
	if (left < 0)
		return oerr_machine(rq);
	if (left == 0)
		recovery_make(made);
	if (store_write(rq->st, add_step, &c) < 0)
		return oerr_machine(rq);
	*why = !c.is_current ? ENROL_STALE
	    : c.n == 0 ? "You have as many of these as may be, or have this one"
			  " already."
			: NULL;
	if (*why != NULL)
		made->n = 0;
	return *why != NULL ? NULL : enrol_read_again(rq, u);
}

const struct oerr *
enrol_recovery(
    struct req *rq, const struct user *u, struct recovery *made)
{
	struct change c = { .u = u, .codes = made, .rq = rq };

	recovery_make(made);
	notice_make(rq, u, "codes", NULL, &c.letter);
	return store_write(rq->st, codes_step, &c) < 0 ? oerr_machine(rq) : NULL;
}
