/* account.h: what the account page shows. */
#ifndef CARNET_ACCOUNT_H
#define CARNET_ACCOUNT_H

#include "session.h"
#include "store_outbox.h"
#include "store_token.h"

struct oerr;
struct req;

/* The field that an error is about. */
enum account_field {
	FIELD_NONE, FIELD_NAME, FIELD_EXPIRY, FIELD_CURRENT, FIELD_NEW,
	FIELD_EMAIL, FIELD_LOGIN,
};

/* One showing of the page. */
struct view {
	struct visitor v;
	int status;
	const char *notice, *error;
	enum account_field field;	/* that error is about */
	int is_idle;			/* there was nothing to take back */
	const char *hash;		/* of a new password */
	const char *login;		/* a new user name, or NULL: none */
	struct job notice_mail;		/* to the user; or none: letter.h */
	struct access_token row;	/* of a new token */
	int is_made;			/* it is stored: show jwt, once */
	char *jwt;
};

/*
 * account_show(rq, w):
 * Answer with the page.  Personal tokens are shown a page at a time, the newest
 * first: those behind the id in the parameter after, if there is one.
 */
const struct oerr *account_show(struct req *rq, const struct view *w);

#endif
