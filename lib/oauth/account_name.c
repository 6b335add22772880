/* account_name.c: address and user name, by the account page. */
#include "account_name.h"

#include <string.h>

#include "account_act.h"
#include "identity.h"
#include "letter.h"
#include "link.h"
#include "notice.h"
#include "oerr.h"
#include "req.h"
#include "store_user.h"

/*
 * The address changes when the link that is sent there is opened.  Whether another
 * user has it, the page does not tell: link.h.
 */
const struct oerr *
account_email_change(struct req *rq, struct view *w)
{
	const char *typed = rq->param[PARAM_EMAIL];
	struct link l = { .kind = "email", .user = w->v.user.id,
		.credential = w->v.user.credential };
	const struct oerr *e;

	if (!letter_is_set_up(rq->conf))
		return account_refuse(w, FIELD_EMAIL, "This site sends no mail.");
	l.email = typed == NULL ? NULL : identity_email(rq->a, typed);
	if (l.email == NULL)
		return account_refuse(w, FIELD_EMAIL,
		    "Give an e-mail address, like name@example.org.");
	if (w->v.user.email != NULL && strcmp(l.email, w->v.user.email) == 0)
		return account_refuse(w, FIELD_EMAIL, "This is your address already.");
	if ((e = link_allow(rq)) == &oerr_too_many) {
		oerr_log(rq, e);
		account_refuse(w, FIELD_EMAIL, "Too many mails were asked for from"
		    " where you are. Try again in an hour.");
		w->status = 429;
		return NULL;
	}
	if (e != NULL || (e = link_ask(rq, &l)) != NULL)
		return e;
	w->notice = "A mail is on its way to the new address. Open the link in"
		    " it: until then the address stays as it is.";
	return NULL;
}

static int
change_login_step(struct req *rq, struct view *w)
{
	const int n =
	    store_user_set_login(rq->st, w->v.user.id, w->login);

	if (n == 0)
		account_refuse(w, FIELD_LOGIN, "Another user has this name.");
	if (n != 1)
		return n;
	if (letter_add(rq, &w->notice_mail) < 0)
		return -1;
	w->v.user.login = w->login;
	w->notice = w->login == NULL ? "You have no user name any more."
				     : "Your user name is changed.";
	return 1;
}

/* A name that is empty is none; who has no address needs one. */
const struct oerr *
account_login_change(struct req *rq, struct view *w)
{
	const char *typed = rq->param[PARAM_LOGIN];

	if (typed != NULL || w->v.user.email == NULL)
		w->login = typed == NULL ? NULL : identity_login(rq->a, typed);
	if (w->login == NULL && (typed != NULL || w->v.user.email == NULL))
		return account_refuse(w, FIELD_LOGIN, "A user name has 1 to 64 letters,"
		    " digits or signs, without spaces and @.");
	notice_make(rq, &w->v.user, "login",
	    w->login == NULL ? "none" : w->login, &w->notice_mail);
	return account_write(rq, w, change_login_step);
}
