/* guard.h: bearer token to caller; scopes. */
#ifndef CARNET_GUARD_H
#define CARNET_GUARD_H

#include "rule.h"
#include "store_token.h"

struct oerr;
struct req;

/* What a token is for (aud), of what this server knows. */
enum {
	FOR_ISSUER = 1,
	FOR_AUDIENCES = 2, /* one of the setting audiences */
};

/* Who calls. */
struct guard_caller {
	struct id token;
	int64_t expires_at, not_before; /* as the token says */
	unsigned is_for;	/* FOR_ bits; 0: for somebody else */
	struct holder is;
};

/*
 * guard_is_first_party(who):
 * Return 1 for a user's token that is no app's: of a client that holds the
 * password grant, or made by the user by hand.
 */
int guard_is_first_party(const struct guard_caller *who);

/*
 * guard_check(rq, rule, out):
 * Check the bearer token of the request (RFC 6750 section 2.1, RFC 9068 section
 * 4) and hold what it is for, and its holder, against the rule.  Revocation is read from the
 * database each time.  Return NULL and fill out; or the error, with its
 * challenge (WWW-Authenticate) among the headers of the answer.
 */
const struct oerr *guard_check(
    struct req *rq, const struct guard_rule *rule, struct guard_caller *out);

/*
 * guard_stands(rq, who):
 * Within a write transaction: NULL if who, whom guard_check let in, would be
 * let in still; else the error, as there.  For what outlives the request: a
 * token made of one that is being revoked would stay.
 */
const struct oerr *guard_stands(
    struct req *rq, const struct guard_caller *who);

/*
 * guard_note_use(rq, who):
 * The check was passed, and no snapshot is held: note when a personal token was
 * last used, to the hour.
 */
void guard_note_use(struct req *rq, const struct guard_caller *who);

/*
 * guard_identify(rq, token, out):
 * Find the token that this text is, live or not, and for whomever: its signature,
 * its claims, its row.  An error of status 500 and above is a failure, others say that it is no
 * token of ours.
 */
const struct oerr *guard_identify(
    struct req *rq, const char *token, struct guard_caller *out);

/*
 * guard_inspect(rq, token, out):
 * The same for a token that is not the request's own, without rule and
 * challenge: NULL if it is live, and for the issuer or one of the audiences.
 */
const struct oerr *guard_inspect(
    struct req *rq, const char *token, struct guard_caller *out);

/*
 * guard_inspect_again(rq, who):
 * Read from the database anew what who's token is worth: NULL if it is live
 * still.
 */
const struct oerr *guard_inspect_again(
    struct req *rq, struct guard_caller *who);

#endif
