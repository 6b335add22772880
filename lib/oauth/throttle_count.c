/* throttle_count.c: counts that need no slot: secrets, addresses, guesses. */
#include "throttle_count.h"

#include <string.h>

#include "address.h"
#include "arena.h"
#include "conf.h"
#include "oerr.h"
#include "remote.h"
#include "req.h"
#include "resp.h"
#include "store.h"
#include "store_expired.h"
#include "store_session.h"
#include "store_throttle.h"

#define HOUR_S 3600
#define PURGE_N 4 /* expired rows of each kind: a failure adds up to 4 counts */
/* Wrong user codes of devices, which have 34 bits, before a session ends. */
#define SESSION_GUESSES 10
#define USER_GUESSES 50

const char *
throttle_place_of(struct req *rq)
{
	const char *text = remote_address(rq);
	char *place = arena_alloc(rq->a, ADDRESS_TEXT_MAX);
	struct address ad;

	if (address_read(text, &ad) < 0)
		return text;
	ad = address_place(&ad);
	address_write(&ad, place);
	return place;
}

struct digest
throttle_key_of(
    struct req *rq, const char *what, const char *who, const char *where)
{
	/* No part has a newline, so two keys are the same only if all parts are. */
	const char *text = arena_printf(rq->a, "%s\n%s\n%s", what, who, where);
	struct digest d;

	digest_of(text, strlen(text), &d);
	return store_throttle_key(THROTTLE_HASHED, &d);
}

const struct oerr *
throttle_put_off(struct req *rq, const char *what, int64_t wait_s)
{
	resp_header(rq, "Retry-After", "%lld", (long long)wait_s);
	return oerr_why(rq, &oerr_throttled, "too many failures of %s", what);
}

const struct oerr *
throttle_later(struct req *rq, int64_t wait_s, const char *why)
{
	resp_header(
	    rq, "Retry-After", "%lld", (long long)(wait_s < 1 ? 1 : wait_s));
	return oerr_why(rq, &oerr_too_many, "%s", why);
}

int
throttle_tidy(struct req *rq)
{
	return store_expired_delete(rq->st, rq->now, PURGE_N) < 0 ? -1 : 0;
}

/* A failure that is counted. */
struct failure {
	struct req *rq;
	struct digest key;
};

static int
count_secret(struct store *st, void *ctx)
{
	const struct failure *f = ctx;
	int64_t n;

	return store_throttle_add(st, &f->key, f->rq->now,
		   f->rq->conf->throttle_window, &n) < 0
	    ? -1
	    : throttle_tidy(f->rq);
}

const struct oerr *
throttle_secret(struct req *rq, int is_known, const struct oerr *e)
{
	const struct digest named = is_known
	    ? throttle_key_of(rq, "secrets", rq->trail.client_id, "")
	    : throttle_key_of(rq, "no client", "", throttle_place_of(rq));
	struct failure f = {
		.rq = rq, .key = store_throttle_key(THROTTLE_QUICK, &named),
	};
	const int64_t limit = rq->conf->throttle_client;
	struct count n;

	if (limit == 0)
		return e;
	if (store_throttle_find(rq->st, &f.key, rq->now,
		rq->conf->throttle_window, &n) < 0)
		return oerr_machine(rq);
	/* It is not counted any further, so the window ends. */
	if (n.failures >= limit)
		return throttle_put_off(rq, "this client's secret", n.until - rq->now);
	return store_write(rq->st, count_secret, &f) < 0 ? oerr_machine(rq) : e;
}

/* One more of named within an hour, if there may be. */
static int
count_hourly(struct req *rq, const struct digest *named, int64_t limit,
    int64_t *wait_s)
{
	const struct digest key = store_throttle_key(THROTTLE_PLACE, named);
	struct count n;

	if (limit == 0)
		return 1;
	if (store_throttle_find(rq->st, &key, rq->now, HOUR_S, &n) < 0)
		return -1;
	if (n.failures >= limit) {
		*wait_s = n.until - rq->now;
		return 0;
	}
	return store_throttle_add(
		   rq->st, &key, rq->now, HOUR_S, &n.failures) < 0
	    ? -1
	    : 1;
}

int
throttle_place(
    struct req *rq, const char *what, int64_t limit, int64_t *wait_s)
{
	const struct digest d =
	    throttle_key_of(rq, what, "", throttle_place_of(rq));

	return count_hourly(rq, &d, limit, wait_s);
}

int
throttle_named(struct req *rq, const char *what, const char *who,
    int64_t limit, int64_t *wait_s)
{
	const struct digest d = throttle_key_of(rq, what, who, "");

	return count_hourly(rq, &d, limit, wait_s);
}

/* A wrong code is counted for the session and the user: how many each has. */
struct guess {
	struct req *rq;
	struct digest session, user;
	int64_t of_session, of_user;
};

static int
count_guess(struct store *st, void *ctx)
{
	struct guess *g = ctx;
	const int64_t window_s = g->rq->conf->throttle_window;

	return store_throttle_add(st, &g->session, g->rq->now, window_s,
		   &g->of_session) < 0 ||
	    store_throttle_add(
		st, &g->user, g->rq->now, window_s, &g->of_user) < 0
	    ? -1
	    : 0;
}

int
throttle_guess(struct req *rq, const struct session *s)
{
	struct guess g = {
		.rq = rq,
		.session = store_throttle_key(THROTTLE_HASHED, &s->digest),
		.user = throttle_key_of(rq, "device",
		    arena_printf(rq->a, "%lld", (long long)s->user), ""),
	};

	if (store_write(rq->st, count_guess, &g) < 0)
		return -1;
	return g.of_session >= SESSION_GUESSES || g.of_user >= USER_GUESSES;
}

/* The counts of a user's codes: at this address, and anywhere. */
struct factor_counts {
	struct digest key[2];
	int64_t limit[2];
};

static struct factor_counts
counts_of(struct req *rq, int64_t user)
{
	const char *who = arena_printf(rq->a, "%lld", (long long)user);

	return (struct factor_counts) {
		.key = {
			throttle_key_of(rq, "factor", who, throttle_place_of(rq)),
			throttle_key_of(rq, "factors", who, ""),
		},
		.limit = {
			rq->conf->throttle_account_address,
			rq->conf->throttle_account,
		},
	};
}

int
throttle_factor(struct req *rq, int64_t user, int64_t *wait_s)
{
	const struct factor_counts c = counts_of(rq, user);
	struct count n;

	for (int i = 0; i < 2; i++) {
		if (c.limit[i] == 0)
			continue;
		if (store_throttle_find(rq->st, &c.key[i], rq->now,
			rq->conf->throttle_window, &n) < 0)
			return -1;
		if (n.failures >= c.limit[i]) {
			*wait_s = n.until - rq->now;
			return 0;
		}
	}
	return 1;
}

int
throttle_factor_end(struct req *rq, int64_t user, int is_right)
{
	const struct factor_counts c = counts_of(rq, user);
	int64_t n;

	for (int i = 0; i < 2; i++)
		if ((is_right ? store_throttle_forget(rq->st, &c.key[i])
			      : store_throttle_add(rq->st, &c.key[i], rq->now,
				    rq->conf->throttle_window, &n)) < 0)
			return -1;
	return is_right ? 0 : throttle_tidy(rq);
}
