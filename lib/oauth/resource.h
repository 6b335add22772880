/* resource.h: what a token is for: resource indicators (RFC 8707). */
#ifndef CARNET_RESOURCE_H
#define CARNET_RESOURCE_H

struct oerr;
struct req;

/*
 * resource_asked(rq, out):
 * Put the resource that the request names to *out, NULL if it names none.  It
 * is an absolute URI without a fragment that means the same (RFC 3986 section
 * 6.2) as the issuer, a resource of [guard] or one of the setting audiences, and
 * *out is spelt as that;
 * else invalid_target (RFC 8707 section 2).
 */
const struct oerr *resource_asked(struct req *rq, const char **out);

/*
 * resource_for_token(rq, granted, out):
 * Put to *out what an access token is for, NULL for the issuer. granted is the
 * resource that the code or refresh token is bound to, or NULL if it is bound
 * to none.  A token request that names another resource than that is
 * invalid_target (RFC 8707 section 2.2).
 */
const struct oerr *resource_for_token(
    struct req *rq, const char *granted, const char **out);

#endif
