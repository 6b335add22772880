/* passport_given.h: tokens that a user gave, as the JSON of Laravel Passport 12. */
#ifndef CARNET_PASSPORT_GIVEN_H
#define CARNET_PASSPORT_GIVEN_H

struct oerr;
struct req;
struct visitor;

/*
 * passport_given_list(rq, v, is_personal):
 * Answer with the visitor's live tokens: those of apps, or the personal ones.
 *
 * passport_given_end(rq, v, text):
 * Revoke the token of the visitor whose id, here or in Passport, is text, and its
 * refresh token.
 *
 * passport_given_add(rq, v):
 * Make the personal token that rq->json asks for, and answer with it.
 *
 * Return NULL; or the error, which may be 422 with fields (oerr_field).
 */
const struct oerr *passport_given_list(
    struct req *rq, const struct visitor *v, int is_personal);
const struct oerr *passport_given_end(
    struct req *rq, const struct visitor *v, const char *text);
const struct oerr *passport_given_add(struct req *rq, const struct visitor *v);

#endif
