/* account_password.c: a new password, by the account page. */
#include "account_password.h"

#include "account_act.h"
#include "arena.h"
#include "conf.h"
#include "letter.h"
#include "notice.h"
#include "oerr.h"
#include "password.h"
#include "req.h"
#include "session.h"
#include "user.h"

#define WRONG_PASSWORD "The current password is wrong."

/*
 * A new password needs the current one, however fresh the sign-in is.  If this returns
 * NULL and w->error is set, that says what went wrong.
 */
static const struct oerr *
ask_password(struct req *rq, struct view *w, const char *next)
{
	const struct oerr *e = user_confirm(rq, &w->v.user,
	    &w->v.session.digest, rq->param[PARAM_CURRENT_PASSWORD], next,
	    &w->hash);

	if (e == NULL || e->status >= 500)
		return e;
	oerr_log(rq, e);
	if (e != &oerr_throttled)
		return account_refuse(w, FIELD_CURRENT, WRONG_PASSWORD);
	account_refuse(w, FIELD_CURRENT,
	    "Too many attempts have failed. Wait some minutes, and try again.");
	w->status = 429;
	return NULL;
}

static int
change_password_step(struct req *rq, struct view *w)
{
	/* Of two changes at once the second does not know the password. */
	const int n = user_set_password(rq->st, &w->v.user, w->hash,
	    &w->v.session.digest, rq->now);

	if (n == 0)
		account_refuse(w, FIELD_CURRENT, WRONG_PASSWORD);
	if (n != 1)
		return n;
	if (letter_add(rq, &w->notice_mail) < 0)
		return -1;
	w->notice = "The password is changed. Other browsers are signed out,"
		    " and apps have to ask again. Personal tokens stay: look"
		    " through them below.";
	return 1;
}

const struct oerr *
account_password_change(struct req *rq, struct view *w)
{
	const char *next = rq->param[PARAM_NEW_PASSWORD], *why;
	const struct oerr *e;

	if (!rq->conf->password_sign_in)
		return account_refuse(w, FIELD_NONE,
		    "You sign in at the site: your password is changed there.");
	/* One that is stored here would stand beside that one, or be ignored. */
	if (rq->conf->password_check != NULL)
		return account_refuse(w, FIELD_NONE,
		    "Your password is kept by another system of this site:"
		    " change it there.");
	if (next == NULL)
		return account_refuse(w, FIELD_NEW, "Give a new password.");
	if ((why = password_refusal(
		 rq->conf, rq->a, next, &w->v.user)) != NULL)
		return account_refuse(w, FIELD_NEW, arena_printf(rq->a,
		    "This password will not do: %s.", why));
	/*
	 * Both hashes are made before the database is locked, as they take
	 * long.
	 */
	if ((e = ask_password(rq, w, next)) != NULL || w->error != NULL)
		return e;
	notice_make(rq, &w->v.user, "password", NULL, &w->notice_mail);
	return account_write(rq, w, change_password_step);
}
