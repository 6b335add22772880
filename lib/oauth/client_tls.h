/* client_tls.h: clients that prove who they are by a certificate (RFC 8705). */
#ifndef CARNET_CLIENT_TLS_H
#define CARNET_CLIENT_TLS_H

struct client;
struct oerr;
struct req;

/* The methods, as they are registered. */
#define METHOD_TLS "tls_client_auth"
#define METHOD_TLS_SELF "self_signed_tls_client_auth"

/*
 * client_tls_check(rq, cl, lacks_key):
 * The client has cl->tls: did the request come with its certificate (RFC 8705 section 2)?
 * NULL; or why not, for the log, with *lacks_key set if that may be so because its keys
 * are old.
 */
const char *client_tls_check(
    struct req *rq, const struct client *cl, int *lacks_key);

/*
 * client_tls_bind(rq, cl, jkt, by_cert):
 * What the tokens of this request are bound to, as the client is registered: put the
 * thumbprint of its certificate to *jkt (RFC 8705 section 3), where dpop_at put that of a
 * key, and set *by_cert.  Return NULL; or the error, if what its tokens must be bound to
 * is missing.
 */
const struct oerr *client_tls_bind(struct req *rq, const struct client *cl,
    const char **jkt, int *by_cert);

/*
 * client_tls_fits(rq, thumbprint):
 * Return 1 if the request came with the certificate of that x5t#S256.
 */
int client_tls_fits(struct req *rq, const char *thumbprint);

#endif
