/* account_passkey.c: the passkeys on the account page. */
#include "account_passkey.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "account_factor.h"
#include "account_view.h"
#include "arena.h"
#include "conf.h"
#include "enrol_passkey.h"
#include "oerr.h"
#include "passkey.h"
#include "passkey_site.h"
#include "recovery.h"
#include "req.h"
#include "session.h"
#include "store_passkey.h"
#include "tmpl.h"

static const struct oerr *
refuse(struct view *w, const char *why)
{
	w->status = 422;
	w->error = why;
	w->is_idle = 1;
	return NULL;
}

const struct oerr *
account_passkey_offer(struct req *rq, struct view *w)
{
	(void)rq;
	w->is_idle = 1;
	w->notice = "It is you. Now add the passkey.";
	return NULL;
}

/* The page has the form for this only while the sign-in is fresh. */
const struct oerr *
account_passkey_add(struct req *rq, struct view *w)
{
	struct recovery made;
	const struct oerr *e;
	const char *why;

	if (rq->conf->second_factor == FACTOR_OFF)
		return refuse(w, "There are no passkeys here.");
	if (!session_is_fresh(rq, &w->v))
		return refuse(w, "You signed in too long ago, so no passkey was"
		    " added. Press the button once more.");
	if ((e = enrol_passkey(rq, &w->v, &why, &made)) != NULL)
		return e;
	if (why != NULL)
		return refuse(w, why);
	w->notice = rq->conf->password_sign_in
	    ? "The passkey is added. It signs you in alone, and is asked for"
	      " after your password."
	    : "The passkey is added. It is asked for after you have signed in"
	      " at the site.";
	e = made.n > 0 ? account_show_codes(rq, w, &made) : NULL;
	explicit_bzero(&made, sizeof(made));
	return e;
}

/* The number in the field id; 0 if there is none, which is no passkey's. */
static int64_t
read_id(const struct req *rq)
{
	const char *text = rq->param[PARAM_ID];
	const size_t len = text == NULL ? 0 : strlen(text);

	return len == 0 || len > 18 || strspn(text, "0123456789") != len
	    ? 0
	    : strtoll(text, NULL, 10);
}

const struct oerr *
account_passkey_rename(struct req *rq, struct view *w)
{
	const char *name = enrol_passkey_name(rq, NULL);
	int n;

	if (name == NULL)
		return refuse(w, "A passkey has a name of 1 to 60 characters.");
	n = store_passkey_rename(rq->st, w->v.user.id, read_id(rq), name);
	if (n < 0)
		return oerr_machine(rq);
	w->is_idle = n == 0;
	w->notice = "The passkey has its new name.";
	return NULL;
}

const struct oerr *
account_passkey_remove(struct req *rq, struct view *w)
{
	const struct oerr *e;
	int n = 0;

	e = enrol_passkey_delete(rq, &w->v, read_id(rq), &n);
	w->is_idle = n == 0;
	w->notice = "The passkey is removed. Delete it on your device, too.";
	return e;
}

static void
show_one(struct req *rq, struct tmpl_data *d, const struct passkey *p)
{
	struct tmpl_data *item = tmpl_push(d, "passkeys");

	tmpl_set(item, "id", arena_printf(rq->a, "%lld", (long long)p->id));
	tmpl_set(item, "name", p->name);
	tmpl_set(item, "synced", p->is_synced ? "1" : NULL);
	tmpl_set(item, "may_sync", p->may_sync ? "1" : NULL);
	account_set_time(rq->a, item, "created_at", p->created_at);
	account_set_time(rq->a, item, "last_used_at", p->last_used_at);
}

const struct oerr *
account_show_passkeys(
    struct req *rq, struct tmpl_data *d, const struct view *w)
{
	struct passkey *p = arena_alloc(rq->a, PASSKEYS_MAX * sizeof(*p));
	int n;

	if (rq->conf->second_factor == FACTOR_OFF)
		return NULL;
	n = store_passkey_list(rq->st, rq->a, w->v.user.id, p, PASSKEYS_MAX);
	if (n < 0)
		return oerr_machine(rq);
	for (int i = 0; i < n; i++)
		show_one(rq, d, &p[i]);
	tmpl_set(d, "passkeys_on", "1");
	if (!passkey_may_be(rq->conf))
		return NULL;
	tmpl_set(d, "passkeys_may_be", "1");
	return session_is_fresh(rq, &w->v)
	    ? passkey_offer(rq, &w->v, PASSKEY_MAKE, &w->v.user, d)
	    : NULL;
}
