/* throttle.c: failed sign-ins are counted, and too many are put off. */
#include "throttle.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "arena.h"
#include "b64.h"
#include "conf.h"
#include "oerr.h"
#include "process.h"
#include "remote.h"
#include "req.h"
#include "resp.h"
#include "slot.h"
#include "store.h"
#include "store_purge.h"
#include "store_session.h"
#include "store_throttle.h"

#define HOUR_S 3600
#define KNOWN_S (90 * 86400)
#define RENEW_S (7 * 86400) /* so that a sign-in seldom writes that */
#define LENIENCE 10
#define PURGE_N 4	/* of each kind: a failure adds as many counts */
#define CHANGE_S 5
/* Of a device's code, which has 34 bits, before a session ends. */
#define SESSION_GUESSES 10
#define USER_GUESSES 50

/*
 * The attacks, and what stops each:
 *
 * One address tries many passwords of one account: the pair is counted.
 *
 * Many addresses do (a botnet): the account is counted.  Its owner is let in all
 * the same from where they have signed in before: that place is known.
 *
 * One address tries one password of many accounts: the address is counted.  Who
 * shares it (an office, a carrier) is let in from a place that is known, and,
 * until there are ten times as many, if no sign-in of theirs has failed there.
 * The same goes for a client that many people sign in through.
 *
 * Many tries at once, before the first is counted: whoever tries needs a slot,
 * of which there are few, and the counts are checked again when the slot is
 * taken.
 *
 * Guesses that lock others out: these counts never refuse a session, a refresh
 * token or a right client secret.
 *
 * Counts pushed out by a flood of others: those with the fewest failures go, and
 * each failure costs a hash.  Those of secrets, which cost none, are kept apart,
 * and so are known places.  The places of one account are limited in number.
 *
 * A flood of sign-ins: the number of slots is limited.  Whatever needs no
 * password needs no slot.
 *
 * Whether an account exists does not show: what is counted is what was typed.
 * An e-mail address is stored as a digest, as it may be a password that was
 * typed into the wrong field.
 */

static const char *
place_of(struct req *rq)
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

/* The parts are told apart by a byte that none of them has. */
static struct digest
key_of(struct req *rq, const char *what, const char *who, const char *where)
{
	const char *text = arena_printf(rq->a, "%s\n%s\n%s", what, who, where);
	struct digest d;

	digest_of(text, strlen(text), &d);
	return store_throttle_key(THROTTLE_HASHED, &d);
}

/* Keys of the places of one account begin alike, so that they can be counted. */
static struct digest
key_of_place(struct req *rq, const char *email, const char *place)
{
	const struct digest who = key_of(rq, "known", email, "");
	struct digest d = key_of(rq, "known", email, place);

	memcpy(d.byte, who.byte, STORE_THROTTLE_WHO);
	return store_throttle_key(THROTTLE_KNOWN, &d);
}

static void
add_counter(struct attempt *at, struct digest key, int64_t limit, int lenient,
    const char *what)
{
	at->counter[at->n++] = (struct counter) {
		.key = key, .limit = limit, .lenient = lenient, .what = what,
	};
}

static const struct oerr *
put_off(struct req *rq, const char *what, int64_t wait_s)
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

/* Is there a counter that keeps this attempt out? */
static const struct oerr *
check(struct req *rq, struct attempt *at)
{
	const int64_t window_s = rq->conf->throttle_window;
	struct count n, known;
	int failed_here = 0;

	at->is_known = at->has_place ? store_throttle_find(rq->st, &at->place,
					   rq->now, window_s, &known)
				     : 0;
	if (at->is_known < 0)
		return oerr_machine(rq);
	if (at->is_known && known.until < rq->now + KNOWN_S - RENEW_S)
		at->is_known = 2; /* for a while yet */
	for (int i = 0; i < at->n && (i == 0 || !at->is_known); i++) {
		const struct counter *c = &at->counter[i];

		if (c->limit == 0)
			continue;
		if (store_throttle_find(
			rq->st, &c->key, rq->now, window_s, &n) < 0)
			return oerr_machine(rq);
		if (i == 0)
			failed_here = n.failures > 0;
		if (n.failures >= c->limit *
			(c->lenient && !failed_here ? LENIENCE : 1))
			return put_off(rq, c->what, n.until - rq->now);
	}
	return NULL;
}

/*
 * A change of the configuration waits until no request hashes.  While a change
 * is due, no more requests are let in to hash.
 */
static int
is_change_due(const struct req *rq)
{
	return rq->pr->n_waiting > 0 && rq->now > rq->pr->checked_at + CHANGE_S;
}

/*
 * Return how many requests may hash or wait to hash.  Under mod_fcgid a process
 * has one request at a time, and one that waits keeps the whole process: the
 * file in deploy/ sets the number.
 */
static int
places(const struct conf *cf)
{
	const char *text = getenv("CARNET_HASH_QUEUE");
	const long n = text == NULL ? 0 : strtol(text, NULL, 10);

	return n > 0 && n < cf->hash_queue ? (int)n : (int)cf->hash_queue;
}

static const struct oerr *
begin(struct req *rq, struct attempt *at)
{
	const struct conf *cf = rq->conf;
	const struct turns ts = {
		.path = arena_printf(rq->a, "%s/slots", cf->state),
		.hash = cf->hashes == 0 ? slot_default() : (int)cf->hashes,
		.wait = places(cf),
		.wait_ms = (int)cf->hash_wait * 1000,
	};
	const struct oerr *e;

	at->turn = (struct turn) { .place = SLOT_NONE, .slot = SLOT_NONE };
	if ((e = check(rq, at)) != NULL)
		return e;
	if (is_change_due(rq) || !hasher_begin(&ts, &at->turn))
		return oerr_why(rq, &oerr_busy,
		    "as many passwords as may be are hashed, or wait");
	/* Others may have failed while this one waited. */
	if ((e = check(rq, at)) != NULL)
		hasher_end(&at->turn);
	return e;
}

const struct oerr *
throttle_sign_in(struct req *rq, const char *email, struct attempt *at)
{
	const struct conf *cf = rq->conf;
	const char *place = place_of(rq);

	*at = (struct attempt) {
		.place = key_of_place(rq, email, place), .has_place = 1,
	};
	add_counter(at, key_of(rq, "pair", email, place),
	    cf->throttle_account_address, 0, "this account and address");
	add_counter(at, key_of(rq, "account", email, ""), cf->throttle_account,
	    0, "this account");
	add_counter(at, key_of(rq, "address", "", place), cf->throttle_address,
	    1, "this address");
	if (rq->trail.client_id != NULL)
		add_counter(at, key_of(rq, "client", rq->trail.client_id, ""),
		    cf->throttle_client, 1, "this client");
	return begin(rq, at);
}

const struct oerr *
throttle_session(
    struct req *rq, const struct digest *session, struct attempt *at)
{
	char text[B64_LEN(DIGEST_LEN) + 1];

	b64url_encode(session->byte, DIGEST_LEN, text);
	*at = (struct attempt) { .has_place = 0 };
	add_counter(at, key_of(rq, "session", text, ""), rq->conf->throttle_account_address, 0,
	    "this session");
	return begin(rq, at);
}

const struct oerr *
throttle_client(struct req *rq, const char *id, struct attempt *at)
{
	*at = (struct attempt) { .has_place = 0 };
	add_counter(at, key_of(rq, "secret", id, place_of(rq)),
	    rq->conf->throttle_account_address, 0,
	    "this client and address");
	add_counter(at, key_of(rq, "slow secret", id, ""),
	    rq->conf->throttle_client, 1, "this client's secret");
	return begin(rq, at);
}

/* Delete some expired rows; return 0, or -1. */
static int
tidy(struct req *rq)
{
	return store_expired_delete(rq->st, rq->now, PURGE_N) < 0 ? -1 : 0;
}

/* How an attempt ended. */
struct ended {
	struct req *rq;
	const struct attempt *at;
};

static int
count_failure(struct store *st, void *ctx)
{
	const struct ended *en = ctx;
	const struct attempt *at = en->at;
	struct req *rq = en->rq;
	int64_t n;

	for (int i = 0; i < at->n; i++)
		if (at->counter[i].limit > 0 &&
		    store_throttle_add(st, &at->counter[i].key, rq->now,
			rq->conf->throttle_window, &n) < 0)
			return -1;
	return tidy(rq);
}

/* They do know the password: what they mistyped before is forgiven. */
static int
note_success(struct store *st, void *ctx)
{
	const struct ended *en = ctx;
	const struct attempt *at = en->at;

	return store_throttle_forget(st, &at->counter[0].key) < 0 ||
	    (at->has_place && at->is_known != 1 &&
		store_throttle_know(
		    st, &at->place, en->rq->now + KNOWN_S) < 0)
	    ? -1
	    : 0;
}

/* Does a success leave anything to write? */
static int
is_noted(struct req *rq, const struct attempt *at)
{
	struct count n;

	return (!at->has_place || at->is_known == 1) &&
	    store_throttle_find(rq->st, &at->counter[0].key, rq->now,
		rq->conf->throttle_window, &n) == 0;
}

const struct oerr *
throttle_end(struct req *rq, struct attempt *at, const struct oerr *e)
{
	const int refused = e != NULL && e->status < 500;
	struct ended en = { .rq = rq, .at = at };

	if (((e == NULL && !is_noted(rq, at)) || refused) &&
	    store_write(rq->st, refused ? count_failure : note_success, &en) < 0)
		e = oerr_machine(rq);
	hasher_end(&at->turn);
	return e;
}

/* One failure, to be counted. */
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
	    : tidy(f->rq);
}

const struct oerr *
throttle_secret(struct req *rq, int is_known, const struct oerr *e)
{
	const struct digest named = is_known
	    ? key_of(rq, "secrets", rq->trail.client_id, "")
	    : key_of(rq, "no client", "", place_of(rq));
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
	/* Counted no further: the window ends, whatever still comes. */
	if (n.failures >= limit)
		return put_off(rq, "this client's secret", n.until - rq->now);
	return store_write(rq->st, count_secret, &f) < 0 ? oerr_machine(rq) : e;
}

int
throttle_place(
    struct req *rq, const char *what, int64_t limit, int64_t *wait_s)
{
	const struct digest named = key_of(rq, what, "", place_of(rq));
	const struct digest key = store_throttle_key(THROTTLE_PLACE, &named);
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

/* A wrong code, counted for session and user: how many each has now. */
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
		.user = key_of(rq, "device",
		    arena_printf(rq->a, "%lld", (long long)s->user), ""),
	};

	if (store_write(rq->st, count_guess, &g) < 0)
		return -1;
	return g.of_session >= SESSION_GUESSES || g.of_user >= USER_GUESSES;
}
