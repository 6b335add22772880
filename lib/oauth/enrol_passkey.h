/* enrol_passkey.h: a user adds and deletes passkeys. */
#ifndef CARNET_ENROL_PASSKEY_H
#define CARNET_ENROL_PASSKEY_H

#include <stdint.h>

struct oerr;
struct recovery;
struct req;
struct visitor;

/*
 * enrol_passkey(rq, v, why, made):
 * Store the passkey of the form (passkey_make) under its field name, or a name made of
 * the browser's, for the user of v, who is signed in, or half.  The rest is as with
 * enrol_add; what is wrong with the passkey is in *why too, and is logged.
 */
const struct oerr *enrol_passkey(struct req *rq, struct visitor *v,
    const char **why, struct recovery *made);

/* enrol_passkey_delete(rq, v, id, n): delete it; *n is 0 if the user has none of that id. */
const struct oerr *enrol_passkey_delete(
    struct req *rq, struct visitor *v, int64_t id, int *n);

/* enrol_passkey_name(rq, otherwise): the field name; NULL: too long or no text. */
const char *enrol_passkey_name(struct req *rq, const char *otherwise);

#endif
