/* client.h: client authentication. */
#ifndef CARNET_CLIENT_H
#define CARNET_CLIENT_H

#include <stddef.h>

struct client;
struct oerr;
struct req;

/*
 * client_authenticate(rq, out):
 * Find who asks and check how they prove it (RFC 6749 section 2.3): secret in
 * the Authorization header, secret in the body, a JWT that it signed (RFC 7523), its
 * certificate (RFC 8705), or client_id alone for a client that has none of these.  Two ways at once are
 * invalid_request.  Every other
 * failure is invalid_client, with the same text after the same time; after too
 * many wrong secrets it is oerr_throttled.  *out lives as long as the request.
 */
const struct oerr *client_authenticate(
    struct req *rq, const struct client **out);

/*
 * client_authenticate_any(rq, find, out):
 * The same; an id that no client has is looked for by find, which returns 1, 0 or -1.
 */
const struct oerr *client_authenticate_any(struct req *rq,
    int (*find)(struct req *rq, const char *id, struct client *out),
    const struct client **out);

/*
 * client_secret_fits(cl, secret):
 * Return 1 if secret is that of the client cl.  For an unknown client (NULL) do
 * the same work and return 0.
 */
int client_secret_fits(const struct client *cl, const char *secret);

/*
 * client_check_secret(rq, cl, secret):
 * Check the secret of the client.  A secret that costs a hash waits for its
 * turn, as a password does, and is then stored as SHA-256.  Return NULL; or
 * invalid_client, the error that says to come back, or oerr_machine's.
 */
const struct oerr *client_check_secret(
    struct req *rq, const struct client *cl, const char *secret);

/* What a client presented, by one of the methods. */
struct presented {
	const char *id;
	const char *secret; /* or a signed JWT; NULL: none */
};

/* A way that client_authenticate knows. */
struct client_method {
	const char *name;	/* as it is registered */
	int has_proof;		/* a secret, or a key */
	int is_signed;		/* by the algorithms of signed_algs */
	int has_cert;		/* of the connection */
	int in_header;		/* what fails is answered with a challenge */
	/*
	 * is_used(rq): return 1 if the request presents something by this method.  NULL: a
	 * method that is used where no other is.
	 */
	int (*is_used)(const struct req *rq);
	/* read(rq, p): take what was presented from the request. */
	const struct oerr *(*read)(struct req *rq, struct presented *p);
	/*
	 * check(rq, cl, p):
	 * Is it that of the client cl (NULL: there is no such client)?  NULL, or an
	 * error as of client_authenticate.
	 */
	const struct oerr *(*check)(struct req *rq, const struct client *cl,
	    const struct presented *p);
};

/* client_methods(n): all of them; n of them. */
const struct client_method *client_methods(size_t *n);

/*
 * client_look_for_keys(rq, cl, e, why):
 * No key of the client fits.  If it has them at a jwks_uri, they are read anew.  Return
 * the error that says to come again; or e, if there is nothing to wait for.
 */
const struct oerr *client_look_for_keys(struct req *rq, const struct client *cl,
    const struct oerr *e, const char *why);

/* client_is_public(cl): return 1 if the client has no way to prove who it is. */
int client_is_public(const struct client *cl);

/*
 * client_has_keys(cl): return 1 if it has keys, by which it signs its requests, and
 * assertions if it has no cl->tls.
 */
int client_has_keys(const struct client *cl);

#endif
