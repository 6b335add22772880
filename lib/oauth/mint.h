/* mint.h: one access token: its id, its claims, its signature. */
#ifndef CARNET_MINT_H
#define CARNET_MINT_H

#include <stdint.h>

#include "store_proof.h"

struct access_token;
struct client;
struct id;
struct oerr;
struct req;

/* What an access token is made of. */
struct mint {
	const struct client *cl;
	int64_t user;		/* 0: the client itself */
	const char *subject;	/* of the user; NULL: the id */
	uint64_t scope;
	int64_t ttl_s;
	const struct id *family; /* or NULL */
	const char *name;	/* of a personal token, or NULL */
	const char *audience;	/* NULL: the issuer */
	const char *jkt;	/* the key that it is bound to (RFC 9449); or NULL */
	int by_cert;		/* jkt is of a certificate (RFC 8705) */
	const char *claims;	/* asked for by name: words of claims.h; or NULL */
	struct proof proof;	/* of the user's sign-in */
};

/*
 * mint_access(rq, m, row, jwt):
 * Fill row, which the caller stores, and put the signed token to *jwt.
 */
const struct oerr *mint_access(struct req *rq, const struct mint *m,
    struct access_token *row, char **jwt);

/* mint_personal_client(rq, out): find the client of all personal tokens. */
const struct oerr *mint_personal_client(struct req *rq, struct client *out);

#endif
