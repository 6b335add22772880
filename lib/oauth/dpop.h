/* dpop.h: the sender of a request proves that it has a key (RFC 9449). */
#ifndef CARNET_DPOP_H
#define CARNET_DPOP_H

#include <stddef.h>

#include "site.h"

struct oerr;
struct req;

/*
 * dpop_at(rq, site, jkt):
 * At one of our own endpoints, whose URL is that of site: check the proof of the request,
 * and put the thumbprint of its key (RFC 7638) to *jkt, NULL if there is no proof.  It is
 * used up with what is given for it (once.h), so the endpoint's row has spends_once.
 * Return NULL; or invalid_dpop_proof, use_dpop_nonce (with the header DPoP-Nonce), or the
 * error of a failure.
 */
const struct oerr *dpop_at(struct req *rq, enum site site, const char **jkt);

/* A request to a resource, with a token that is bound to a key. */
struct dpop_use {
	const char *const *uris; /* what the request may have been sent to */
	size_t n_uris;
	const char *token;
	const char *jkt;	/* the thumbprint of the key that it is bound to */
};

/*
 * dpop_check(rq, use):
 * Check the proof that comes with the token (RFC 9449 section 7), and use it up.  The
 * token must have been found good before: only its owner is worth a row.  Not within a
 * transaction.  Return NULL, or an error as above, of status 401.
 */
const struct oerr *dpop_check(struct req *rq, const struct dpop_use *use);

/* dpop_is_sent(rq): return 1 if the request has a proof, good or not. */
int dpop_is_sent(const struct req *rq);

/* dpop_algs(): the algorithms of proofs, words. */
const char *dpop_algs(void);

#endif
