/* client_tls.c: clients that prove who they are by a certificate (RFC 8705). */
#include "client_tls.h"

#include <string.h>

#include "arena.h"
#include "b64.h"
#include "cert.h"
#include "jwk.h"
#include "jwk_set.h"
#include "oerr.h"
#include "peer.h"
#include "req.h"
#include "store_client.h"

const char *
client_tls_check(struct req *rq, const struct client *cl, int *lacks_key)
{
	struct cert c;

	*lacks_key = 0;
	if (!peer_cert(rq, &c))
		return "no certificate";
	/* Section 2.2: one that is in its keys; who issued it does not count. */
	if (strcmp(cl->tls, TLS_SELF) == 0) {
		*lacks_key = cl->jwks == NULL ||
		    !jwk_set_has_cert(rq->a, cl->jwks, c.der, c.len);
		return *lacks_key ? "a certificate that is none of its keys'"
				  : NULL;
	}
	/* Section 2.1: the name counts only if the issuer is one that may give it. */
	if (cl->tls_ca == NULL || !cert_is_issued(&c, cl->tls_ca))
		return "a certificate that its issuers did not issue, or that is not"
		       " good now";
	return cert_has_name(&c, cl->tls)
	    ? NULL
	    : "a certificate without the name of the client";
}

static void
write_thumbprint(const struct cert *c, char out[static KID_LEN + 1])
{
	b64url_encode(c->digest.byte, DIGEST_LEN, out);
}

int
client_tls_fits(struct req *rq, const char *thumbprint)
{
	char text[KID_LEN + 1];
	struct cert c;

	if (!peer_cert(rq, &c))
		return 0;
	write_thumbprint(&c, text);
	return jwk_same_thumbprint(text, thumbprint);
}

const struct oerr *
client_tls_bind(struct req *rq, const struct client *cl, const char **jkt,
    int *by_cert)
{
	char text[KID_LEN + 1];
	struct cert c;

	if (cl->bound == NULL)
		return NULL;
	if (strcmp(cl->bound, BOUND_KEY) == 0)
		return *jkt != NULL
		    ? NULL
		    : oerr_say(rq, &oerr_invalid_proof,
			  "The tokens of this client are bound to a key: send a"
			  " DPoP proof.");
	if (*jkt != NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The tokens of this client are bound to its certificate: send"
		    " no DPoP proof.");
	if (!peer_cert(rq, &c))
		return oerr_say(rq, &oerr_invalid_request,
		    "The tokens of this client are bound to its certificate:"
		    " connect with it.");
	write_thumbprint(&c, text);
	*jkt = arena_str(rq->a, text);
	*by_cert = 1;
	return NULL;
}
