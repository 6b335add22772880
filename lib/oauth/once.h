/* once.h: what counts once is spent with what is given for it. */
#ifndef CARNET_ONCE_H
#define CARNET_ONCE_H

#include <stdint.h>

struct digest;
struct oerr;
struct req;

/* What it is that counts once. */
struct once_kind {
	const struct oerr *e;	/* what a second use is answered with */
	const char *why;	/* the same for the log */
	/*
	 * A request that gives nothing uses it up, too.  Not of what anybody can make:
	 * else strangers fill the disk.
	 */
	int costs_always;
};

/*
 * once_take(rq, k, d, expires_at):
 * The request shows what has the digest d, which counts once before expires_at, and
 * whose signature is right.  It is spent now; or, if the endpoint's row has spends_once,
 * by once_spend in the transaction of what is given for it, and if k->costs_always at
 * the latest when the request ends.  Return NULL; k->e if it was spent before; or
 * oerr_machine's error.
 */
const struct oerr *once_take(struct req *rq, const struct once_kind *k,
    const struct digest *d, int64_t expires_at);

/*
 * once_spend(rq):
 * Within a write transaction, spend all that the request took.  Return 1, also if it
 * took nothing; 0 if another request was faster: then nothing may be given, and
 * once_refusal(rq) is the answer; -1 on a database error, logged.
 */
int once_spend(struct req *rq);
const struct oerr *once_refusal(struct req *rq);

#endif
