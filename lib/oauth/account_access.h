/* account_access.h: who acts for the user: the acts of the account page on them. */
#ifndef CARNET_ACCOUNT_ACCESS_H
#define CARNET_ACCOUNT_ACCESS_H

struct oerr;
struct req;
struct view;

/*
 * Acts (account_act.h): disconnect an app; make a personal token, revoke one; sign out
 * one other browser of the user, or all others.
 */
const struct oerr *account_app_revoke(struct req *rq, struct view *w);
const struct oerr *account_token_add(struct req *rq, struct view *w);
const struct oerr *account_token_revoke(struct req *rq, struct view *w);
const struct oerr *account_session_end(struct req *rq, struct view *w);
const struct oerr *account_sessions_end(struct req *rq, struct view *w);

#endif
