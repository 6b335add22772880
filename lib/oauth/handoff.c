/* handoff.c: the site signs its people in, and vouches for them with a ticket. */
#include "handoff.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "crypto.h"
#include "detour.h"
#include "keys_login.h"
#include "oerr.h"
#include "process.h"
#include "req.h"
#include "resp.h"
#include "session.h"
#include "sign_in.h"
#include "site.h"
#include "store.h"
#include "store_used.h"
#include "ticket.h"
#include "url.h"
#include "vouched.h"
#include "words.h"

/* What a person reads.  Why it is so is for the log and the operator. */
static const char
    no_ticket[] = "The site sent you here without a word about who you are."
		  " Sign in again.",
    wrong[] = "The site vouched for you in a way that is not understood here."
	      " Please tell whoever runs it.",
    late[] = "Coming back from the site took too long. Sign in again.",
    used[] = "This sign-in was used before. Sign in again.",
    not_this_browser[] = "This sign-in was not begun in this browser, or more"
			 " than an hour ago, or your browser keeps no cookies."
			 " Sign in again.",
    not_anew[] = "The app wants you to sign in anew, and the site did not ask"
		 " you to. Sign out there, then sign in again.",
    meanwhile[] = "Your account was changed meanwhile. Sign in again.";

/* Of those that vouched.h does not let in. */
static const char *const stay_out[] = {
	[VOUCHED_STRANGER] = "You are signed in at the site, but you have no"
			     " account here. Ask whoever runs it for one.",
	[VOUCHED_TAKEN] = "Another account here has your e-mail address. Please"
			  " tell whoever runs this site.",
	[VOUCHED_NUMBER] = "Another account here has your number. Please tell"
			   " whoever runs this site.",
	[VOUCHED_DISABLED] = "Your account here is closed. Ask whoever runs this"
			     " site.",
	[VOUCHED_BAD_SUB] = "The site vouched for you in a way that is not"
			    " understood here. Please tell whoever runs it.",
};

static const struct oerr *
refuse(struct req *rq, const struct oerr *e, const char *text, const char *why)
{
	return oerr_why(rq, oerr_say(rq, e, "%s", text), "ticket: %s", why);
}

/*
 * Since when the sign-in must be made, by the parameters: since now under prompt=login,
 * which max_age=0 is too (OpenID Connect Core section 3.1.2.1).  0: at any time.
 */
static int64_t
wanted_since(const struct req *rq)
{
	const char *age = rq->param[PARAM_MAX_AGE];
	int64_t max_age;

	if (words_have(rq->param[PARAM_PROMPT], "login"))
		return rq->now;
	if (age == NULL || strspn(age, "0123456789") != strlen(age) ||
	    conf_time(age, &max_age) < 0 || max_age >= rq->now)
		return 0;
	return rq->now - max_age;
}

/* What the site is asked for, beside who it is. */
static void
add_wishes(struct req *rq, struct buf *b, const struct detour *dt)
{
	if (dt->since == rq->now)
		url_query_add(b, "prompt", "login");
	else if (dt->since != 0)
		url_query_add(b, "max_age", arena_printf(rq->a, "%lld",
		    (long long)(rq->now - dt->since)));
	if (rq->param[PARAM_EMAIL] != NULL)
		url_query_add(b, "login_hint", rq->param[PARAM_EMAIL]);
	/* A ticket can say no more than mfa; a passkey is asked for here. */
	if (sign_in_wanted(rq, dt->to) == ACR_MFA)
		url_query_add(b, "acr_values", acr_name(ACR_MFA));
}

const struct oerr *
handoff_begin(struct req *rq, const char *to)
{
	const struct detour dt = { .to = to, .since = wanted_since(rq) };
	const char *state;
	struct buf b;

	if ((state = detour_begin(rq, &dt)) == NULL)
		return oerr_why(rq,
		    oerr_say(rq, &oerr_invalid_request,
			"What the app asks for is too long to be remembered while"
			" you sign in."),
		    "the way back is too long for a cookie");
	buf_init(&b, rq->a, 1024);
	buf_str(&b, rq->conf->login_url);
	url_query_add(&b, "state", state);
	url_query_add(&b, "return_to",
	    arena_printf(rq->a, "%s/return",
		site_url(rq->conf, rq->a, SITE_LOGIN)));
	add_wishes(rq, &b, &dt);
	return resp_redirect(rq, b.data);
}

/* The ticket is spent and its person found in one transaction. */
struct arriving {
	struct req *rq;
	const struct ticket *t;
	struct digest jti;
	int is_used;
	enum vouched end;
	struct user user;
};

static int
arrive_step(struct store *st, void *ctx)
{
	struct arriving *ar = ctx;
	const struct req *rq = ar->rq;
	const int n = store_used_add(
	    st, &ar->jti, ar->t->expires_at + TICKET_SKEW_S);

	ar->is_used = n == 0;
	if (n <= 0)
		return n;
	if (vouched_find(st, rq->a, rq->conf, &ar->t->person, rq->now,
		&ar->user, &ar->end) < 0)
		return -1;
	return 1;
}

static const struct oerr *
arrive(struct req *rq, const struct ticket *t, struct user *out)
{
	struct arriving ar = { .rq = rq, .t = t };
	const char *text = arena_printf(rq->a, "ticket:%s", t->jti);

	digest_of(text, strlen(text), &ar.jti);
	rq->trail.user = oerr_shown(rq->a, t->person.sub);
	if (store_write(rq->st, arrive_step, &ar) < 0)
		return oerr_machine(rq);
	if (ar.is_used)
		return refuse(rq, &oerr_invalid_request, used, "used before");
	if (!vouched_is_in(ar.end))
		return refuse(rq, &oerr_access_denied, stay_out[ar.end],
		    vouched_why(ar.end));
	rq->trail.user = store_user_label(&ar.user);
	*out = ar.user;
	return NULL;
}

/*
 * The site need not know max_age: if the sign-in is older, the browser goes there once
 * more, and it is asked for a new one.
 */
static const struct oerr *
ask_anew(struct req *rq, const char *to)
{
	struct buf b;

	buf_init(&b, rq->a, 1024);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_LOGIN));
	url_query_add(&b, "action", "site");
	url_query_add(&b, "prompt", "login");
	url_query_add(&b, "return_to", to);
	return resp_redirect(rq, b.data);
}

/*
 * The ticket is the site's; is it for this browser, and does it keep what was asked?
 * If it does not, and the request is answered, rq->status is set.
 */
static const struct oerr *
check_detour(struct req *rq, const struct ticket *t, const char **to)
{
	struct detour dt;

	if (!detour_end(rq, t->state, &dt))
		return refuse(rq, &oerr_invalid_request, not_this_browser,
		    detour_is_possible(rq) ? "state is not this browser's, or old"
					   : "the browser sent no cookie");
	*to = dt.to;
	if (dt.since != 0) /* for the page that asks once more */
		rq->param[PARAM_PROMPT] = "login";
	if (dt.since == 0 || t->auth_time >= dt.since - TICKET_SKEW_S)
		return NULL;
	if (dt.since < dt.begun)
		return ask_anew(rq, dt.to);
	return refuse(rq, &oerr_access_denied, not_anew,
	    t->auth_time == 0 ? "prompt=login, and no auth_time"
			      : "prompt=login, and an older auth_time");
}

const struct oerr *
handoff_end(struct req *rq, struct visitor *v, const char **to)
{
	const char *text = rq->param[PARAM_TICKET], *why;
	const char *path = rq->conf->login_key;
	struct login_keys keys;
	const struct oerr *e;
	struct ticket t;
	struct user u;

	*to = NULL;
	if (text == NULL)
		return refuse(rq, &oerr_invalid_request, no_ticket, "none");
	if (!keys_login_read(process_open_login_key(rq->pr), path, &keys))
		return &oerr_server_error;
	why = ticket_read(rq->a, text, &keys, rq->conf->issuer, rq->now, &t);
	explicit_bzero(&keys, sizeof(keys));
	if (why != NULL)
		return refuse(rq, &oerr_invalid_request,
		    t.is_late ? late : wrong, why);
	if ((e = check_detour(rq, &t, to)) != NULL || rq->status != 0 ||
	    (e = arrive(rq, &t, &u)) != NULL)
		return e;
	e = sign_in_go(rq, v, &u, &(struct proof) { .at = t.auth_time,
	    .amr = t.amr, .acr = words_have(t.amr, "mfa") ? ACR_MFA : ACR_PWD },
	    *to);
	rq->trail.detail = "hand-off";
	return e != NULL && e->status == 400
	    ? oerr_say(rq, e, "%s", meanwhile)
	    : e;
}
