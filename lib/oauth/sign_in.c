/* sign_in.c: from what somebody proved to a session, by one way or in two steps. */
#include "sign_in.h"

#include <string.h>

#include "acr.h"
#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "enrol_passkey.h"
#include "enrol_totp.h"
#include "factor.h"
#include "oerr.h"
#include "passkey.h"
#include "recovery.h"
#include "req.h"
#include "resp.h"
#include "session.h"
#include "site.h"
#include "store_factor.h"
#include "tmpl.h"
#include "trail.h"
#include "url.h"

enum acr
sign_in_wanted(struct req *rq, const char *to)
{
	const char *path = site_path(rq->conf, rq->a, SITE_AUTHORIZE);
	const char *query = strchr(to, '?');
	struct url_pair pair;
	size_t len;

	if (query == NULL || strlen(path) != (size_t)(query - to) ||
	    strncmp(path, to, strlen(path)) != 0)
		return ACR_NONE;
	query++;
	len = strlen(query);
	while (url_form_next(rq->a, &query, &len, &pair) == 1)
		if (strcmp(pair.name, "acr_values") == 0)
			return acr_least(pair.value);
	return ACR_NONE;
}

const struct oerr *
sign_in_go(struct req *rq, struct visitor *v, const struct user *u,
    const struct proof *p, const char *to)
{
	const struct conf *cf = rq->conf;
	const enum acr wanted = sign_in_wanted(rq, to);
	const int steps_up = cf->second_factor != FACTOR_OFF &&
	    wanted >= ACR_MFA && p->acr < wanted;
	const struct oerr *e;
	struct buf b;

	if (!factor_is_needed(cf, u, p) && !factor_is_missing(cf, u, p) &&
	    !steps_up) {
		e = session_sign_in(rq, v, u, p);
		return e != NULL ? e : resp_redirect(rq, to);
	}
	if ((e = session_sign_in_half(rq, v, u, p)) != NULL)
		return e;
	buf_init(&b, rq->a, 1024);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_LOGIN));
	url_query_add(&b, "return_to", to);
	return resp_redirect(rq, b.data);
}

static struct tmpl_data *
page(struct req *rq, struct visitor *v, const char *to, const char *title)
{
	struct tmpl_data *d = tmpl_data_new(rq->a);

	tmpl_set(d, "title", title);
	tmpl_set(d, "action", site_path(rq->conf, rq->a, SITE_LOGIN));
	tmpl_set(d, "csrf_token", v->csrf);
	tmpl_set(d, "return_to", to);
	tmpl_set(d, "email", store_user_label(&v->user));
	return d;
}

/* Who has no factor adds one now. */
static const struct oerr *
ask_to_enrol(struct req *rq, struct visitor *v, const char *to, int status,
    const char *why)
{
	struct tmpl_data *d = page(rq, v, to, "Add a second factor");
	const struct oerr *e;

	if ((e = enrol_offer(rq, &v->user, rq->param[PARAM_TOTP], d)) != NULL ||
	    (e = passkey_offer(rq, v, PASSKEY_MAKE, &v->user, d)) != NULL)
		return e;
	tmpl_set(d, "at_sign_in", "1");
	tmpl_set(d, "submit", "second");
	tmpl_set(d, "factor_name", rq->param[PARAM_NAME]);
	tmpl_set(d, "error", why);
	return resp_page(rq, status, "enrol.html", d);
}

/* Must a passkey verify its user, or is it enough that they have it? */
static enum passkey_ask
ask_of(struct req *rq, const char *to)
{
	return sign_in_wanted(rq, to) == ACR_PHR ? PASSKEY_AGAIN
						  : PASSKEY_SECOND;
}

const struct oerr *
sign_in_ask_second(struct req *rq, struct visitor *v, const char *to,
    int status, const char *why)
{
	struct totp *t = arena_alloc(rq->a, sizeof(*t));
	const int passkeys = passkey_count(rq, &v->user);
	const struct oerr *e;
	struct tmpl_data *d;
	int n, left;

	if (v->user.factors == 0)
		return ask_to_enrol(rq, v, to, status, why);
	if ((n = store_totp_list(rq->st, rq->a, v->user.id, t, 1)) < 0 ||
	    (left = store_recovery_left(rq->st, v->user.id)) < 0 ||
	    passkeys < 0)
		return oerr_machine(rq);
	d = page(rq, v, to, "Second step");
	if (passkeys > 0 &&
	    (e = passkey_offer(rq, v, ask_of(rq, to), &v->user, d)) != NULL)
		return e;
	tmpl_set(d, "has_totp", n > 0 ? "1" : NULL);
	tmpl_set(d, "has_recovery", left > 0 ? "1" : NULL);
	tmpl_set(d, "error", why);
	return resp_page(rq, status, "second.html", d);
}

/* A page of its own, as the codes are shown once. */
static const struct oerr *
show_codes(struct req *rq, struct visitor *v, const char *to,
    const struct recovery *made)
{
	struct tmpl_data *d = page(rq, v, to, "Recovery codes");

	recovery_show(made, d);
	return resp_page(rq, 200, "recovery.html", d);
}

static const struct oerr *
end(struct req *rq, struct visitor *v, struct proof *p, const char *to,
    const struct recovery *made)
{
	const struct oerr *e;

	p->at = rq->now;
	if ((e = session_sign_in(rq, v, &v->user, p)) != NULL)
		return e;
	return made->n > 0 ? show_codes(rq, v, to, made) : resp_redirect(rq, to);
}

static const struct oerr *
add_factor(struct req *rq, struct visitor *v, const char *to, const char **why)
{
	const int is_passkey = rq->param[PARAM_CREDENTIAL] != NULL;
	struct proof p = v->session.proof;
	struct recovery made;
	const struct oerr *e;

	e = is_passkey ? enrol_passkey(rq, v, why, &made)
		       : enrol_totp(rq, &v->user, why, &made);
	if (e != NULL || *why != NULL)
		return e;
	p.amr = arena_printf(
	    rq->a, "%s %s mfa", p.amr, is_passkey ? "pop user" : "otp");
	p.acr = ACR_MFA;
	e = end(rq, v, &p, to, &made);
	explicit_bzero(&made, sizeof(made));
	return e;
}

/* One of the user's passkeys, beside what they proved before. */
static const struct oerr *
check_passkey(
    struct req *rq, struct visitor *v, const char *to, struct proof *p)
{
	struct proof key;
	const struct oerr *e =
	    passkey_use(rq, v, ask_of(rq, to), &v->user, &key);

	if (e == NULL) {
		p->amr = arena_printf(rq->a, "%s %s", p->amr, key.amr);
		p->acr = key.acr;
	}
	return e;
}

const struct oerr *
sign_in_second(struct req *rq, struct visitor *v, const char *to,
    const char **why)
{
	const int is_passkey = rq->param[PARAM_CREDENTIAL] != NULL;
	struct proof p = v->session.proof;
	struct recovery none = { .n = 0 };
	const struct oerr *e;

	*why = NULL;
	if (v->user.credential != v->session.credential)
		return oerr_why(rq, &oerr_invalid_grant,
		    "password or factor changed since the first step");
	if (v->user.factors == 0)
		return add_factor(rq, v, to, why);
	e = is_passkey ? check_passkey(rq, v, to, &p)
		       : factor_check(rq, &v->user, &p);
	if (e == NULL)
		return end(rq, v, &p, to, &none);
	if (e->status == 400) {
		oerr_log(rq, e);
		*why = is_passkey ? passkey_told(e)
				  : "The code is wrong, or was used before.";
		return NULL;
	}
	return e;
}
