/* dpop.c: the sender of a request proves that it has a key (RFC 9449). */
#include "dpop.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#include "arena.h"
#include "b64.h"
#include "conf.h"
#include "crypto.h"
#include "json.h"
#include "jwk.h"
#include "keys.h"
#include "oerr.h"
#include "once.h"
#include "req.h"
#include "resp.h"
#include "signed.h"
#include "uri.h"

/*
 * The attacks, and where each stops (RFC 9449 section 11):
 *
 * A token that leaked is useless without the key that its cnf names.
 *
 * A proof that leaked is for one method and one URI (htm, htu), for one token (ath), for
 * a minute (iat), and for one time (jti).  A proof that was made in advance, by somebody
 * who had the key for a moment, lacks our nonce, where dpop_nonce is set.
 *
 * A proof whose own key was put there by an attacker proves that key alone: what was
 * granted names its key (grant_check_key, and use->jkt).
 */

/* A nonce counts in its own time of so many seconds, and in the next. */
#define NONCE_S 300
#define NONCE_LEN B64_LEN(DIGEST_LEN)

/* What the errors are, and what a proof must be for. */
struct wanted {
	const struct oerr *invalid, *use_nonce;
	const char *const *uris;
	size_t n_uris;
	const char *token;	/* or NULL */
};

static const struct once_kind here = { .e = &oerr_invalid_proof_here,
	.why = "a DPoP proof used twice" };
static const struct once_kind ours = { .e = &oerr_invalid_proof,
	.why = "a DPoP proof used twice" };

const char *
dpop_algs(void)
{
	return signed_algs(SIGNED_PROOF);
}

int
dpop_is_sent(const struct req *rq)
{
	return req_var(rq, "HTTP_DPOP") != NULL;
}

static int
is_same(const char *x, const char *y)
{
	struct digest dx, dy;

	digest_of(x, strlen(x), &dx);
	digest_of(y, strlen(y), &dy);
	return digest_equal(&dx, &dy);
}

/* ---- Nonces: a seal of the time, so that nothing is stored ---- */

/* The nonce of the time that was so many turns ago.  0, or -1 without a seal.key. */
static int
make_nonce(struct req *rq, int ago, char out[static NONCE_LEN + 1])
{
	struct keys *ks = rq->ep->uses & USES_SIGNING ? keys_get_signing(rq)
						      : keys_get(rq);
	struct digest d;

	/* No token of ours has a space in it. */
	if (ks == NULL ||
	    keys_seal(ks,
		arena_printf(rq->a, "dpop nonce %" PRId64,
		    rq->now / NONCE_S - ago), &d) < 0)
		return -1;
	b64url_encode(d.byte, DIGEST_LEN, out);
	return 0;
}

/* RFC 9449 sections 8 and 9.  Another front end's clock may be ahead (ago is -1). */
static const struct oerr *
check_nonce(struct req *rq, const struct wanted *w, const char *nonce)
{
	char fresh[NONCE_LEN + 1], text[NONCE_LEN + 1];

	if (!rq->conf->dpop_nonce)
		return NULL;
	for (int ago = -1; ago <= 1; ago++)
		if (make_nonce(rq, ago, text) < 0)
			return oerr_why(
			    rq, &oerr_server_error, "no key to make a nonce with");
		else if (nonce != NULL && is_same(text, nonce))
			return NULL;
	if (make_nonce(rq, 0, fresh) < 0)
		return &oerr_server_error;
	resp_header(rq, "DPoP-Nonce", "%s", fresh);
	return w->use_nonce;
}

/* ---- What a proof says ---- */

/* RFC 9449 section 4.3, item 9: without query and fragment, and normalised. */
static int
is_to(struct req *rq, const struct wanted *w, const char *htu)
{
	const char *plain = arena_dup(rq->a, htu, strcspn(htu, "?#"));

	for (size_t i = 0; i < w->n_uris; i++)
		if (uri_same(rq->a, plain, w->uris[i]))
			return 1;
	return 0;
}

/* Item 10: the SHA-256 of the token, in base64url. */
static int
is_with(const char *token, const char *ath)
{
	char text[B64_LEN(DIGEST_LEN) + 1];
	struct digest d;

	digest_of(token, strlen(token), &d);
	b64url_encode(d.byte, DIGEST_LEN, text);
	return is_same(text, ath);
}

/* The claims that tell of this request; NULL, or why not, for the log. */
static const char *
check_claims(struct req *rq, const struct wanted *w, struct json_object *o)
{
	const char *method = req_var(rq, "REQUEST_METHOD");
	const char *htm = json_get_str(o, "htm"), *htu = json_get_str(o, "htu");
	const char *ath = json_get_str(o, "ath");

	if (htm == NULL || method == NULL || strcmp(htm, method) != 0)
		return "htm is not the method";
	if (htu == NULL || !is_to(rq, w, htu))
		return arena_printf(rq->a, "htu is %s, not %s",
		    htu == NULL ? "missing" : oerr_shown(rq->a, htu),
		    w->n_uris == 0 ? "ours" : w->uris[0]);
	if (w->token != NULL && (ath == NULL || !is_with(w->token, ath)))
		return "ath is not the SHA-256 of the token";
	return NULL;
}

/* Check the proof of the request: all but whether it is used for the first time. */
static const struct oerr *
check(struct req *rq, const struct wanted *w, struct signed_jwt *out)
{
	const char *why = signed_check(rq->conf, rq->a, rq->now, SIGNED_PROOF,
	    NULL, req_var(rq, "HTTP_DPOP"), out);

	if (why == NULL)
		why = check_claims(rq, w, out->claims);
	if (why != NULL)
		return oerr_why(rq, w->invalid, "DPoP proof: %s", why);
	return check_nonce(rq, w, json_get_str(out->claims, "nonce"));
}

const struct oerr *
dpop_at(struct req *rq, enum site site, const char **jkt)
{
	const char *const uri = site_url(rq->conf, rq->a, site);
	const struct wanted w = { .invalid = &oerr_invalid_proof,
		.use_nonce = &oerr_use_nonce, .uris = &uri, .n_uris = 1 };
	const struct oerr *e;
	struct signed_jwt t;

	*jkt = NULL;
	if (!dpop_is_sent(rq))
		return NULL;
	if ((e = check(rq, &w, &t)) != NULL ||
	    (e = once_take(rq, &ours, &t.once, t.expires_at)) != NULL)
		return e;
	*jkt = arena_str(rq->a, t.jkt);
	return NULL;
}

const struct oerr *
dpop_check(struct req *rq, const struct dpop_use *use)
{
	const struct wanted w = { .invalid = &oerr_invalid_proof_here,
		.use_nonce = &oerr_use_nonce_here,
		.uris = use->uris, .n_uris = use->n_uris,
		.token = use->token };
	const struct oerr *e;
	struct signed_jwt t;

	if (!dpop_is_sent(rq))
		return oerr_why(
		    rq, &oerr_invalid_proof_here, "no DPoP proof");
	if ((e = check(rq, &w, &t)) != NULL)
		return e;
	if (!jwk_same_thumbprint(use->jkt, t.jkt))
		return oerr_why(rq, &oerr_invalid_proof_here,
		    "DPoP proof: of another key than the token's");
	return once_take(rq, &here, &t.once, t.expires_at);
}
