/* issue.h: mint, store and answer a set of tokens. */
#ifndef CARNET_ISSUE_H
#define CARNET_ISSUE_H

struct client;
struct grant;
struct oerr;
struct req;
struct subject;

/*
 * issue_tokens(rq, cl, g, sub):
 * Sign an access token, with a refresh token where the client has that grant
 * and there is a user; spend by g and store in one transaction; answer as RFC 6749
 * section 5.1.  When the answer says 200 all of it is on disk.
 */
const struct oerr *issue_tokens(struct req *rq, const struct client *cl,
    const struct grant *g, const struct subject *sub);

#endif
