/* passport_owned.h: clients that users make for themselves, as in Laravel Passport 12. */
#ifndef CARNET_PASSPORT_OWNED_H
#define CARNET_PASSPORT_OWNED_H

struct client;
struct oerr;
struct req;
struct visitor;

#define PASSPORT_OWNED_MAX 100 /* clients of one user */

/*
 * Such a client asks for codes and refresh tokens.  It may have the scopes that are not
 * privileged, and it cannot act for itself.
 *
 * passport_owned_add(rq, v, cl, secret):
 * Make the client that rq->json asks for, for the visitor v.  If it has a secret its text
 * (SECRET_TEXT_LEN + 1 bytes) is put to secret, else "".
 *
 * passport_owned_find(rq, v, id, cl): find one of the visitor's; 404.
 * passport_owned_change(rq, v, cl): give it the name and the redirect URIs of rq->json.
 * Its users are asked again if the URIs are others.
 *
 * Return NULL; or the error, which may be 422 with fields (oerr_field).
 */
const struct oerr *passport_owned_add(struct req *rq, const struct visitor *v,
    struct client *cl, char *secret);
const struct oerr *passport_owned_find(struct req *rq, const struct visitor *v,
    const char *id, struct client *cl);
const struct oerr *passport_owned_change(
    struct req *rq, const struct visitor *v, struct client *cl);

#endif
