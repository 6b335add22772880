/* user.c: who signs in. */
#include "user.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "conf.h"
#include "hash.h"
#include "identity.h"
#include "log.h"
#include "oerr.h"
#include "passwd.h"
#include "process.h"
#include "req.h"
#include "store_user.h"
#include "throttle.h"
#include "user_int.h"

#define SEEN_S 60 /* seconds between two reads of all users */

int
user_find(
    struct store *st, struct arena *a, const char *form, struct user *out)
{
	return strchr(form, '@') != NULL
	    ? store_user_by_email(st, a, form, out)
	    : store_user_by_login(st, a, form, out);
}

/*
 * The password is right: store a new hash, in today's form.  A failure is logged
 * only.  The new hash replaces only the hash that the password was checked
 * against: else somebody who knows an old password, and signs in while it is
 * changed, would put it back.  If the row has another hash by now, that may be
 * the same password, renewed by another sign-in.
 */
const struct oerr *
user_renew_hash(
    struct req *rq, struct user *u, const char *password, int is_new)
{
	const char *hash = passwd_hash(rq->a, password);
	int n = hash == NULL ? -1
	    : is_new	     ? store_user_set_password(
				   rq->st, u->id, u->password, hash)
			     : store_user_renew_hash(
				   rq->st, u->id, u->password, hash);

	if (n == 1) {
		u->password = hash;
		u->credential += is_new;
		log_event("user %lld: password hash renewed",
		    (long long)u->id);
	}
	if (n != 0)
		return NULL;
	if (store_user_by_id(rq->st, rq->a, u->id, u) < 0)
		return oerr_machine(rq);
	return passwd_verify(password, u->password)
	    ? NULL
	    : oerr_why(rq, &oerr_invalid_grant, "password changed meanwhile");
}

/* What the hashes cost that users brought along, read at most once in SEEN_S. */
struct brought {
	struct hash_load load;
	int64_t read_at;
};

static const struct process_kind brought_kind = { .free = free, .of_conf = 1 };

static int
read_load(struct req *rq, struct hash_load *out)
{
	struct user_hashes *h =
	    arena_alloc(rq->a, HASH_LOAD_MAX * sizeof(*h));
	const int n = store_user_hashes(rq->st, rq->a, h, HASH_LOAD_MAX);

	out->n = 0;
	for (int i = 0; i < n; i++)
		hash_load_add(out, h[i].kind);
	return n;
}

/* Return it, or NULL. */
static const struct hash_load *
load_of(struct req *rq)
{
	struct brought *b = process_state(rq->pr, &brought_kind);

	if (b != NULL && b->read_at <= rq->now && rq->now < b->read_at + SEEN_S)
		return &b->load;
	if (b == NULL) {
		if ((b = calloc(1, sizeof(*b))) == NULL)
			err(111, "user");
		process_keep(rq->pr, &brought_kind, b);
	}
	if (read_load(rq, &b->load) < 0)
		return NULL;
	b->read_at = rq->now;
	return &b->load;
}

/*
 * The work of each refusal is the same, whether there is such a user or not.
 * Some users may still have a hash from elsewhere.  Then a refusal costs one hash
 * of ours and the dearest of each kind from elsewhere: else the time would tell
 * which accounts are old.  A sign-in that succeeds costs its own hash alone.  The
 * load is copied: other requests are served while this one hashes.
 */
const struct oerr *
user_refuse(struct req *rq, const char *password, const char *hash,
    const char *why)
{
	const struct hash_load *load = load_of(rq);
	struct hash_load *copy = arena_alloc(rq->a, sizeof(*copy));

	if (load == NULL)
		return oerr_machine(rq);
	*copy = *load;
	passwd_refuse(password, hash, copy);
	return oerr_why(rq, &oerr_invalid_grant, "%s", why);
}

static const struct oerr *
check_password(struct req *rq, const char *form, const char *password,
    struct user *out)
{
	const char *hash = NULL;
	int found = 0, fits;

	if (form != NULL &&
	    (found = user_find(rq->st, rq->a, form, out)) < 0)
		return oerr_machine(rq);
	if (found) {
		rq->trail.user = store_user_label(out);
		hash = out->password;
	}
	if ((fits = passwd_verify(password, hash)) == 0)
		return user_refuse(rq, password, hash,
		    found ? "wrong password" : "unknown user");
	if (out->disabled_at != 0)
		return user_refuse(rq, password, hash, "disabled user");
	return !out->hash_is_kept && (fits == 2 || passwd_is_stale(hash))
	    ? user_renew_hash(rq, out, password, 0)
	    : NULL;
}

/*
 * The name is counted in its one form: another spelling is the same account.
 * An address and a user name are counted apart: else one would tell that the
 * other belongs to the same person.
 */
const struct oerr *
user_authenticate(struct req *rq, const char *name, const char *password,
    struct user *out)
{
	const char *form = identity_any(rq->a, name);
	const struct oerr *e;
	struct attempt at;

	e = throttle_sign_in(rq, form == NULL ? name : form, &at);
	if (e != NULL)
		return e;
	e = rq->conf->password_check != NULL
	    ? user_elsewhere(rq, &at, form, password, out)
	    : check_password(rq, form, password, out);
	return throttle_end(rq, &at, e);
}

const struct oerr *
user_confirm(struct req *rq, const struct user *u,
    const struct digest *session, const char *password, const char *next,
    const char **hash)
{
	const struct oerr *e;
	struct attempt at;

	/* A form that was left empty is no guess, and costs no hash. */
	if (password == NULL)
		return oerr_why(rq, &oerr_invalid_grant, "no password");
	if ((e = throttle_session(rq, session, &at)) != NULL)
		return e;
	if (rq->conf->password_check != NULL)
		e = user_elsewhere_confirm(rq, &at, u, password);
	else if (!passwd_verify(password, u->password))
		e = oerr_why(rq, &oerr_invalid_grant, "wrong password");
	if (e == NULL && next != NULL &&
	    (e = throttle_turn(rq, &at)) == NULL &&
	    (*hash = passwd_hash(rq->a, next)) == NULL)
		e = oerr_why(rq, &oerr_server_error, "no password hash");
	return throttle_end(rq, &at, e);
}
