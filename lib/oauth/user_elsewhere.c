/* user_elsewhere.c: sign-in by a password that another program of the site's keeps. */
#include "user.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "oerr.h"
#include "passwd.h"
#include "precis.h"
#include "process.h"
#include "record.h"
#include "req.h"
#include "store.h"
#include "store_user.h"
#include "subject.h"
#include "throttle.h"
#include "url.h"
#include "user_int.h"
#include "verifier.h"
#include "vouched.h"

/* One sign-in. */
struct arrival {
	struct req *rq;
	struct attempt *at;
	const char *form, *password;
	struct user *u;		/* who form is here, and then who was let in */
	int is_found;
	const char *hash;	/* of who form is here, or NULL */
	struct record said;
	enum vouched end;
};

static int
ask(struct req *rq, struct attempt *at, const char *name,
    const char *password, struct record *said)
{
	throttle_rest(at);
	return rq->pr->verifier == NULL
	    ? -1
	    : verifier_ask(rq->pr->verifier, rq->a, name, password, said);
}

/*
 * Nobody can tell whether the password is right.  That is never "wrong".  It is a
 * guess all the same: else the stored hashes could be guessed at while there is no
 * answer.
 */
static const struct oerr *
unanswered(struct req *rq, struct attempt *at)
{
	at->is_guess = 1;
	return oerr_why(rq, &oerr_busy, "no answer from password_check");
}

/* Does the stored hash fit?  The same work is done if there is none. */
static const struct oerr *
check_stored(struct req *rq, struct attempt *at, const char *password,
    const char *hash, int *fits)
{
	const struct oerr *e = throttle_turn(rq, at);

	*fits = e == NULL ? passwd_verify(password, hash) : 0;
	return e;
}

/*
 * Without password_check_keep, no hash was looked at, whoever it is: there is no
 * work to make up for.
 */
static const struct oerr *
refuse(struct arrival *ar, const char *why)
{
	struct req *rq = ar->rq;
	const struct oerr *e;

	if (!rq->conf->password_check_keep)
		return oerr_why(rq, &oerr_invalid_grant, "%s", why);
	if ((e = throttle_turn(rq, ar->at)) != NULL)
		return e;
	return user_refuse(rq, ar->password, ar->hash, why);
}

/* The stored hash fits, in whatever spelling. */
static const struct oerr *
let_in_by_hash(struct arrival *ar, int fits)
{
	if (ar->u->disabled_at != 0)
		return user_refuse(
		    ar->rq, ar->password, ar->hash, "disabled user");
	return !ar->u->hash_is_kept && (fits == 2 || passwd_is_stale(ar->hash))
	    ? user_renew_hash(ar->rq, ar->u, ar->password, 0)
	    : NULL;
}

/* Return 503 after the work of a refusal: time tells no user's hash. */
static const struct oerr *
go_by_hash(struct arrival *ar)
{
	struct req *rq = ar->rq;
	const struct oerr *e;
	int fits = 0;

	if ((e = throttle_turn(rq, ar->at)) != NULL)
		return e;
	if (!rq->conf->password_check_keep)
		fits = passwd_verify(ar->password, ar->hash);
	if (fits)
		return let_in_by_hash(ar, fits);
	if ((e = user_refuse(rq, ar->password, ar->hash, "")) !=
	    &oerr_invalid_grant)
		return e;
	return unanswered(rq, ar->at);
}

/*
 * A verifier that gives no sub knows people by the name that was checked, as saslauthd
 * does.  So that name is their sub; it is ASCII (section 2 of OpenID Connect Core).
 */
static const char *
sub_of_name(struct arena *a, const char *form)
{
	struct buf b;

	if (precis_is_ascii(form, strlen(form)))
		return form;
	buf_init(&b, a, 256);
	url_encode(&b, form);
	return b.data;
}

/*
 * Of those who have no sub, whom an operator added here, the name says who it is.  It
 * does not of others: they may have changed theirs to that of somebody else.
 */
static int
find_by_name(struct store *st, struct arrival *ar, const char *sub)
{
	struct req *rq = ar->rq;
	int n = store_user_by_subject(st, rq->a, sub, ar->u);

	if (n != 0)
		return n < 0 ? n : 0;
	n = user_find(st, rq->a, ar->form, ar->u);
	if (n != 1 || ar->u->subject != NULL)
		return n < 0 ? n : 0;
	ar->end = ar->u->disabled_at != 0 ? VOUCHED_DISABLED : VOUCHED_KNOWN;
	return 1;
}

static int
arrive(struct store *st, void *ctx)
{
	struct arrival *ar = ctx;
	struct req *rq = ar->rq;
	const char *verified = record_get(&ar->said, "email_verified");
	const int is_address = strchr(ar->form, '@') != NULL;
	struct person p = {
		.sub = record_get(&ar->said, "sub"),
		.email = record_get(&ar->said, "email"),
		.name = record_get(&ar->said, "name"),
		.groups = record_get(&ar->said, "groups"),
		.login = is_address ? NULL : ar->form,
		.email_verified = verified != NULL &&
		    strcmp(verified, "true") == 0,
	};
	int n;

	if (p.email == NULL && is_address)
		p.email = ar->form;
	if (p.sub == NULL) {
		p.sub = sub_of_name(rq->a, ar->form);
		if ((n = find_by_name(st, ar, p.sub)) != 0)
			return n;
	}
	return vouched_find(st, rq->a, rq->conf, &p, rq->now, ar->u, &ar->end);
}

/* Keep a hash of what was found right. */
static const struct oerr *
keep_hash(struct arrival *ar)
{
	struct req *rq = ar->rq;
	const int was_checked =
	    ar->hash != NULL && strcmp(ar->hash, ar->u->password) == 0;

	if (!rq->conf->password_check_keep || throttle_turn(rq, ar->at) != NULL)
		return NULL; /* the next time, if too many hash now */
	if (!was_checked && passwd_verify(ar->password, ar->u->password) == 1)
		return NULL;
	return user_renew_hash(rq, ar->u, ar->password,
	    strcmp(ar->u->password, PASSWD_NONE) != 0);
}

static const struct oerr *
let_in(struct arrival *ar)
{
	struct req *rq = ar->rq;
	struct user *old = arena_alloc(rq->a, sizeof(*old));

	*old = *ar->u; /* a refusal leaves it */
	if (store_write(rq->st, arrive, ar) < 0)
		return oerr_machine(rq);
	if (!vouched_is_in(ar->end)) {
		*ar->u = *old;
		return refuse(ar, vouched_why(ar->end));
	}
	rq->trail.user = store_user_label(ar->u);
	return keep_hash(ar);
}

const struct oerr *
user_elsewhere(struct req *rq, struct attempt *at, const char *form,
    const char *password, struct user *out)
{
	struct arrival *ar = arena_alloc(rq->a, sizeof(*ar));
	const struct oerr *e;
	int fits;

	*ar = (struct arrival) { .rq = rq, .at = at, .form = form,
		.password = password, .u = out };
	if (form != NULL &&
	    (ar->is_found = user_find(rq->st, rq->a, form, out)) < 0)
		return oerr_machine(rq);
	if (ar->is_found) {
		rq->trail.user = store_user_label(out);
		ar->hash = out->password;
	}
	if (rq->conf->password_check_keep) {
		e = check_stored(rq, at, password, ar->hash, &fits);
		if (e != NULL || fits)
			return e != NULL ? e : let_in_by_hash(ar, fits);
	}
	if (form == NULL)
		return refuse(ar, "a name that no user can have");
	switch (ask(rq, at, form, password, &ar->said)) {
	case 1:
		return let_in(ar);
	case 0:
		return refuse(ar, "wrong password, by password_check");
	default:
		return go_by_hash(ar);
	}
}

/*
 * Which of their names the verifier knows is not stored, so all are tried: they are
 * the user's own.  Return as verifier_ask.
 */
static int
ask_by_names(struct req *rq, struct attempt *at, const struct user *u,
    const char *password)
{
	const char *const names[] = { u->login, u->email,
		u->login == NULL && u->email == NULL ? u->subject : NULL };
	struct record *said = arena_alloc(rq->a, sizeof(*said));
	const char *sub;
	int rc = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i] == NULL)
			continue;
		rc = ask(rq, at, names[i], password, said);
		sub = record_get(said, "sub");
		if (rc == 1 && sub != NULL && u->subject != NULL &&
		    strcmp(sub, u->subject) != 0)
			rc = 0; /* the name is somebody else's there */
		if (rc != 0)
			break;
	}
	return rc;
}

const struct oerr *
user_elsewhere_confirm(struct req *rq, struct attempt *at, const struct user *u,
    const char *password)
{
	const int keeps = rq->conf->password_check_keep;
	const struct oerr *e = NULL;
	int fits = 0, rc;

	if (keeps)
		e = check_stored(rq, at, password, u->password, &fits);
	if (e != NULL || fits)
		return e;
	rc = ask_by_names(rq, at, u, password);
	if (rc < 0 && !keeps)
		e = check_stored(rq, at, password, u->password, &fits);
	if (e != NULL || fits || rc == 1)
		return e;
	return rc < 0 ? unanswered(rq, at)
		      : oerr_why(rq, &oerr_invalid_grant,
			    "wrong password, by password_check");
}
