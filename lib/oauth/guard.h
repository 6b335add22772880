/* guard.h: who calls, and whether the rule lets them. */
#ifndef CARNET_GUARD_H
#define CARNET_GUARD_H

#include "bearer.h"
#include "rule.h"

struct oerr;
struct req;

/*
 * guard_is_first_party(who):
 * Return 1 for a user's token that no app got: it is of a client that may use
 * the password grant, or the user made it by hand.
 */
int guard_is_first_party(const struct caller *who);

/*
 * guard_is_by_key(who):
 * Return 1 if the token is bound to a key, and so comes with a proof (RFC 9449); not to a
 * certificate, nor to nothing.
 */
int guard_is_by_key(const struct caller *who);

/*
 * guard_check(rq, rule, out):
 * Check the bearer token of the request (RFC 6750 section 2.1, RFC 9068
 * section 4), and whether the rule lets its user or client in.  Revocation is
 * read from the database each time.  A token that is bound to a key needs a proof (RFC
 * 9449 section 7), which is used up: then there must be no transaction, see
 * guard_has_proof.  Return NULL and fill out; or the error,
 * with its challenge (WWW-Authenticate) among the headers of the answer.  When
 * the request ends, the use of a personal token is noted, to the hour.
 */
const struct oerr *guard_check(
    struct req *rq, const struct guard_rule *rule, struct caller *out);

/* guard_has_proof(rq): return 1 if guard_check may write, as a token is bound. */
int guard_has_proof(const struct req *rq);

/*
 * guard_token(rq): the token of the request's header, of either scheme, or NULL.
 * guard_sent(rq): the one of its header or, of a POST, its form (rule->in_form).
 */
const char *guard_token(const struct req *rq);
const char *guard_sent(const struct req *rq);

/*
 * guard_check_again(rq, who):
 * Within a write transaction: return NULL if who, whom guard_check let in,
 * would still be let in; else the error, for guard_refuse.  Use it before
 * storing what outlives the request: a new token that was made with one that is
 * being revoked would stay.
 */
const struct oerr *guard_check_again(
    struct req *rq, const struct caller *who);

/*
 * guard_refuse(rq, e):
 * Return e, guard_check_again's, after adding its challenge to the headers of the
 * answer.
 */
const struct oerr *guard_refuse(struct req *rq, const struct oerr *e);

#endif
