/* jwt.h: signed tokens in the compact form (RFC 7515, RFC 7519). */
#ifndef CARNET_JWT_H
#define CARNET_JWT_H

#include <stddef.h>

struct arena;
struct json_object;
struct key;

/*
 * jwt_sign(a, k, kid, typ, claims, len):
 * Return a token with these claims (JSON text), and typ, alg and kid in its header.
 * It is in a.  NULL, logged, if signing fails.
 */
char *jwt_sign(struct arena *a, const struct key *k, const char *kid,
    const char *typ, const char *claims, size_t len);

/* A token that was read, not yet checked. */
struct jwt {
	const char *typ;	/* of the header, or NULL */
	const char *kid;	/* or NULL */
	const char *alg;
	struct json_object *header;
	const char *payload;	/* a NUL behind it */
	size_t payload_len;
	const char *text;	/* the token */
	size_t signed_len;	/* bytes of text that are signed */
};

/*
 * jwt_read(a, token, out):
 * Read the token.  Its header must not demand an extension ("crit").  Return NULL and
 * fill out; or the reason, only for the log, why it is no token of ours.  Anybody may
 * have written the token: its signature is not checked here.
 *
 * jwt_check(a, t, find, ctx):
 * Check the signature of t with the key that find(ctx, kid) returns; kid is NULL if
 * the header has none.  The header must name the algorithm of that key.  Return NULL,
 * or the reason.
 */
const char *jwt_read(struct arena *a, const char *token, struct jwt *out);
const char *jwt_check(struct arena *a, const struct jwt *t,
    const struct key *(*find)(void *ctx, const char *kid), void *ctx);

#endif
