/* client.c: client authentication. */
#include "client.h"

#include <string.h>
#include <strings.h>
#include <sys/types.h>

#include "arena.h"
#include "b64.h"
#include "crypto.h"
#include "log.h"
#include "oerr.h"
#include "passwd.h"
#include "req.h"
#include "resp.h"
#include "store_client.h"
#include "throttle.h"
#include "url.h"

int
client_is_public(const struct client *cl)
{
	return !cl->has_secret && cl->secret_hash == NULL;
}

int
client_secret_fits(const struct client *cl, const char *secret)
{
	/* In the place of a client that is none: the same work, step by step. */
	static const struct client nobody = { .has_secret = 1 };
	const struct client *c = cl == NULL ? &nobody : cl;
	struct digest d;

	/* A secret chosen by a person, brought from elsewhere. */
	if (!c->has_secret && c->secret_hash != NULL)
		return passwd_verify(secret, c->secret_hash) != 0;
	/* Generated ones hold 256 bits: nothing is gained by a slow hash. */
	digest_of(secret, strlen(secret), &d);
	return digest_equal(&d, &c->secret) & c->has_secret & (c == cl);
}

/* A secret that a person chose, brought from elsewhere: it costs a hash. */
static int
is_slow(const struct client *cl)
{
	return !cl->has_secret && cl->secret_hash != NULL;
}

/* What was sent, by one of the methods. */
struct presented {
	const char *id, *secret; /* secret NULL: none */
	int by_header;
};

/* RFC 6749 section 2.3.1: both parts form-encoded, then base64. */
static const struct oerr *
read_basic(struct req *rq, const char *text, struct presented *p)
{
	size_t len = strlen(text), id_len, secret_len;
	char *raw = arena_alloc(rq->a, len + 1), *colon;
	ssize_t n;

	p->by_header = 1;
	if ((n = b64_decode(text, len, raw)) < 0 ||
	    memchr(raw, '\0', (size_t)n) != NULL ||
	    (colon = strchr(raw, ':')) == NULL)
		return oerr_why(rq, &oerr_invalid_client, "malformed Basic");
	p->id = url_decode(rq->a, raw, (size_t)(colon - raw), 1, &id_len);
	p->secret = url_decode(
	    rq->a, colon + 1, strlen(colon + 1), 1, &secret_len);
	if (p->id == NULL || p->secret == NULL || strlen(p->id) != id_len ||
	    strlen(p->secret) != secret_len)
		return oerr_why(rq, &oerr_invalid_client, "malformed Basic");
	return NULL;
}

static const struct oerr *
read_post(struct req *rq, const char *unused, struct presented *p)
{
	(void)unused;
	p->id = rq->param[PARAM_CLIENT_ID];
	p->secret = rq->param[PARAM_CLIENT_SECRET];
	return NULL;
}

/* The methods, in the order in which they are looked for (RFC 7591 section 2). */
enum { BY_BASIC, BY_POST, BY_NONE, N_METHODS };
static const struct client_method methods[N_METHODS] = {
	[BY_BASIC] = { "client_secret_basic", 1, read_basic },
	[BY_POST] = { "client_secret_post", 1, read_post },
	[BY_NONE] = { "none", 0, read_post },
};

const struct client_method *
client_methods(size_t *n)
{
	*n = N_METHODS;
	return methods;
}

static const struct oerr *
read_presented(struct req *rq, struct presented *p)
{
	const char *auth = req_authorization(rq), *id;
	const int basic = auth != NULL && strncasecmp(auth, "Basic ", 6) == 0;
	const int post = rq->param[PARAM_CLIENT_SECRET] != NULL;
	const struct oerr *e;

	if (basic && post)
		return oerr_say(rq, &oerr_invalid_request,
		    "The client authenticates in two ways at once.");
	e = methods[basic ? BY_BASIC : post ? BY_POST : BY_NONE].read(
	    rq, basic ? auth + 6 + strspn(auth + 6, " ") : NULL, p);
	if (e != NULL)
		return e;
	id = rq->param[PARAM_CLIENT_ID];
	if (basic && id != NULL && strcmp(id, p->id) != 0)
		return oerr_say(rq, &oerr_invalid_request,
		    "The header and the body name two clients.");
	if (p->id != NULL)
		return NULL;
	p->by_header = auth != NULL;
	return oerr_why(rq, &oerr_invalid_client, "no client named");
}

static const struct oerr *
unless_revoked(
    struct req *rq, const struct client *cl, const struct client **out)
{
	if (cl->revoked_at != 0)
		return oerr_why(rq, &oerr_invalid_client, "revoked client");
	*out = cl;
	return NULL;
}

/*
 * A secret that was brought along is right: from now on it is checked as our own
 * are, and nobody who guesses keeps its owner waiting.  A failure is for another
 * day.
 */
static void
renew_secret(struct req *rq, const struct client *cl, const char *secret)
{
	struct digest d;

	digest_of(secret, strlen(secret), &d);
	if (store_client_renew_secret(rq->st, cl->id, cl->secret_hash, &d) == 1)
		log_event("client %s: its secret is kept as SHA-256 now",
		    cl->client_id);
}

/* A secret that a person chose can be guessed, and costs a hash to check. */
static const struct oerr *
try_slowly(struct req *rq, const struct client *cl, const char *secret)
{
	const struct oerr *e;
	struct attempt at;

	if ((e = throttle_client(rq, cl->client_id, &at)) != NULL)
		return e;
	if (!client_secret_fits(cl, secret))
		e = oerr_why(rq, &oerr_invalid_client, "wrong secret");
	else
		renew_secret(rq, cl, secret);
	return throttle_end(rq, &at, e);
}

const struct oerr *
client_check_secret(struct req *rq, const struct client *cl, const char *secret)
{
	if (is_slow(cl))
		return try_slowly(rq, cl, secret);
	return client_secret_fits(cl, secret)
	    ? NULL
	    : oerr_why(rq, &oerr_invalid_client, "wrong secret");
}

static const struct oerr *
authenticate(struct req *rq, struct presented *p, const struct client **out)
{
	struct client *cl = arena_alloc(rq->a, sizeof(*cl));
	const struct oerr *e;
	int found, fits;

	if ((e = read_presented(rq, p)) != NULL)
		return e;
	rq->trail.client_id = p->id;
	if ((found = store_client_by_id(rq->st, rq->a, p->id, cl)) < 0)
		return oerr_machine(rq);
	if (found && is_slow(cl) && p->secret != NULL) {
		e = try_slowly(rq, cl, p->secret);
		return e == NULL ? unless_revoked(rq, cl, out) : e;
	}
	fits = client_secret_fits(
	    found ? cl : NULL, p->secret == NULL ? "" : p->secret);
	if (!found) {
		e = oerr_why(rq, &oerr_invalid_client, "unknown client");
		/* Counted as a wrong secret is: it takes as long. */
		return p->secret == NULL ? e : throttle_secret(rq, 0, e);
	}
	if (client_is_public(cl)) {
		/* An empty password is how Basic spells "none". */
		if (p->secret != NULL && *p->secret != '\0')
			return oerr_why(rq, &oerr_invalid_client,
			    "a secret from a client that has none");
	} else if (p->secret == NULL) {
		return oerr_why(rq, &oerr_invalid_client, "no secret");
	} else if (!fits) {
		return throttle_secret(rq, 1,
		    oerr_why(rq, &oerr_invalid_client, "wrong secret"));
	}
	return unless_revoked(rq, cl, out);
}

const struct oerr *
client_authenticate(struct req *rq, const struct client **out)
{
	struct presented p = { NULL, NULL, 0 };
	const struct oerr *e = authenticate(rq, &p, out);

	/* RFC 6749 section 5.2: a challenge where the header was used. */
	if (e == &oerr_invalid_client && p.by_header)
		resp_header(rq, "WWW-Authenticate", "Basic realm=\"carnet\"");
	return e;
}
