/* grant.h: the table of grants; grant_NAME.c has one row each. */
#ifndef CARNET_GRANT_H
#define CARNET_GRANT_H

#include <stdint.h>

#include "crypto.h"
#include "param.h"
#include "store_granted.h"

struct access_token;
struct client;
struct conf;
struct oerr;
struct refresh_token;
struct req;
struct user;

/* The names of the grants on the wire, and among the grants of a client. */
#define GRANT_PASSWORD "password"
#define GRANT_CLIENT_CREDENTIALS "client_credentials"
#define GRANT_CODE "authorization_code"
#define GRANT_DEVICE "urn:ietf:params:oauth:grant-type:device_code"
#define GRANT_REFRESH "refresh_token"

/*
 * Not a grant, but listed among a client's grants: it may introspect any token
 * (RFC 7662).
 */
#define RIGHT_INTROSPECT "introspect"

#define GRANT_NEEDS_MAX 3

/* For whom tokens are, and what is spent for them. */
struct subject {
	const struct user *user; /* NULL: the client itself */
	uint64_t scope;		 /* of the access token */
	/*
	 * What was granted by the code, device code or refresh token that is
	 * spent; zero where nothing is spent, but for the proof of a password.
	 * A scope of NULL is that of the access token.
	 *
	 * A resource in it is bound for good: all tokens of the family are for
	 * that one (RFC 8707 section 2.2).  A password or a client's own
	 * request is bound to none, whatever the token request names.
	 */
	struct granted granted;
	struct digest digest;	 /* of what is spent */
	/*
	 * The refresh token to answer with, of a refresh: the next one, or, if it
	 * is_kept, the one that was presented.  NULL: a random one.
	 */
	const char *next;
	int is_kept;
	/* The thumbprint of what was proved, and tokens are bound to; or NULL. */
	const char *jkt;
	int by_cert;		/* it is a certificate (RFC 8705), no key (RFC 9449) */
};

struct grant {
	const char *name;	/* grant_type on the wire */
	const char *short_name;	/* that an operator may type instead, or NULL */
	int public_may;		/* a client without a secret may use it */
	int for_user;		/* gives a user's tokens, so refresh ones too */
	enum param needs[GRANT_NEEDS_MAX];
	int n_needs;
	/*
	 * redeem(rq, cl, sub):
	 * Check what was presented and say in sub for whom tokens are to be issued.
	 */
	const struct oerr *(*redeem)(struct req *rq, const struct client *cl,
	    struct subject *sub);
	/*
	 * spend(rq, sub, access, refresh):
	 * Within the transaction that stores access and refresh: spend what redeem
	 * found good.  What it writes to refresh is stored.  Return 1; 0 if somebody
	 * has spent or revoked it since; -1 on a database error, logged.  NULL: a
	 * grant that spends nothing.
	 */
	int (*spend)(struct req *rq, const struct subject *sub,
	    const struct access_token *access, struct refresh_token *refresh);
	/* The error to answer with where spend returned 0; NULL: grant_replayed's. */
	const struct oerr *(*lost)(struct req *rq, const struct subject *sub);
};

extern const struct grant grant_password, grant_client_credentials, grant_code,
    grant_device, grant_refresh;

/* grant_table(n): all grants; n of them. */
const struct grant *const *grant_table(size_t *n);

/* grant_find(rq, out): the grant that grant_type names. */
const struct oerr *grant_find(struct req *rq, const struct grant **out);

/*
 * grant_check(rq, g, cl):
 * Check client and request against the row: the client's right to the grant
 * (RFC 6749 section 5.2, unauthorized_client), the parameters it needs.
 */
const struct oerr *grant_check(
    struct req *rq, const struct grant *g, const struct client *cl);

/*
 * grant_user(rq, id, out):
 * Find the user whose grant is redeemed; invalid_grant if disabled since.
 */
const struct oerr *grant_user(struct req *rq, int64_t id, struct user *out);

/*
 * grant_replayed(rq, g, why):
 * A code or refresh token was presented that is spent: a thief has it, or had
 * it.  Revoke all tokens of the family now, name the user to the trail, and
 * return invalid_grant.
 */
const struct oerr *grant_replayed(
    struct req *rq, const struct granted *g, const char *why);

/*
 * grant_cert(jkt):
 * What was granted is bound to jkt: return the thumbprint behind BOUND_BY_CERT; NULL: it is
 * that of a key.
 */
#define BOUND_BY_CERT "x5t#S256:"
const char *grant_cert(const char *jkt);

/*
 * grant_check_key(rq, g, sub):
 * What was granted may be bound to a key: was that proved (RFC 9449 sections 5 and 10)?  Or
 * to a certificate (RFC 8705 section 4).
 * NULL, or invalid_grant.
 */
const struct oerr *grant_check_key(
    struct req *rq, const struct granted *g, const struct subject *sub);

/*
 * grant_family_end(cf, family):
 * Return when the family ends by refresh_max, in Unix seconds: its id has the time
 * of its sign-in.
 */
int64_t grant_family_end(const struct conf *cf, const struct id *family);

#endif
