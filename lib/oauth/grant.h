/* grant.h: the table of grants; grant_NAME.c has one function each. */
#ifndef CARNET_GRANT_H
#define CARNET_GRANT_H

#include "issue.h"
#include "param.h"

struct client;
struct oerr;
struct req;

#define GRANT_NEEDS_MAX 3

struct grant {
	const char *name;	/* grant_type on the wire */
	int public_may;		/* a client without a secret may use it */
	int for_user;		/* gives a user's tokens, so refresh ones too */
	enum param needs[GRANT_NEEDS_MAX];
	int n_needs;
	/*
	 * Check what was presented and say in sub for whom tokens are to be
	 * issued.  What is used up is spent by issue_tokens, in the transaction
	 * that stores the new tokens.
	 */
	const struct oerr *(*redeem)(struct req *rq, const struct client *cl,
	    struct subject *sub);
};

/* grant_table(n): all grants; n of them. */
const struct grant *grant_table(size_t *n);

/* grant_find(rq, out): the grant that grant_type names. */
const struct oerr *grant_find(struct req *rq, const struct grant **out);

/*
 * grant_check(rq, g, cl):
 * Hold client and request against the row: the client's right to the grant
 * (RFC 6749 section 5.2, unauthorized_client), the parameters it needs.
 */
const struct oerr *grant_check(
    struct req *rq, const struct grant *g, const struct client *cl);

/*
 * grant_user(rq, id, out):
 * Find the user whose grant is redeemed; invalid_grant if disabled since.
 */
const struct oerr *grant_user(struct req *rq, int64_t id, struct user *out);

const struct oerr *grant_password(
    struct req *rq, const struct client *cl, struct subject *sub);
const struct oerr *grant_client_credentials(
    struct req *rq, const struct client *cl, struct subject *sub);
const struct oerr *grant_code(
    struct req *rq, const struct client *cl, struct subject *sub);
const struct oerr *grant_device(
    struct req *rq, const struct client *cl, struct subject *sub);
const struct oerr *grant_refresh(
    struct req *rq, const struct client *cl, struct subject *sub);

#endif
