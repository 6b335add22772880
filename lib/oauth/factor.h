/* factor.h: second factors: the kinds, a row each, and how each is checked. */
#ifndef CARNET_FACTOR_H
#define CARNET_FACTOR_H

#include "param.h"
#include "store_proof.h"

struct conf;
struct oerr;
struct req;
struct user;

/* A kind of second factor. */
struct factor {
	const char *name;	/* in the audit trail */
	enum param field;	/* of a form or a token request: the proof */
	const char *amr;	/* RFC 8176 */
	enum acr acr;		/* of a password and this */
	/*
	 * verify(rq, u, sent):
	 * Within a write transaction: does sent prove a factor of u?  Spend it, if
	 * it is good once.  Return 1; 0 if not; -1 on error, logged.
	 */
	int (*verify)(struct req *rq, const struct user *u, const char *sent);
};

/*
 * factor_is_needed(cf, u, p):
 * Return 1 if u, who proved p, must also prove a second factor, because they have one.
 *
 * factor_is_missing(cf, u, p):
 * Return 1 if u must have a second factor and has none: they add one first.
 */
int factor_is_needed(
    const struct conf *cf, const struct user *u, const struct proof *p);
int factor_is_missing(
    const struct conf *cf, const struct user *u, const struct proof *p);

/* factor_best(cf): the best acr that anybody can have here. */
enum acr factor_best(const struct conf *cf);

/* factor_sent(rq): the kind of factor whose field the request has, or NULL. */
const struct factor *factor_sent(const struct req *rq);

/*
 * factor_check(rq, u, p):
 * Check the factor that the request has a field for, and add it to p, which is what u
 * proved before.  Return NULL; invalid_grant if there is no such field or it is wrong;
 * oerr_throttled after too many failures; or another error.  It opens a transaction.
 */
const struct oerr *factor_check(
    struct req *rq, const struct user *u, struct proof *p);

#endif
