/* account_factor.c: the second factors on the account page. */
#include "account_factor.h"

#include <string.h>

#include "account_view.h"
#include "arena.h"
#include "conf.h"
#include "enrol.h"
#include "enrol_totp.h"
#include "oerr.h"
#include "recovery.h"
#include "req.h"
#include "resp.h"
#include "site.h"
#include "store_factor.h"
#include "tmpl.h"
#include "trail.h"

static struct tmpl_data *
page(struct req *rq, const struct view *w, const char *title)
{
	struct tmpl_data *d = tmpl_data_new(rq->a);

	tmpl_set(d, "title", title);
	tmpl_set(d, "action", site_path(rq->conf, rq->a, SITE_ACCOUNT));
	tmpl_set(d, "csrf_token", w->v.csrf);
	tmpl_set(d, "email", store_user_label(&w->v.user));
	/* Without a fragment: the page that has the link is of the same URL. */
	tmpl_set(d, "return_to", site_path(rq->conf, rq->a, SITE_ACCOUNT));
	return d;
}

static const struct oerr *
offer(struct req *rq, struct view *w, int status, const char *why)
{
	struct tmpl_data *d = page(rq, w, "Add an authenticator app");
	const struct oerr *e;

	if ((e = enrol_offer(rq, &w->v.user, rq->param[PARAM_TOTP], d)) != NULL)
		return e;
	tmpl_set(d, "submit", "add_totp");
	tmpl_set(d, "factor_name", rq->param[PARAM_NAME]);
	tmpl_set(d, "error", why);
	w->is_answered = 1;
	return resp_page(rq, status, "enrol.html", d);
}

const struct oerr *
account_totp_offer(struct req *rq, struct view *w)
{
	w->is_idle = 1;
	return offer(rq, w, 200, NULL);
}

/* They are shown once. */
const struct oerr *
account_show_codes(struct req *rq, struct view *w, const struct recovery *made)
{
	struct tmpl_data *d = page(rq, w, "Recovery codes");

	recovery_show(made, d);
	w->is_answered = 1;
	return resp_page(rq, 200, "recovery.html", d);
}

const struct oerr *
account_totp_add(struct req *rq, struct view *w)
{
	struct recovery made;
	const struct oerr *e;
	const char *why;

	if ((e = enrol_totp(rq, &w->v.user, &why, &made)) != NULL)
		return e;
	if (why != NULL) {
		w->is_idle = 1;
		return offer(rq, w, 422, why);
	}
	w->notice = "The app is added. From now on its codes are asked for when"
		    " you sign in.";
	e = made.n > 0 ? account_show_codes(rq, w, &made) : NULL;
	explicit_bzero(&made, sizeof(made));
	return e;
}

const struct oerr *
account_totp_remove(struct req *rq, struct view *w)
{
	const char *text = rq->param[PARAM_ID];
	const struct oerr *e;
	struct id id;
	int n = 0;

	if (text != NULL && id_read(text, &id) &&
	    (e = enrol_totp_delete(rq, &w->v.user, &id, &n)) != NULL)
		return e;
	w->is_idle = n == 0;
	w->notice = "The app is removed.";
	return NULL;
}

const struct oerr *
account_new_codes(struct req *rq, struct view *w)
{
	struct recovery made;
	const struct oerr *e;

	if (w->v.user.factors == 0) {
		w->is_idle = 1;
		w->status = 422;
		w->error = "Recovery codes are for who has a second factor.";
		return NULL;
	}
	if ((e = enrol_recovery(rq, &w->v.user, &made)) != NULL)
		return e;
	e = account_show_codes(rq, w, &made);
	explicit_bzero(&made, sizeof(made));
	return e;
}

int
account_show_factors(
    struct req *rq, struct tmpl_data *d, const struct view *w)
{
	struct totp *t = arena_alloc(rq->a, TOTPS_MAX * sizeof(*t));
	struct tmpl_data *item;
	int n, left;

	if (rq->conf->second_factor == FACTOR_OFF)
		return 0;
	n = store_totp_list(rq->st, rq->a, w->v.user.id, t, TOTPS_MAX);
	left = store_recovery_left(rq->st, w->v.user.id);
	for (int i = 0; i < n; i++) {
		item = tmpl_push(d, "totps");
		tmpl_set(item, "id", id_text(rq->a, &t[i].id));
		tmpl_set(item, "name", t[i].name);
		account_set_time(rq->a, item, "created_at", t[i].created_at);
		account_set_time(rq->a, item, "last_used_at", t[i].last_used_at);
	}
	tmpl_set(d, "factors_on", "1");
	if (w->v.user.factors > 0)
		tmpl_set(d, "recovery_left", arena_printf(rq->a, "%d", left));
	return n < 0 || left < 0 ? -1 : 0;
}
