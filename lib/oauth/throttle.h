/* throttle.h: failed sign-ins are counted, and too many are put off. */
#ifndef CARNET_THROTTLE_H
#define CARNET_THROTTLE_H

#include <stdint.h>

#include "crypto.h"
#include "hasher.h"

struct oerr;
struct req;
struct session;

#define COUNTERS_MAX 4

/* A count of failures of one kind, and its limit. */
struct counter {
	struct digest key;
	int64_t limit;		/* 0: any number */
	int lenient;		/* beyond it, who never failed here is let in */
	const char *what;	/* for the log */
};

/* One password or secret to be tried. */
struct attempt {
	struct counter counter[COUNTERS_MAX]; /* the narrowest first */
	int n;
	struct digest place;	/* account and address, once they fit together */
	int has_place, is_known;
	struct turn turn;
};

/*
 * throttle_sign_in(rq, email, at): to try the password of the account email.
 * throttle_session(rq, session, at): who is signed in gives the password again.
 * throttle_client(rq, id, at): to try a client's secret that is slow to hash.
 *
 * Each begins an attempt: NULL, and throttle_end is called with its result; else
 * the error: 429 with Retry-After after too many failures, or 503, at once, when
 * as many passwords are hashed, or wait to be, as may.  Other requests are served
 * while this one waits and hashes: so the caller has no transaction open, and
 * keeps no pointer to anything that another request may free.
 */
const struct oerr *throttle_sign_in(
    struct req *rq, const char *email, struct attempt *at);
const struct oerr *throttle_session(
    struct req *rq, const struct digest *session, struct attempt *at);
const struct oerr *throttle_client(
    struct req *rq, const char *id, struct attempt *at);

/*
 * throttle_end(rq, at, e):
 * The attempt is over: e is NULL, or why it failed, which is counted if it is a
 * refusal (status below 500).  Return e, or the error of counting it.
 */
const struct oerr *throttle_end(
    struct req *rq, struct attempt *at, const struct oerr *e);

/*
 * throttle_secret(rq, is_known, e):
 * A client's secret, quick to check, was wrong: e says so.  Return e, or, after
 * too many, the error that says to come later.  The right secret is let in
 * whatever the count.  Secrets of unknown clients are counted together for an
 * address, so that made-up names make no rows.
 */
const struct oerr *throttle_secret(
    struct req *rq, int is_known, const struct oerr *e);

/*
 * throttle_place(rq, what, limit, wait_s):
 * Within a write transaction, count one more of what for the address that asks.
 * Return 1; 0 after limit of them (0: any number) within an hour, and put the
 * seconds that are left of it to *wait_s; -1 on error, logged.
 *
 * throttle_later(rq, wait_s, why):
 * The error that says to come later, with Retry-After, and why for the log.
 */
int throttle_place(
    struct req *rq, const char *what, int64_t limit, int64_t *wait_s);
const struct oerr *throttle_later(
    struct req *rq, int64_t wait_s, const char *why);

/*
 * throttle_guess(rq, s):
 * Who is signed in typed a code that no device shows.  Return 1 if the session
 * or its user did so too often of late, 0 if not, -1 on error, logged.
 */
int throttle_guess(struct req *rq, const struct session *s);

#endif
