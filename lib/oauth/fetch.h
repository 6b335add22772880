/* fetch.h: what the courier is to fetch from other sites, asked for by a request. */
#ifndef CARNET_FETCH_H
#define CARNET_FETCH_H

#include <stdint.h>

#include "store_fetch.h"

struct conf;
struct job;
struct req;
struct writer;

#define FETCH_JWKS "jwks" /* kinds of jobs */

#define FETCH_AGAIN_S 60 /* between two fetches of one URL */

/*
 * fetch_url_is_sound(url): Return 1 if url is https, with a host, without a user, a
 * fragment or a character of doubt, and has at most 2048 bytes.
 */
int fetch_url_is_sound(const char *url);

/*
 * fetch_ask(rq, f):
 * The document at f->url is wanted, and f->kind is the kind of its job: have the courier
 * fetch it, if it was not fetched in the last minute and is not under way.  Return NULL,
 * and to the rest of *f how it stands now; or oerr_busy: too many are under way already;
 * or oerr_machine's.
 *
 * fetch_ask_step(st, cf, a, now, f):
 * The same within a write transaction.  Return 1; 0 if too many are under way; -1 on a
 * database error, logged.
 */
const struct oerr *fetch_ask(struct req *rq, struct fetch *f);
int fetch_ask_step(struct store *st, const struct conf *cf, struct arena *a,
    int64_t now, struct fetch *f);

/* What the courier got. */
struct got {
	const char *text;	/* NULL: nothing */
	long max_age_s;		/* for so long it is good; -1: not said */
	const char *why;	/* why there is nothing */
};

/*
 * fetch_take_jwks(w, st, j, g):
 * The courier fetched the keys of the job j: store them for the clients that have them
 * there, if they are ones, and end the job.  Return 1, and to *why why they are not
 * stored (NULL: they are); or -1 on a database error, logged.
 *
 * fetch_end_step(st, j, now, why, again_s):
 * Within a write transaction: the job j is done; nothing is asked for anew in the next
 * again_s seconds.  Return 1, or -1.
 */
int fetch_take_jwks(const struct writer *w, struct store *st,
    const struct job *j, const struct got *g, const char **why);
int fetch_end_step(struct store *st, const struct job *j, int64_t now,
    const char *why, int64_t again_s);

#endif
