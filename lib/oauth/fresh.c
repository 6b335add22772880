/* fresh.c: some acts want a sign-in of the last fresh_ttl. */
#include "fresh.h"

#include <string.h>

#include "buf.h"
#include "conf.h"
#include "factor.h"
#include "oerr.h"
#include "passkey.h"
#include "passwd.h"
#include "req.h"
#include "resp.h"
#include "session.h"
#include "site.h"
#include "tmpl.h"
#include "url.h"
#include "user.h"

#define TOO_MANY \
    "Too many attempts have failed. Wait some minutes, and try again."

/* Check what was sent; *wrong is what a refusal is told, or NULL: nothing was sent. */
static const struct oerr *
check(struct req *rq, struct visitor *v, const char **wrong)
{
	const char *password = rq->param[PARAM_CURRENT_PASSWORD], *hash;
	const int has_factors = rq->conf->second_factor != FACTOR_OFF;
	struct proof p = v->session.proof;
	const struct oerr *e;

	*wrong = NULL;
	if (password != NULL) {
		*wrong = "The password is wrong.";
		return user_confirm(rq, &v->user, &v->session.digest, password,
		    NULL, &hash);
	}
	if (has_factors && rq->param[PARAM_CREDENTIAL] != NULL) {
		e = passkey_use(rq, v, PASSKEY_AGAIN, &v->user, &p);
		*wrong = passkey_told(e);
		return e;
	}
	if (!has_factors || factor_sent(rq) == NULL)
		return NULL;
	*wrong = "The code is wrong, or was used before.";
	return factor_check(rq, &v->user, &p);
}

const struct oerr *
fresh_prove(struct req *rq, struct visitor *v, const char **why)
{
	const char *wrong;
	const struct oerr *e = check(rq, v, &wrong);

	*why = wrong == NULL ? "" : NULL;
	if (wrong == NULL)
		return NULL;
	if (e == NULL)
		return session_confirm(rq, v);
	if (e->status >= 500)
		return e;
	oerr_log(rq, e);
	*why = e == &oerr_throttled ? TOO_MANY : wrong;
	return NULL;
}

/* A parameter as a hidden field; of check boxes all words in one. */
static void
carry(struct req *rq, struct tmpl_data *d, enum param p)
{
	struct tmpl_data *item;

	if (rq->param[p] == NULL)
		return;
	item = tmpl_push(d, "params");
	tmpl_set(item, "name", param_name(p));
	tmpl_set(item, "value", rq->param[p]);
}

/*
 * Who has nothing to prove it with here signs in anew: where the site signs people in,
 * it must ask them, too.
 */
static const char *
sign_in_url(struct req *rq, const char *action)
{
	const char *to = rq->param[PARAM_RETURN_TO];
	struct buf b;

	buf_init(&b, rq->a, 1024);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_LOGIN));
	url_query_add(&b, "prompt", "login");
	url_query_add(&b, "return_to", to == NULL ? action : to);
	return b.data;
}

const struct oerr *
fresh_ask(struct req *rq, struct visitor *v, const char *action,
    const enum param *carried, size_t n, const char *why)
{
	const struct user *u = &v->user;
	const int has_password = rq->conf->password_check != NULL ||
	    strcmp(u->password, PASSWD_NONE) != 0;
	const int passkeys = passkey_count(rq, u);
	const int has_factor = rq->conf->second_factor != FACTOR_OFF &&
	    u->factors > passkeys;
	struct tmpl_data *d = tmpl_data_new(rq->a);
	const int is_late = why != NULL && strcmp(why, TOO_MANY) == 0;
	const struct oerr *e;

	if (passkeys < 0)
		return oerr_machine(rq);
	if (passkeys > 0 &&
	    (e = passkey_offer(rq, v, PASSKEY_AGAIN, u, d)) != NULL)
		return e;
	for (size_t i = 0; i < n; i++)
		carry(rq, d, carried[i]);
	tmpl_set(d, "title", "Confirm that it is you");
	tmpl_set(d, "action", action);
	tmpl_set(d, "csrf_token", v->csrf);
	tmpl_set(d, "email", store_user_label(u));
	tmpl_set(d, "error", why);
	tmpl_set(d, "has_password", has_password ? "1" : NULL);
	tmpl_set(d, "has_factor", has_factor ? "1" : NULL);
	tmpl_set(d, "can_prove", has_password || has_factor ? "1" : NULL);
	tmpl_set(d, "sign_in_again",
	    has_password || u->factors > 0 ? NULL : "1");
	tmpl_set(d, "login_url", sign_in_url(rq, action));
	return resp_page(rq,
	    is_late				? 429
		: why != NULL && *why != '\0' ? 422
						: 200,
	    "fresh.html", d);
}

const char *
fresh_url(struct req *rq, const char *to)
{
	struct buf b;

	buf_init(&b, rq->a, 1024);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_LOGIN));
	url_query_add(&b, "action", FRESH_ACTION);
	url_query_add(&b, "return_to", to);
	return b.data;
}
