/* pushed.c: authorization requests that clients push (RFC 9126). */
#include "pushed.h"

#include <string.h>

#include "arena.h"
#include "b64.h"
#include "buf.h"
#include "client.h"
#include "conf.h"
#include "oerr.h"
#include "once.h"
#include "req.h"
#include "request.h"
#include "store.h"
#include "store_client.h"
#include "store_pushed.h"
#include "store_write.h"
#include "throttle_count.h"

/*
 * The attacks, and where each stops:
 *
 * A request_uri that leaked (a log, a Referer) is opened by somebody else: the code goes
 * to the client's redirect URI, and is redeemed with the verifier of who pushed (RFC 9126
 * section 7).  It cannot be guessed: it has 256 random bits, and is stored as a digest.
 *
 * A request_uri that is replayed (section 7.3): the row goes in the transaction that stores
 * the code.  It does not go when a browser comes with it: people reload pages, and sign in.
 *
 * Another client shows it (section 7.2): the row says whose it is.
 *
 * A disk that strangers fill: the requests of public clients, and of those that no user
 * knows yet, are counted by address; all rows have a limit, and each has a size.
 */

#define OPENED_S 600		/* for the person to sign in and decide */
#define ROWS_MAX 20000		/* at once, whoever pushed */
#define BYTES_MAX (16 * 1024)	/* of one */

/* A request to be stored. */
struct storing {
	struct req *rq;
	const struct client *cl;
	struct digest digest;
	struct pushed_request row;
	int64_t wait_s;
	enum { STORING_DONE, STORING_USED, STORING_TOO_MANY } end;
};

/* It need not be exact: it is a bound for the disk. */
static const struct oerr *
check_room(struct req *rq)
{
	int64_t first = 0;
	const int n = store_pushed_waiting(rq->st, rq->now, ROWS_MAX, &first);

	if (n < 0)
		return oerr_machine(rq);
	return n < ROWS_MAX
	    ? NULL
	    : throttle_later(
		  rq, first - rq->now, "too many pushed requests wait");
}

static int
is_anybody(const struct client *cl)
{
	return client_is_public(cl) || cl->id == 0;
}

static int
store_step(struct store *st, void *ctx)
{
	struct storing *s = ctx;
	struct req *rq = s->rq;
	int n;

	s->end = STORING_DONE;
	if ((n = once_spend(rq)) == 0)
		s->end = STORING_USED;
	if (n == 1 && is_anybody(s->cl) &&
	    (n = throttle_place(rq, "pushed requests", rq->conf->pushed_place,
		 &s->wait_s)) == 0)
		s->end = STORING_TOO_MANY;
	return n <= 0 ||
		store_pushed_add(st, &s->digest, &s->row, rq->now) < 0
	    ? -1
	    : 1;
}

static const struct oerr *
store_row(struct storing *s)
{
	struct req *rq = s->rq;
	const struct oerr *e = check_room(rq);

	if (e != NULL)
		return e;
	if (store_write(rq->st, store_step, s) == 1)
		return NULL;
	if (s->end == STORING_USED)
		return once_refusal(rq);
	if (s->end == STORING_TOO_MANY)
		return throttle_later(rq, s->wait_s,
		    "too many pushed requests for this address");
	return oerr_machine(rq);
}

/* Store the request under the digest of the secret. */
static const struct oerr *
store_as(struct req *rq, const struct client *cl, const char *secret)
{
	struct storing *s = arena_alloc(rq->a, sizeof(*s));
	struct buf b;

	buf_init(&b, rq->a, 1024);
	request_write(rq, REQUEST_ALL, &b);
	if (b.len > BYTES_MAX)
		return oerr_say(rq, &oerr_invalid_request,
		    "The parameters are longer than %d bytes.", BYTES_MAX);
	*s = (struct storing) {
		.rq = rq, .cl = cl,
		.row = {
			.client = cl->client_id,
			.request = b.len > 0 ? b.data + 1 : "",
			.expires_at = rq->now + PUSHED_TTL_S,
		},
	};
	digest_of(secret, strlen(secret), &s->digest);
	return store_row(s);
}

const struct oerr *
pushed_store(struct req *rq, const struct client *cl, const char **uri)
{
	char secret[SECRET_TEXT_LEN + 1];
	const struct oerr *e;
	struct digest unused;

	secret_make(secret, &unused);
	if ((e = store_as(rq, cl, secret)) == NULL)
		*uri = arena_printf(rq->a, PUSHED_URI "%s", secret);
	explicit_bzero(secret, sizeof(secret));
	return e;
}

const struct oerr *
pushed_keep(struct req *rq, const struct client *cl, const char *object)
{
	char secret[B64_LEN(DIGEST_LEN) + 1];
	const struct oerr *e;
	struct digest d;

	digest_of(object, strlen(object), &d);
	b64url_encode(d.byte, DIGEST_LEN, secret);
	if ((e = store_as(rq, cl, secret)) != NULL)
		return e;
	rq->param[PARAM_REQUEST_URI] =
	    arena_printf(rq->a, PUSHED_URI "%s", secret);
	rq->param_sent[PARAM_REQUEST_URI] = 1;
	return NULL;
}

int
pushed_is_sent(const struct req *rq)
{
	const char *uri = rq->param[PARAM_REQUEST_URI];

	return uri != NULL &&
	    strncmp(uri, PUSHED_URI, strlen(PUSHED_URI)) == 0;
}

/* A step for a row that is there. */
struct opening {
	const struct req *rq;
	const struct digest *d;
};

static int
open_step(struct store *st, void *ctx)
{
	const struct opening *o = ctx;

	return store_pushed_open(
	    st, o->d, o->rq->now, o->rq->now + OPENED_S);
}

const struct oerr *
pushed_open(struct req *rq, const struct client *cl, struct pushed *out)
{
	const char *secret = rq->param[PARAM_REQUEST_URI] + strlen(PUSHED_URI);
	struct opening o = { .rq = rq, .d = &out->digest };
	struct pushed_request row;
	int found;

	digest_of(secret, strlen(secret), &out->digest);
	found = store_pushed_find(
	    rq->st, rq->a, &out->digest, rq->now, &row);
	if (found < 0)
		return oerr_machine(rq);
	if (found == 0 || strcmp(row.client, cl->client_id) != 0)
		return oerr_why(rq,
		    oerr_say(rq, &oerr_invalid_request,
			"The app's request was used or has expired. Go back to"
			" the app, and begin again."),
		    found == 0 ? "request_uri unknown, used or expired"
			       : "request_uri of another client");
	if (row.opened_at == 0 && store_write(rq->st, open_step, &o) < 0)
		return oerr_machine(rq);
	out->opened_at = row.opened_at == 0 ? rq->now : row.opened_at;
	return request_replace(rq, row.request);
}

int
pushed_spend(struct req *rq, const struct pushed *p)
{
	return store_pushed_spend(rq->st, &p->digest, rq->now);
}

static int
end_step(struct store *st, void *ctx)
{
	const struct opening *o = ctx;

	return store_pushed_spend(st, o->d, o->rq->now);
}

void
pushed_end(struct req *rq, const struct pushed *p)
{
	struct opening o = { .rq = rq, .d = &p->digest };

	(void)store_write(rq->st, end_step, &o);
}
