/* throttle.h: failed sign-ins are counted, and too many are put off. */
#ifndef CARNET_THROTTLE_H
#define CARNET_THROTTLE_H

#include <stdint.h>

#include "crypto.h"
#include "hasher.h"

struct oerr;
struct req;

#define COUNTERS_MAX 4

/* A count of failures of one kind, and its limit. */
struct counter {
	struct digest key;
	int64_t limit;		/* 0: any number */
	int lenient;		/* ten times as many, for who never failed here */
	const char *what;	/* for the log */
};

/* One password or secret to be tried. */
struct attempt {
	struct counter counter[COUNTERS_MAX]; /* the narrowest first */
	int n;
	struct digest place;	/* the account at this address */
	int has_place;
	int is_known;		/* a sign-in there was right before; 2: renew it */
	struct turn turn;
	int guess;		/* a slot of those who try this account */
	int is_elsewhere;	/* password_check is asked: see throttle_turn */
	int is_guess;		/* it is counted, though there was no answer */
};

/*
 * throttle_sign_in(rq, email, at): to try the password of the account email.
 * throttle_session(rq, session, at): a signed-in user gives the password again.
 * throttle_client(rq, id, at): to try a client's secret that is slow to hash.
 *
 * Each begins an attempt.  Return NULL, and the caller calls throttle_end with the
 * result; or the error: 429 with Retry-After after too many failures; 503, without a
 * wait, if hash_queue passwords are hashed or wait already.  Other requests are
 * served while this one waits and hashes.  So the caller must have no transaction
 * open, and no pointer to anything that another request may free.
 */
const struct oerr *throttle_sign_in(
    struct req *rq, const char *email, struct attempt *at);
const struct oerr *throttle_session(
    struct req *rq, const struct digest *session, struct attempt *at);
const struct oerr *throttle_client(
    struct req *rq, const char *id, struct attempt *at);

/*
 * throttle_hash(rq, password, hash):
 * Put the hash of a new password to *hash, when it is this request's turn.  Nothing
 * is counted: the caller has made sure that not everybody can ask for any number.
 * Return NULL, or the error: 503 as above.
 */
const struct oerr *throttle_hash(
    struct req *rq, const char *password, const char **hash);

/*
 * With the setting password_check, an attempt of throttle_sign_in or throttle_session
 * has its place among hash_queue and no turn to hash: it may wait long for the
 * verifier, and others may hash meanwhile.
 *
 * throttle_turn(rq, at): take a turn to hash; NULL, or 503.  An attempt that has one
 * already keeps it.
 * throttle_rest(at): give it back, before the verifier is asked.
 */
const struct oerr *throttle_turn(struct req *rq, struct attempt *at);
void throttle_rest(struct attempt *at);

/*
 * throttle_end(rq, at, e):
 * The attempt is over: e is NULL, or the reason why it failed.  A refusal (status
 * below 500), or an attempt that is_guess, is counted.  Return e; or another error,
 * if counting failed.
 */
const struct oerr *throttle_end(
    struct req *rq, struct attempt *at, const struct oerr *e);

#endif
