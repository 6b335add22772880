/* vouched.h: a person whom another system vouches for becomes, or is, a user. */
#ifndef CARNET_VOUCHED_H
#define CARNET_VOUCHED_H

#include <stdint.h>

struct arena;
struct conf;
struct store;
struct user;

/* A person as another system describes them.  A NULL member was not sent. */
struct person {
	const char *sub;	/* its own id of the person */
	const char *email, *name;
	const char *login;	/* the user name */
	const char *groups;	/* words */
	const char *claims;	/* a JSON object */
	int email_verified;	/* the address is theirs: it says so */
};

/* The result for a person. */
enum vouched {
	VOUCHED_KNOWN,	  /* they are a user */
	VOUCHED_NEW,	  /* they became one */
	VOUCHED_STRANGER, /* they are none, and login_create is no */
	VOUCHED_TAKEN,	  /* their address is that of another user */
	VOUCHED_NUMBER,	  /* sub is a number, and that of another user */
	VOUCHED_DISABLED, /* they are a user, who is disabled */
	VOUCHED_BAD_SUB,  /* sub is none that a user can have */
};

/* vouched_is_in(end): return 1 if the person may go on. */
static inline int
vouched_is_in(enum vouched end)
{
	return end == VOUCHED_KNOWN || end == VOUCHED_NEW;
}

/*
 * vouched_find(st, a, cf, p, now, out, end):
 * Within a write transaction, find the user who is p, or make one of p, and fill
 * out; *end says what became of p.  A user is known by sub alone.  An address that
 * another user has never makes p that user, unless login_match_email is set, the
 * address is verified, and no other sub belongs to that user.  What p says and the
 * user does not have yet is stored.  What no user can have (a malformed address, a
 * user name or address of another user) is left out, and logged.  Return 1 if p may
 * go on; 0 if not; -1 on a database error, logged.
 */
int vouched_find(struct store *st, struct arena *a, const struct conf *cf,
    const struct person *p, int64_t now, struct user *out, enum vouched *end);

/* vouched_why(end): the reason for the log, for an end that is not in. */
const char *vouched_why(enum vouched end);

#endif
