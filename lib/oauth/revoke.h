/* revoke.h: a token is revoked, and all that came of the same sign-in. */
#ifndef CARNET_REVOKE_H
#define CARNET_REVOKE_H

struct id;
struct req;

/*
 * revoke_tokens(rq, access, family):
 * In one transaction, revoke the access token access (NULL: none) and all tokens
 * of the family (NULL: none).  Return the number of refresh tokens that lived; -1
 * on a database error, logged.
 */
int revoke_tokens(
    struct req *rq, const struct id *access, const struct id *family);

#endif
