/* proof.h: what a user proved when they signed in, as tokens tell it. */
#ifndef CARNET_PROOF_H
#define CARNET_PROOF_H

#include "store_proof.h"

struct arena;
struct buf;
struct json_object;
struct req;

/* proof_of_password(rq): what a password proves that was checked now. */
struct proof proof_of_password(const struct req *rq);

/*
 * proof_write(b, p):
 * Append the members auth_time, acr and amr (RFC 9068 section 2.2.1, RFC 9470
 * section 6) to a JSON object; nothing if p is not known.
 *
 * proof_from_claims(a, o, out):
 * Read them from the claims o (NULL: there are none).  What is missing or malformed is
 * not known.
 */
void proof_write(struct buf *b, const struct proof *p);
void proof_from_claims(
    struct arena *a, struct json_object *o, struct proof *out);

#endif
