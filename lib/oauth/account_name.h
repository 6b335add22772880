/* account_name.h: address and user name, by the account page. */
#ifndef CARNET_ACCOUNT_NAME_H
#define CARNET_ACCOUNT_NAME_H

struct oerr;
struct req;
struct view;

/* Acts (account_act.h): a link to the new address; a new user name, or none. */
const struct oerr *account_email_change(struct req *rq, struct view *w);
const struct oerr *account_login_change(struct req *rq, struct view *w);

#endif
