/* account_act.h: what all acts of the account page share. */
#ifndef CARNET_ACCOUNT_ACT_H
#define CARNET_ACCOUNT_ACT_H

#include "account_view.h"

struct oerr;
struct req;

/*
 * An act is what a form of the page asks for, in its field action.  It answers on the
 * page, by notice or error in w, and returns NULL or an error.
 *
 * account_refuse(w, at, why):
 * The page is shown again (422), with why at the field.  Return NULL.
 *
 * account_write(rq, w, step):
 * Run step, which returns a count or -1, as a step of store_write.  If the user was
 * signed out since the request came, nothing is done: else somebody whom a new password
 * shuts out could keep a token that was being made.
 */
const struct oerr *account_refuse(
    struct view *w, enum account_field at, const char *why);
const struct oerr *account_write(struct req *rq, struct view *w,
    int (*step)(struct req *rq, struct view *w));

#endif
