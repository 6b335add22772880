/* account_passkey.h: the passkeys on the account page. */
#ifndef CARNET_ACCOUNT_PASSKEY_H
#define CARNET_ACCOUNT_PASSKEY_H

struct oerr;
struct req;
struct tmpl_data;
struct view;

/*
 * What the forms ask for (their field action): show the page again, now that the
 * sign-in is fresh; add a passkey, name one, remove one.  One that answers with a page
 * of its own sets is_answered in w.
 */
const struct oerr *account_passkey_offer(struct req *rq, struct view *w);
const struct oerr *account_passkey_add(struct req *rq, struct view *w);
const struct oerr *account_passkey_rename(struct req *rq, struct view *w);
const struct oerr *account_passkey_remove(struct req *rq, struct view *w);

/* account_show_passkeys(rq, d, w): put them to d; NULL, or the error. */
const struct oerr *account_show_passkeys(
    struct req *rq, struct tmpl_data *d, const struct view *w);

#endif
