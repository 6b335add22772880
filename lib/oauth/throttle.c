/* throttle.c: failed sign-ins are counted, and too many are put off. */
#include "throttle.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "await.h"
#include "b64.h"
#include "conf.h"
#include "oerr.h"
#include "passwd.h"
#include "process.h"
#include "req.h"
#include "slot.h"
#include "store.h"
#include "store_throttle.h"
#include "throttle_count.h"

#define KNOWN_S (90 * 86400)
#define RENEW_S (7 * 86400) /* so that a sign-in seldom writes the place again */
#define LENIENCE 10
#define CHANGE_S 5
#define GUESSES 2 /* tries of one account at a time */
#define GUESS_RETRY_MS 50

/*
 * The attacks, and what stops each:
 *
 * One address tries many passwords of one account: the pair is counted.
 *
 * Many addresses try passwords of one account (a botnet): the account is counted.
 * Its owner is let in all the same from a known place, which is one where they have
 * signed in before.
 *
 * One address tries one password of many accounts: the address is counted.  People
 * who share the address (an office, a carrier) are let in from a known place.  Others
 * whose sign-in never failed there are let in until there are ten times as many
 * failures.  The same is true of a client that many people sign in through.
 *
 * Many tries at the same time, before the first is counted: each try needs one of a
 * few slots, and the counts are checked again when the try has its slot.
 *
 * Guesses that lock others out: these counts never refuse a session, a refresh
 * token or a right client secret.
 *
 * A flood of counts that pushes out others: the counts with the fewest failures go
 * first, and each failure costs a hash.  Counts of secrets cost none, and are kept
 * apart, and so are known places.  An account has a limited number of places.
 *
 * A flood of sign-ins: the number of slots is limited.  A request without a password
 * needs no slot.
 *
 * A search for accounts: the text that was typed is counted, whether such an account
 * exists or not.  It is stored as a digest, as it may be a password that was typed
 * into the wrong field.
 */

/* All places of an account have keys with one beginning, so that they are counted. */
static struct digest
key_of_place(struct req *rq, const char *email, const char *place)
{
	const struct digest who = throttle_key_of(rq, "known", email, "");
	struct digest d = throttle_key_of(rq, "known", email, place);

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

/* Return the error of the counter that refuses this attempt; NULL: none does. */
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
		at->is_known = 2; /* known, but to be written again */
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
			return throttle_put_off(rq, c->what, n.until - rq->now);
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

static struct turns
turns_of(struct req *rq)
{
	const struct conf *cf = rq->conf;

	return (struct turns) {
		.path = arena_printf(rq->a, "%s/slots", cf->state),
		.hash = cf->hashes == 0 ? slot_default() : (int)cf->hashes,
		.wait = places(cf),
		.wait_ms = (int)cf->hash_wait * 1000,
	};
}

static const struct oerr *
busy(struct req *rq)
{
	return oerr_why(rq, &oerr_busy,
	    "as many passwords as may be are hashed, or wait");
}

/*
 * A try that waits for the verifier holds no slot.  So that few tries of an account
 * are made before the first one is counted, each takes one of a few slots of the
 * account (some accounts share them).
 */
static int
take_guess(const struct turns *ts, struct attempt *at)
{
	const struct digest *who = &at->counter[at->n > 1 ? 1 : 0].key;
	const int i = who->byte[1] << 8 | who->byte[2];
	const int64_t until_ms = await_now_ms() + ts->wait_ms;

	for (;;) {
		at->guess = slot_take(
		    ts->path, SLOT_GUESSES + GUESSES * i, GUESSES, 0);
		if (at->guess != SLOT_NONE)
			return 1;
		if (await_now_ms() >= until_ms)
			return 0;
		await(-1, 0, await_now_ms() + GUESS_RETRY_MS);
	}
}

static int
take_turn(struct req *rq, struct attempt *at)
{
	const struct turns ts = turns_of(rq);

	if (!at->is_elsewhere)
		return hasher_begin(&ts, &at->turn);
	return hasher_enter(&ts, &at->turn) && take_guess(&ts, at);
}

static void
give_back(struct attempt *at)
{
	slot_free(at->guess);
	at->guess = SLOT_NONE;
	hasher_end(&at->turn);
}

static const struct oerr *
begin(struct req *rq, struct attempt *at)
{
	const struct oerr *e;

	at->turn = (struct turn) { .place = SLOT_NONE, .slot = SLOT_NONE };
	at->guess = SLOT_NONE;
	if ((e = check(rq, at)) != NULL)
		return e;
	if (is_change_due(rq))
		return busy(rq);
	/* Other attempts may have failed while this one waited. */
	e = take_turn(rq, at) ? check(rq, at) : busy(rq);
	if (e != NULL)
		give_back(at);
	return e;
}

const struct oerr *
throttle_turn(struct req *rq, struct attempt *at)
{
	const struct turns ts = turns_of(rq);

	return at->turn.has_thread || hasher_turn(&ts, &at->turn) ? NULL
								  : busy(rq);
}

void
throttle_rest(struct attempt *at)
{
	hasher_rest(&at->turn);
}

const struct oerr *
throttle_sign_in(struct req *rq, const char *email, struct attempt *at)
{
	const struct conf *cf = rq->conf;
	const char *place = throttle_place_of(rq);

	*at = (struct attempt) {
		.place = key_of_place(rq, email, place), .has_place = 1,
		.is_elsewhere = cf->password_check != NULL,
	};
	add_counter(at, throttle_key_of(rq, "pair", email, place),
	    cf->throttle_account_address, 0, "this account and address");
	add_counter(at, throttle_key_of(rq, "account", email, ""), cf->throttle_account,
	    0, "this account");
	add_counter(at, throttle_key_of(rq, "address", "", place), cf->throttle_address,
	    1, "this address");
	if (rq->trail.client_id != NULL)
		add_counter(at, throttle_key_of(rq, "client", rq->trail.client_id, ""),
		    cf->throttle_client, 1, "this client");
	return begin(rq, at);
}

const struct oerr *
throttle_session(
    struct req *rq, const struct digest *session, struct attempt *at)
{
	char text[B64_LEN(DIGEST_LEN) + 1];

	b64url_encode(session->byte, DIGEST_LEN, text);
	*at = (struct attempt) {
		.is_elsewhere = rq->conf->password_check != NULL,
	};
	add_counter(at, throttle_key_of(rq, "session", text, ""), rq->conf->throttle_account_address, 0,
	    "this session");
	return begin(rq, at);
}

const struct oerr *
throttle_client(struct req *rq, const char *id, struct attempt *at)
{
	*at = (struct attempt) { .has_place = 0 };
	add_counter(at, throttle_key_of(rq, "secret", id, throttle_place_of(rq)),
	    rq->conf->throttle_account_address, 0,
	    "this client and address");
	add_counter(at, throttle_key_of(rq, "slow secret", id, ""),
	    rq->conf->throttle_client, 1, "this client's secret");
	return begin(rq, at);
}

const struct oerr *
throttle_hash(struct req *rq, const char *password, const char **hash)
{
	struct attempt at = { .has_place = 0 };
	const struct oerr *e;

	if ((e = begin(rq, &at)) != NULL)
		return e;
	*hash = passwd_hash(rq->a, password);
	hasher_end(&at.turn);
	return *hash != NULL
	    ? NULL
	    : oerr_why(rq, &oerr_server_error, "no password hash");
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
	return throttle_tidy(rq);
}

/* The password was right: delete the failures of this account and address. */
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

/* Does a success change nothing in the database? */
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
	const int refused = e != NULL && (e->status < 500 || at->is_guess);
	struct ended en = { .rq = rq, .at = at };

	if (((e == NULL && !is_noted(rq, at)) || refused) &&
	    store_write(rq->st, refused ? count_failure : note_success, &en) < 0)
		e = oerr_machine(rq);
	give_back(at);
	return e;
}
