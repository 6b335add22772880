/* account.h: what the account page shows. */
#ifndef CARNET_ACCOUNT_H
#define CARNET_ACCOUNT_H

struct oerr;
struct req;
struct view;

/*
 * account_show(rq, w):
 * Answer with the page.  Personal tokens are shown a page at a time, the newest
 * first: those behind the id in the parameter after, if there is one.
 */
const struct oerr *account_show(struct req *rq, const struct view *w);

#endif
