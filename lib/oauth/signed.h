/* signed.h: what clients sign: JWTs by keys that are not ours. */
#ifndef CARNET_SIGNED_H
#define CARNET_SIGNED_H

#include <stdint.h>

#include "crypto.h"
#include "jwk.h"

struct arena;
struct conf;
struct json_object;

/* The kinds; signed.c has a row for each, which says what it must have. */
enum signed_kind {
	SIGNED_ASSERTION,	/* RFC 7523: a client proves who it is */
	SIGNED_PROOF,		/* RFC 9449: the sender proves that it has a key */
	SIGNED_REQUEST,		/* RFC 9101: a client asks for authorization */
	SIGNED_COUNT
};

#define SIGNED_SKEW_S 10 /* a client's clock may differ by so much */
#define SIGNED_PROOF_S 60 /* a proof counts so long, to either side */

/* Who is said to have signed it.  A proof brings its key along, and has no signer. */
struct signer {
	const char *client_id;
	const char *jwks;	/* its keys as JSON text; NULL: it has none (yet) */
};

/* A JWT that was checked. */
struct signed_jwt {
	struct json_object *claims;
	struct digest once;	/* names the client, or the key, and the jti */
	int64_t expires_at;
	char jkt[KID_LEN + 1];	/* of a proof: the thumbprint of its key (RFC 7638) */
	int lacks_key;		/* what is wrong is that no key fits */
};

/*
 * signed_check(cf, a, now, kind, by, text, out):
 * (by is NULL for a proof.)  Check the JWT that text is by the row of its kind: type, algorithm, signature,
 * claims, audience and times.  Whether it is used for the first time is the caller's
 * to find out: once.h.  Return NULL and fill out; or the reason, for the log, why it
 * does not count, with out->lacks_key set if that may be so because the keys are old.
 */
const char *signed_check(const struct conf *cf, struct arena *a, int64_t now,
    enum signed_kind kind, const struct signer *by, const char *text,
    struct signed_jwt *out);

/*
 * signed_subject(a, text):
 * The "sub" of a JWT, which nothing was checked of: it says whose keys to look for
 * (RFC 7521 section 4.2).  NULL: it has none.
 */
const char *signed_subject(struct arena *a, const char *text);

/* signed_algs(kind): the algorithms of the kind, words, as the metadata lists them. */
const char *signed_algs(enum signed_kind kind);

#endif
