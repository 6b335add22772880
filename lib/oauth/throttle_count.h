/* throttle_count.h: counts that need no slot: secrets, addresses, guesses. */
#ifndef CARNET_THROTTLE_COUNT_H
#define CARNET_THROTTLE_COUNT_H

#include <stdint.h>

#include "crypto.h"

struct oerr;
struct req;
struct session;

/*
 * throttle_secret(rq, is_known, e):
 * A client's secret that is fast to check was wrong: e says so.  Count it, and return
 * e; or, after too many, the error that tells the client to come later.  The right
 * secret is always let in.  Secrets of unknown clients are counted together for an
 * address, so that invented names add no rows.
 */
const struct oerr *throttle_secret(
    struct req *rq, int is_known, const struct oerr *e);

/*
 * throttle_place(rq, what, limit, wait_s):
 * Within a write transaction, count one more of what for the address of the client.
 * Return 1; 0 if there were limit of them (0: any number) within an hour, and put to
 * *wait_s the seconds that are left of it; -1 on error, logged.
 *
 * throttle_named(rq, what, who, limit, wait_s): the same for who, a name.
 *
 * throttle_later(rq, wait_s, why):
 * The error that tells the client to come later, with Retry-After; why is for the
 * log.
 */
int throttle_place(
    struct req *rq, const char *what, int64_t limit, int64_t *wait_s);
int throttle_named(struct req *rq, const char *what, const char *who,
    int64_t limit, int64_t *wait_s);
const struct oerr *throttle_later(
    struct req *rq, int64_t wait_s, const char *why);

/*
 * throttle_guess(rq, s):
 * The user of the session typed a code that no device shows.  Return 1 if the
 * session or its user did so too often of late, 0 if not, -1 on error, logged.
 */
int throttle_guess(struct req *rq, const struct session *s);

/*
 * Codes of a user's second factors.  Each is called within the write transaction that
 * checks a code, so that no two are checked at once before one is counted.
 *
 * throttle_factor(rq, user, wait_s):
 * Return 1 if one more may be checked; 0 after too many failures of this user at this
 * address, or anywhere, and put to *wait_s how long to wait; -1 on error, logged.
 * Sign-ins by password do not count, and a known place is no exception: who comes so
 * far knows the password.
 *
 * throttle_factor_end(rq, user, is_right):
 * Count a failure, or forget those before a success.  Return 0, or -1.
 */
int throttle_factor(struct req *rq, int64_t user, int64_t *wait_s);
int throttle_factor_end(struct req *rq, int64_t user, int is_right);

/*
 * For throttle.c too:
 *
 * throttle_place_of(rq): the address of the client, or the network that counts as one.
 * throttle_key_of(rq, what, who, where): the key of a count.
 * throttle_put_off(rq, what, wait_s): the error of too many failures of what.
 * throttle_tidy(rq): in a write transaction, delete some expired rows; 0, or -1.
 */
const char *throttle_place_of(struct req *rq);
struct digest throttle_key_of(
    struct req *rq, const char *what, const char *who, const char *where);
const struct oerr *throttle_put_off(
    struct req *rq, const char *what, int64_t wait_s);
int throttle_tidy(struct req *rq);

#endif
