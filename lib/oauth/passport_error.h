/* passport_error.h: errors as clients of Laravel Passport 12 know them. */
#ifndef CARNET_PASSPORT_ERROR_H
#define CARNET_PASSPORT_ERROR_H

struct oerr;
struct req;

/*
 * passport_error(rq, e):
 * Return the error to answer a token request with, in the place of e: with
 * passport_compat the one that Passport 12 answers with, where an app may act on its
 * status or its code; else e.
 */
const struct oerr *passport_error(struct req *rq, const struct oerr *e);

#endif
