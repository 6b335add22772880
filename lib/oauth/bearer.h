/* bearer.h: what a bearer token says, and whether it is live. */
#ifndef CARNET_BEARER_H
#define CARNET_BEARER_H

#include <stdint.h>

#include "store_token.h"
#include "verified.h"

struct json_object;
struct oerr;
struct req;

/* What a token is for (aud), of what this server knows: bits of is_for. */
enum {
	FOR_ISSUER = 1,
	FOR_AUDIENCES = 2, /* one of the setting audiences */
};

/* For the resource of [guard] with that number, from 1. */
#define FOR_RESOURCE(no) (UINT64_C(1) << ((no) + 1))

/* The caller: the claims of the token, and its row in the database. */
struct caller {
	struct claims says;
	struct access is;
};

/*
 * bearer_identify(rq, token, out):
 * Find the token that this text is, live or not, whatever it is for: check its
 * signature and its claims, read its row.  An error of status 500 and above is a
 * failure; others say that it is no token of ours.
 */
const struct oerr *bearer_identify(
    struct req *rq, const char *token, struct caller *out);

/*
 * bearer_check(rq, token, out):
 * The same, and NULL only if the token is live, and is for the issuer, one of the
 * audiences or a resource of [guard].
 */
const struct oerr *bearer_check(
    struct req *rq, const char *token, struct caller *out);

/*
 * bearer_claims(rq, token):
 * Return all claims of a token that bearer_check found good, or NULL.  They are in its
 * text alone.
 */
struct json_object *bearer_claims(struct req *rq, const char *token);

/*
 * bearer_check_again(rq, who):
 * Read the row of who's token anew: NULL if it is live still.
 */
const struct oerr *bearer_check_again(struct req *rq, struct caller *who);

#endif
