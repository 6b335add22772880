/* vouched.c: a person whom another system vouches for becomes, or is, a user. */
#include "vouched.h"

#include <string.h>

#include "arena.h"
#include "conf.h"
#include "import.h"
#include "log.h"
#include "oerr.h"
#include "record.h"
#include "store_user.h"

/* A person, as the rules of an import read them. */
struct read {
	struct user user;
	unsigned has;	/* IMPORT_... */
};

/*
 * Read what p says.  Another system has rules of its own for names: what no user
 * can have here must not shut the person out, so that member is left out.  Return 0
 * if sub is none.
 */
static int
read_person(struct arena *a, const struct conf *cf, const struct person *p,
    int64_t now, struct read *out)
{
	const char *const said[][2] = {
		{ "sub", p->sub }, { "email", p->email }, { "name", p->name },
		{ "login", p->login }, { "groups", p->groups },
		{ "claims", p->claims },
		{ "email_verified", p->email_verified ? "true" : NULL },
	};
	struct record *r = arena_alloc(a, sizeof(*r));
	const char *why;

	if (p->sub == NULL)
		return 0;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		if (said[i][1] == NULL)
			continue;
		r->field[r->n].name = said[i][0];
		r->field[r->n++].value = said[i][1];
		why = import_user(cf, a, r, 0, now, &out->user, &out->has);
		if (why == NULL)
			continue;
		log_event("person %s: %s%s", oerr_shown(a, p->sub), why,
		    i == 0 ? "" : "; that is left out");
		if (i == 0)
			return 0;
		r->n--;
	}
	return import_user(cf, a, r, 0, now, &out->user, &out->has) == NULL;
}

/* Is there another user than u (0: anybody) with that address? */
static int
email_is_taken(struct store *st, struct arena *a, const char *email, int64_t u)
{
	struct user other;
	const int n = store_user_by_email(st, a, email, &other);

	return n == 1 ? other.id != u : n;
}

static int
login_is_taken(struct store *st, struct arena *a, const char *login, int64_t u)
{
	struct user other;
	const int n = store_user_by_login(st, a, login, &other);

	return n == 1 ? other.id != u : n;
}

/* Leave out an address and a user name that another user has; 0, or -1. */
static int
leave_taken(struct store *st, struct arena *a, struct read *in, int64_t u)
{
	const char *sub = in->user.subject;
	int n;

	if (in->has & IMPORT_EMAIL) {
		if ((n = email_is_taken(st, a, in->user.email, u)) < 0)
			return -1;
		if (n)
			log_event("person %s: the address is that of another"
			    " user; the old one stays", sub);
		if (n)
			in->has &= ~(IMPORT_EMAIL | IMPORT_VERIFIED);
	}
	if (in->has & IMPORT_LOGIN) {
		if ((n = login_is_taken(st, a, in->user.login, u)) < 0)
			return -1;
		if (n)
			log_event("person %s: the user name is that of another"
			    " user; it is left out", sub);
		if (n)
			in->has &= ~(unsigned)IMPORT_LOGIN;
	}
	return 0;
}

/*
 * Find the user by sub, or by the address where that may be.  A sub that is a number
 * is the id of its user: a user with another id, who is found by the address, is
 * found so each time.  Return 1, 0 (*end says more) or -1.
 */
static int
find(struct store *st, struct arena *a, const struct conf *cf, struct read *in,
    struct user *out, enum vouched *end)
{
	struct user *u = &in->user;
	int n;

	if ((n = store_user_by_subject(st, a, u->subject, out)) != 0)
		return n;
	if (!(in->has & IMPORT_EMAIL) ||
	    (n = store_user_by_email(st, a, u->email, out)) == 0) {
		*end = cf->login_create ? VOUCHED_NEW : VOUCHED_STRANGER;
		return 0;
	}
	if (n < 0)
		return -1;
	if (!cf->login_match_email || !(in->has & IMPORT_VERIFIED) ||
	    out->subject != NULL) {
		*end = VOUCHED_TAKEN;
		return 0;
	}
	if (u->id != 0 && u->id != out->id)
		in->has &= ~(unsigned)IMPORT_SUB;
	return 1;
}

/* Store a new user; 1, 0 if the number is another user's, or -1. */
static int
add(struct store *st, struct arena *a, struct read *in, struct user *out,
    enum vouched *end)
{
	struct user *u = &in->user;
	int n;

	if (leave_taken(st, a, in, 0) < 0)
		return -1;
	if (!(in->has & IMPORT_LOGIN))
		u->login = NULL;
	if ((n = import_meets_client(st, a, u)) < 0)
		return -1;
	n = n == 1 ? 0 : store_user_add(st, u);
	if (n == 0)
		*end = VOUCHED_NUMBER;
	*out = *u;
	return n;
}

/* The user is there: store what is new. */
static int
renew(struct store *st, struct arena *a, struct read *in, struct user *out,
    enum vouched *end)
{
	*end = out->disabled_at != 0 ? VOUCHED_DISABLED : VOUCHED_KNOWN;
	if (*end == VOUCHED_DISABLED)
		return 0;
	if (leave_taken(st, a, in, out->id) < 0)
		return -1;
	/* Stored texts and those of p live in a, as long as out. */
	return import_merge(out, &in->user, in->has)
	    ? store_user_replace(st, out)
	    : 1;
}

int
vouched_find(struct store *st, struct arena *a, const struct conf *cf,
    const struct person *p, int64_t now, struct user *out, enum vouched *end)
{
	struct read in;
	int n;

	*end = VOUCHED_BAD_SUB;
	if (!read_person(a, cf, p, now, &in))
		return 0;
	if ((n = find(st, a, cf, &in, out, end)) < 0)
		return -1;
	if (n == 1)
		return renew(st, a, &in, out, end);
	return *end == VOUCHED_NEW ? add(st, a, &in, out, end) : 0;
}

const char *
vouched_why(enum vouched end)
{
	static const char *const why[] = {
		[VOUCHED_KNOWN] = "known", [VOUCHED_NEW] = "new",
		[VOUCHED_STRANGER] = "unknown person, and login_create is no",
		[VOUCHED_TAKEN] = "the address is that of another user",
		[VOUCHED_NUMBER] = "sub is the number of another user",
		[VOUCHED_DISABLED] = "disabled user",
		[VOUCHED_BAD_SUB] = "sub is none that a user can have",
	};

	return why[end];
}
