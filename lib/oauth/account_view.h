/* account_view.h: one showing of the account page. */
#ifndef CARNET_ACCOUNT_VIEW_H
#define CARNET_ACCOUNT_VIEW_H

#include "session.h"
#include "store_outbox.h"
#include "store_token.h"

struct arena;
struct tmpl_data;

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
	int is_idle;			/* nothing was changed */
	int is_answered;		/* by a page of its own */
	const char *hash;		/* of a new password */
	const char *login;		/* a new user name, or NULL: none */
	struct job notice_mail;		/* to the user; or none: letter.h */
	struct access_token row;	/* of a new token */
	int is_made;			/* it is stored: show jwt, once */
	char *jwt;
};

/*
 * account_set_time(a, d, name, t):
 * Put the time t as two names: NAME for people, in UTC, and NAME_iso for the page's
 * script, which shows the reader's own time.  A time of 0 means never: nothing is
 * set.
 */
void account_set_time(
    struct arena *a, struct tmpl_data *d, const char *name, int64_t t);

#endif
