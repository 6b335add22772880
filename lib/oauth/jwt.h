/* jwt.h: signed tokens in the compact form (RFC 7515, RFC 7519). */
#ifndef CARNET_JWT_H
#define CARNET_JWT_H

#include <stddef.h>

struct arena;
struct key;

/*
 * jwt_sign(a, k, kid, typ, claims, len):
 * Return the token of these claims (JSON text), with typ, alg and kid in its
 * header, in a; NULL if signing fails, logged.
 */
char *jwt_sign(struct arena *a, const struct key *k, const char *kid,
    const char *typ, const char *claims, size_t len);

/* What a token says. */
struct jwt {
	const char *typ;	/* of the header, or NULL */
	const char *kid;	/* or NULL */
	const char *alg;
	const char *payload;	/* a NUL behind it */
	size_t payload_len;
	const char *text;	/* the token */
	size_t signed_len;	/* of it */
};

/*
 * jwt_read(a, token, out):
 * Read the token, whose header must not name an extension that must be understood
 * ("crit").  Return NULL and fill out; or the reason, for the log alone, why it is
 * no token of ours.  Who wrote it is not known yet.
 *
 * jwt_check(a, t, find, ctx):
 * Check the signature of what was read, with the key that find(ctx, kid) returns;
 * kid is NULL if the header has none.  The header must name that key's algorithm.
 * Return NULL, or the reason.
 */
const char *jwt_read(struct arena *a, const char *token, struct jwt *out);
const char *jwt_check(struct arena *a, const struct jwt *t,
    const struct key *(*find)(void *ctx, const char *kid), void *ctx);

#endif
