/* client.c: client authentication. */
#include "client.h"

#include <string.h>
#include <strings.h>
#include <sys/types.h>

#include "arena.h"
#include "b64.h"
#include "client_tls.h"
#include "crypto.h"
#include "fetch.h"
#include "log.h"
#include "oerr.h"
#include "once.h"
#include "passwd.h"
#include "req.h"
#include "resp.h"
#include "signed.h"
#include "store_client.h"
#include "throttle.h"
#include "throttle_count.h"
#include "url.h"

int
client_is_public(const struct client *cl)
{
	return !cl->has_secret && cl->secret_hash == NULL &&
	    !client_has_keys(cl) && cl->tls == NULL;
}

int
client_has_keys(const struct client *cl)
{
	return cl->jwks != NULL || cl->jwks_uri != NULL;
}

int
client_secret_fits(const struct client *cl, const char *secret)
{
	/* Stands in for an unknown client, so that the work is the same. */
	static const struct client nobody = { .has_secret = 1 };
	const struct client *c = cl == NULL ? &nobody : cl;
	struct digest d;

	/* A secret chosen by a person, brought from elsewhere. */
	if (!c->has_secret && c->secret_hash != NULL)
		return passwd_verify(secret, c->secret_hash) != 0;
	/* A generated secret has 256 random bits: a slow hash adds nothing. */
	digest_of(secret, strlen(secret), &d);
	return digest_equal(&d, &c->secret) & c->has_secret & (c == cl);
}

/* A secret that a person chose, brought from elsewhere: it costs a hash. */
static int
is_slow(const struct client *cl)
{
	return !cl->has_secret && cl->secret_hash != NULL;
}

/*
 * A secret that was brought along is right: from now on it is checked as
 * quickly as our own, and its owner never waits for somebody who guesses.  A
 * failure is logged only.
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

/* What the header says behind "Basic", or NULL. */
static const char *
basic_text(const struct req *rq)
{
	const char *auth = req_authorization(rq);

	if (auth == NULL || strncasecmp(auth, "Basic ", 6) != 0)
		return NULL;
	return auth + 6 + strspn(auth + 6, " ");
}

static int
basic_is_used(const struct req *rq)
{
	return basic_text(rq) != NULL;
}

/* RFC 6749 section 2.3.1: both parts form-encoded, then base64. */
static const struct oerr *
read_basic(struct req *rq, struct presented *p)
{
	const char *text = basic_text(rq);
	size_t len = strlen(text), id_len, secret_len;
	char *raw = arena_alloc(rq->a, len + 1), *colon;
	ssize_t n;

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

static int
post_is_used(const struct req *rq)
{
	return rq->param[PARAM_CLIENT_SECRET] != NULL;
}

static const struct oerr *
read_body(struct req *rq, struct presented *p)
{
	p->id = rq->param[PARAM_CLIENT_ID];
	p->secret = rq->param[PARAM_CLIENT_SECRET];
	return NULL;
}

/* An unknown client's secret is counted as a wrong one is: it takes as long. */
static const struct oerr *
check_secret(struct req *rq, const struct client *cl, const struct presented *p)
{
	if (cl != NULL && is_slow(cl))
		return try_slowly(rq, cl, p->secret);
	if (client_secret_fits(cl, p->secret))
		return NULL;
	if (cl == NULL)
		return throttle_secret(rq, 0,
		    oerr_why(rq, &oerr_invalid_client, "unknown client"));
	if (!client_is_public(cl))
		return throttle_secret(rq, 1,
		    oerr_why(rq, &oerr_invalid_client, "wrong secret"));
	/* An empty password is how Basic spells "none". */
	return *p->secret == '\0'
	    ? NULL
	    : oerr_why(rq, &oerr_invalid_client,
		  "a secret from a client that has none");
}

#define JWT_BEARER "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

static int
assertion_is_used(const struct req *rq)
{
	return rq->param[PARAM_CLIENT_ASSERTION] != NULL ||
	    rq->param[PARAM_CLIENT_ASSERTION_TYPE] != NULL;
}

/* RFC 7521 section 4.2, RFC 7523 section 2.2. */
static const struct oerr *
read_assertion(struct req *rq, struct presented *p)
{
	const char *type = rq->param[PARAM_CLIENT_ASSERTION_TYPE];

	if (type == NULL || strcmp(type, JWT_BEARER) != 0)
		return oerr_say(rq, &oerr_invalid_request,
		    "The client_assertion_type must be " JWT_BEARER ".");
	if ((p->secret = rq->param[PARAM_CLIENT_ASSERTION]) == NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The parameter client_assertion is missing.");
	p->id = signed_subject(rq->a, p->secret);
	return NULL;
}

/*
 * No key fits.  Where the client has its keys at a URL it may have a new one, and the
 * courier reads them; what can be said until then is to come again.
 */
const struct oerr *
client_look_for_keys(struct req *rq, const struct client *cl,
    const struct oerr *e, const char *why)
{
	struct fetch f = { .kind = FETCH_JWKS, .url = cl->jwks_uri };
	const struct oerr *failed;

	/* Anybody can be a stranger, and strangers make us fetch nothing. */
	if (cl->jwks_uri == NULL || cl->id == 0)
		return oerr_why(rq, e, "%s", why);
	if ((failed = fetch_ask(rq, &f)) != NULL)
		return failed;
	if (!f.is_under_way)
		return oerr_why(rq, e, "%s%s%s", why,
		    f.why == NULL ? "" : "; at its jwks_uri: ",
		    f.why == NULL ? "" : f.why);
	if (f.asked_at < rq->now - FETCH_AGAIN_S)
		return oerr_why(rq, e,
		    "its jwks_uri is still to be fetched: is the courier running?");
	oerr_why(rq, &oerr_busy, "%s; its jwks_uri is being fetched", why);
	return oerr_say(rq, &oerr_busy,
	    "The keys of the client are being read anew; try again.");
}

static const struct oerr *
check_assertion(
    struct req *rq, const struct client *cl, const struct presented *p)
{
	static const struct once_kind once = {
		.e = &oerr_invalid_client,
		.why = "an assertion used twice",
		.costs_always = 1,
	};
	struct signed_jwt t;
	const char *why;

	if (cl == NULL || !client_has_keys(cl) || cl->tls != NULL)
		return oerr_why(rq, &oerr_invalid_client,
		    cl == NULL ? "unknown client"
			       : "a client that does not prove itself by keys");
	why = signed_check(rq->conf, rq->a, rq->now, SIGNED_ASSERTION,
	    &(struct signer) { .client_id = cl->client_id, .jwks = cl->jwks },
	    p->secret, &t);
	if (why != NULL && t.lacks_key)
		return client_look_for_keys(
		    rq, cl, &oerr_invalid_client, why);
	if (why != NULL)
		return oerr_why(rq, &oerr_invalid_client, "assertion: %s", why);
	return once_take(rq, &once, &t.once, t.expires_at);
}

static const struct oerr *
check_certificate(struct req *rq, const struct client *cl)
{
	const char *why;
	int lacks_key;

	if ((why = client_tls_check(rq, cl, &lacks_key)) == NULL)
		return NULL;
	return lacks_key
	    ? client_look_for_keys(rq, cl, &oerr_invalid_client, why)
	    : oerr_why(rq, &oerr_invalid_client, "%s", why);
}

static const struct oerr *
check_none(struct req *rq, const struct client *cl, const struct presented *p)
{
	(void)p;
	if (cl != NULL && cl->tls != NULL)
		return check_certificate(rq, cl);
	if (cl != NULL && client_is_public(cl))
		return NULL;
	return oerr_why(rq, &oerr_invalid_client,
	    cl == NULL ? "unknown client" : "no secret");
}

/*
 * The methods.  One without is_used is used where no other is: a certificate comes with
 * the connection, and "none" (RFC 7591 section 2) presents nothing.
 */
static const struct client_method methods[] = {
	{
		.name = "client_secret_basic",
		.has_proof = 1,
		.in_header = 1,
		.is_used = basic_is_used,
		.read = read_basic,
		.check = check_secret,
	},
	{
		.name = "client_secret_post",
		.has_proof = 1,
		.is_used = post_is_used,
		.read = read_body,
		.check = check_secret,
	},
	{
		.name = "private_key_jwt",
		.has_proof = 1,
		.is_signed = 1,
		.is_used = assertion_is_used,
		.read = read_assertion,
		.check = check_assertion,
	},
	{
		.name = METHOD_TLS,
		.has_proof = 1,
		.has_cert = 1,
		.read = read_body,
		.check = check_none,
	},
	{
		.name = METHOD_TLS_SELF,
		.has_proof = 1,
		.has_cert = 1,
		.read = read_body,
		.check = check_none,
	},
	{
		.name = "none",
		.read = read_body,
		.check = check_none,
	},
};
#define N_METHODS (sizeof(methods) / sizeof(methods[0]))

const struct client_method *
client_methods(size_t *n)
{
	*n = N_METHODS;
	return methods;
}

/* RFC 6749 section 2.3: not more than one in each request. */
static const struct oerr *
find_method(struct req *rq, const struct client_method **out)
{
	int used = 0;

	*out = &methods[N_METHODS - 1];
	for (size_t i = 0; i < N_METHODS - 1; i++)
		if (methods[i].is_used != NULL && methods[i].is_used(rq)) {
			*out = &methods[i];
			used++;
		}
	return used < 2 ? NULL
			: oerr_say(rq, &oerr_invalid_request,
			      "The client authenticates in two ways at once.");
}

static const struct oerr *
read_presented(
    struct req *rq, const struct client_method *m, struct presented *p)
{
	const char *id = rq->param[PARAM_CLIENT_ID];
	const struct oerr *e;

	if ((e = m->read(rq, p)) != NULL)
		return e;
	if (p->id == NULL) {
		oerr_hint(rq, "Check the `client_id` parameter");
		return oerr_why(rq, &oerr_invalid_client, "no client named");
	}
	return id == NULL || strcmp(id, p->id) == 0
	    ? NULL
	    : oerr_say(rq, &oerr_invalid_request,
		  "The request names two clients.");
}

static const struct oerr *
authenticate(struct req *rq,
    int (*find)(struct req *, const char *, struct client *),
    const struct client_method *m, struct presented *p,
    const struct client **out)
{
	struct client *cl = arena_alloc(rq->a, sizeof(*cl));
	const struct oerr *e;
	int found;

	if ((e = read_presented(rq, m, p)) != NULL)
		return e;
	rq->trail.client_id = p->id;
	found = store_client_by_id(rq->st, rq->a, p->id, cl);
	if (found == 0 && find != NULL)
		found = find(rq, p->id, cl);
	if (found < 0)
		return oerr_machine(rq);
	if ((e = m->check(rq, found ? cl : NULL, p)) != NULL)
		return e;
	if (cl->revoked_at != 0)
		return oerr_why(rq, &oerr_invalid_client, "revoked client");
	*out = cl;
	return NULL;
}

const struct oerr *
client_authenticate_any(struct req *rq,
    int (*find)(struct req *, const char *, struct client *),
    const struct client **out)
{
	struct presented p = { .id = NULL };
	const struct client_method *m;
	const struct oerr *e;

	if ((e = find_method(rq, &m)) != NULL)
		return e;
	e = authenticate(rq, find, m, &p, out);
	/* RFC 6749 section 5.2: a challenge where the header was used. */
	if (e == &oerr_invalid_client &&
	    (m->in_header || (p.id == NULL && req_authorization(rq) != NULL)))
		resp_header(rq, "WWW-Authenticate", "Basic realm=\"carnet\"");
	return e;
}

const struct oerr *
client_authenticate(struct req *rq, const struct client **out)
{
	return client_authenticate_any(rq, NULL, out);
}
