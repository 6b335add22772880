/* id_token.h: who signed in, for the client: OpenID Connect Core section 2. */
#ifndef CARNET_ID_TOKEN_H
#define CARNET_ID_TOKEN_H

#include <stdint.h>

#include "key.h"

struct access_token;
struct client;
struct oerr;
struct req;
struct subject;

/*
 * id_token_make(rq, cl, sub, access, jwt, out):
 * Put the signed ID token that comes with the access token jwt, whose row is access,
 * to *out; NULL if its scope has no openid, or no user.  Not within a transaction.
 */
const struct oerr *id_token_make(struct req *rq, const struct client *cl,
    const struct subject *sub, const struct access_token *access,
    const char *jwt, char **out);

/*
 * id_token_hash(alg, text, out):
 * Put the at_hash of text to out: the left half of its hash, by the algorithm that
 * signs (section 3.1.3.6).
 */
#define AT_HASH_MAX 43
void id_token_hash(
    enum alg alg, const char *text, char out[static AT_HASH_MAX + 1]);

/* An ID token of ours that comes back as a hint. */
struct id_hint {
	const char *sub;
	const char *client_id;	/* whose it is: aud */
	const char *sid;	/* or NULL */
};

/*
 * id_token_read(rq, text, out):
 * Read a token of ours, also one that has expired (section 3.1.2.1).  Its signature is
 * checked.  Return NULL, or invalid_request, which says what is wrong with it.
 */
const struct oerr *id_token_read(
    struct req *rq, const char *text, struct id_hint *out);

#endif
