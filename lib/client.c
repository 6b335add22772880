/* client.c: client authentication. */
#include "client.h"

#include "arena.h"
#include "b64.h"
#include "cgi.h"
#include "crypto.h"
#include "oerr.h"
#include "passwd.h"
#include "resp.h"
#include "store.h"
#include "url.h"

int
client_is_public(const struct client *cl)
{
	return !cl->has_secret && cl->secret_hash == NULL;
}

int
client_secret_fits(const struct client *cl, const char *secret)
{
	static const struct digest nobody;
	struct digest d;
	int same;

	/* A secret chosen by a person, brought from elsewhere. */
	if (cl != NULL && !cl->has_secret && cl->secret_hash != NULL)
		return passwd_verify(secret, cl->secret_hash);
	/* Generated ones hold 256 bits: nothing is gained by a slow hash. */
	digest_of(secret, strlen(secret), &d);
	same = digest_equal(&d,
	    cl != NULL && cl->has_secret ? &cl->secret : &nobody);
	return same && cl != NULL && cl->has_secret;
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
read_presented(struct req *rq, struct presented *p)
{
	const char *auth = cgi_authorization(rq);
	const char *body_id = rq->param[PARAM_CLIENT_ID];
	const struct oerr *e;

	if (auth != NULL && strncasecmp(auth, "Basic ", 6) == 0) {
		if (rq->param[PARAM_CLIENT_SECRET] != NULL)
			return oerr_say(rq, &oerr_invalid_request,
			    "The client authenticates in two ways at once.");
		auth += 6;
		if ((e = read_basic(rq, auth + strspn(auth, " "), p)) != NULL)
			return e;
		if (body_id != NULL && strcmp(body_id, p->id) != 0)
			return oerr_say(rq, &oerr_invalid_request,
			    "The header and the body name two clients.");
		return NULL;
	}
	if (auth != NULL && body_id == NULL) {
		p->by_header = 1;
		return oerr_why(rq, &oerr_invalid_client,
		    "an Authorization header that is not Basic");
	}
	if (body_id == NULL)
		return oerr_why(rq, &oerr_invalid_client, "no client named");
	p->id = body_id;
	p->secret = rq->param[PARAM_CLIENT_SECRET];
	return NULL;
}

static const struct oerr *
authenticate(struct req *rq, struct presented *p, const struct client **out)
{
	struct client *cl = arena_alloc(rq->a, sizeof(*cl));
	const struct oerr *e;
	int found, fits;

	if ((e = read_presented(rq, p)) != NULL)
		return e;
	rq->client_id = p->id;
	if ((found = store_client_by_id(rq->st, rq->a, p->id, cl)) < 0)
		return oerr_machine(rq);
	fits = client_secret_fits(
	    found ? cl : NULL, p->secret == NULL ? "" : p->secret);
	if (!found)
		return oerr_why(rq, &oerr_invalid_client, "unknown client");
	if (client_is_public(cl)) {
		/* An empty password is how Basic spells "none". */
		if (p->secret != NULL && *p->secret != '\0')
			return oerr_why(rq, &oerr_invalid_client,
			    "a secret from a client that has none");
	} else if (p->secret == NULL) {
		return oerr_why(rq, &oerr_invalid_client, "no secret");
	} else if (!fits) {
		return oerr_why(rq, &oerr_invalid_client, "wrong secret");
	}
	if (cl->revoked_at != 0)
		return oerr_why(rq, &oerr_invalid_client, "revoked client");
	*out = cl;
	return NULL;
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
