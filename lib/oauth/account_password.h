/* account_password.h: a new password, by the account page. */
#ifndef CARNET_ACCOUNT_PASSWORD_H
#define CARNET_ACCOUNT_PASSWORD_H

struct oerr;
struct req;
struct view;

/*
 * An act (account_act.h).  It needs the current password, however fresh the sign-in is:
 * who finds the browser open cannot shut its user out.
 */
const struct oerr *account_password_change(struct req *rq, struct view *w);

#endif
