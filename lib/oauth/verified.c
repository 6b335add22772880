/* verified.c: tokens whose signature and claims were checked before. */
#include "verified.h"

#include <err.h>
#include <stdlib.h>

#include "crypto.h"
#include "keys.h"
#include "process.h"
#include "req.h"

#define SLOTS 16384 /* 2.1 MiB when full; pages are touched as they are used */

struct verified {
	uint64_t keys;		/* the signatures were checked against these */
	struct {
		struct digest digest;
		struct claims says;
	} slot[SLOTS];
};

static const struct process_kind table_kind = { .free = free, .of_conf = 1 };

/* The table, emptied if keys or configuration changed since. */
static struct verified *
table(struct req *rq)
{
	struct verified *v = process_state(rq->pr, &table_kind);
	const uint64_t keys = keys_generation(keys_get(rq));

	if (v == NULL || v->keys != keys) {
		if ((v = calloc(1, sizeof(*v))) == NULL)
			err(111, "verified");
		v->keys = keys;
		process_keep(rq->pr, &table_kind, v);
	}
	return v;
}

/* A digest is as good as random: its first bytes choose the place. */
static size_t
place(const struct digest *d)
{
	return ((size_t)d->byte[0] << 8 | d->byte[1]) % SLOTS;
}

int
verified_find(struct req *rq, const struct digest *d, struct claims *out)
{
	const size_t i = place(d);
	struct verified *v;

	if (rq->pr->serves_one) /* a plain CGI sees one token */
		return 0;
	v = table(rq);
	if (v->slot[i].says.expires_at <= rq->now ||
	    !digest_equal(&v->slot[i].digest, d))
		return 0;
	*out = v->slot[i].says;
	return 1;
}

void
verified_add(
    struct req *rq, const struct digest *d, const struct claims *says)
{
	const size_t i = place(d);
	struct verified *v;

	if (rq->pr->serves_one)
		return;
	v = table(rq);
	v->slot[i].digest = *d;
	v->slot[i].says = *says;
}
