/* account_factor.h: the second factors on the account page. */
#ifndef CARNET_ACCOUNT_FACTOR_H
#define CARNET_ACCOUNT_FACTOR_H

struct oerr;
struct recovery;
struct req;
struct tmpl_data;
struct view;

/*
 * What the forms ask for (their field action): offer a new TOTP, add it, remove one,
 * make new recovery codes.  One that answers with a page of its own sets is_answered
 * in w.
 */
const struct oerr *account_totp_offer(struct req *rq, struct view *w);
const struct oerr *account_totp_add(struct req *rq, struct view *w);
const struct oerr *account_totp_remove(struct req *rq, struct view *w);
const struct oerr *account_new_codes(struct req *rq, struct view *w);

/* account_show_codes(rq, w, made): answer with them, on a page of their own. */
const struct oerr *account_show_codes(
    struct req *rq, struct view *w, const struct recovery *made);

/* account_show_factors(rq, d, w): put them to d; 0, or -1. */
int account_show_factors(
    struct req *rq, struct tmpl_data *d, const struct view *w);

#endif
