/* issue.h: mint, store and answer a set of tokens. */
#ifndef CARNET_ISSUE_H
#define CARNET_ISSUE_H

#include <stdint.h>

#include "crypto.h"
#include "store_granted.h"

struct client;
struct conf;
struct grant;
struct oerr;
struct req;
struct user;

/* For whom tokens are, and what is spent for them. */
struct subject {
	const struct user *user; /* NULL: the client itself */
	uint64_t scope;		 /* of the access token */
	/*
	 * What a code, a device code or a refresh token stands for; zero where
	 * nothing is spent.  A scope of NULL is that of the access token.
	 *
	 * A resource in it is bound for good: all tokens of the family are for
	 * that one (RFC 8707 section 2.2).  What nothing was granted for before,
	 * such as a password, is bound to none, whatever the token request names.
	 */
	struct granted granted;
	struct digest digest;	 /* of what is spent */
	/*
	 * The refresh token to answer with, of a refresh: the next one, or, if it
	 * is_kept, the one that was presented.  NULL: a random one.
	 */
	const char *next;
	int is_kept;
};

/*
 * issue_tokens(rq, cl, g, sub):
 * Sign an access token, with a refresh token where the client has that grant
 * and there is a user; spend by g and store in one transaction; answer as RFC 6749
 * section 5.1.  When the answer says 200 all of it is on disk.
 */
const struct oerr *issue_tokens(struct req *rq, const struct client *cl,
    const struct grant *g, const struct subject *sub);

/*
 * issue_replayed(rq, g, why):
 * Something was presented that is used up: a thief has it, or had it.  Revoke
 * all that the sign-in gave, now, name its user to the trail, and return invalid_grant.
 */
const struct oerr *issue_replayed(
    struct req *rq, const struct granted *g, const char *why);

/*
 * issue_family_end(cf, family):
 * Return when the family ends by refresh_max, in Unix seconds: its id has the time
 * of its sign-in.
 */
int64_t issue_family_end(const struct conf *cf, const struct id *family);

#endif
