/* session.c: sign-in session, CSRF token. */
#include "session.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "b64.h"
#include "conf.h"
#include "cookie.h"
#include "oerr.h"
#include "remote.h"
#include "req.h"
#include "store.h"
#include "store_logout.h"
#include "trail.h"

#define SEEN_EVERY_S 600 /* so that a page view seldom writes */
#define AGENT_MAX 200

static int
is_secret(const char *value, size_t len)
{
	uint8_t bytes[SECRET_LEN];

	return len == SECRET_TEXT_LEN &&
	    b64url_decode(value, len, bytes) == SECRET_LEN;
}

/* Find our cookie in the request; return 1 if there is one of the right form. */
static int
read_cookie(struct req *rq, char out[static SECRET_TEXT_LEN + 1])
{
	const char *value = cookie_get(rq, COOKIE_SESSION, is_secret);

	if (value != NULL)
		memcpy(out, value, SECRET_TEXT_LEN + 1);
	return value != NULL;
}

/* csrf_token is a digest of the cookie, so a page may show it. */
static void
make_csrf(struct visitor *v)
{
	char text[5 + SECRET_TEXT_LEN + 1];
	struct digest d;

	snprintf(text, sizeof(text), "csrf:%s", v->cookie);
	digest_of(text, strlen(text), &d);
	b64url_encode(d.byte, DIGEST_LEN, v->csrf);
	explicit_bzero(text, sizeof(text));
}

const struct oerr *
session_load(struct req *rq, struct visitor *v)
{
	struct digest d;
	int found;

	memset(v, 0, sizeof(*v));
	if (!read_cookie(rq, v->cookie))
		return NULL;
	make_csrf(v);
	digest_of(v->cookie, strlen(v->cookie), &d);
	if ((found = store_session_find(
		 rq->st, rq->a, &d, rq->now, &v->session)) == 1)
		found = store_user_by_id(
		    rq->st, rq->a, v->session.user, &v->user);
	if (found < 0)
		return oerr_machine(rq);
	found = found && v->user.disabled_at == 0;
	v->is_half = found && v->session.is_half;
	v->signed_in = found && !v->session.is_half;
	if (v->signed_in || v->is_half) {
		rq->trail.user = store_user_label(&v->user);
		rq->trail.is_known = 1;
	}
	/* If this fails, it is logged, and the user stays signed in. */
	if (v->signed_in && v->session.seen_at < rq->now - SEEN_EVERY_S)
		(void)store_session_seen(rq->st, &d, rq->now);
	return NULL;
}

void
session_begin(struct req *rq, struct visitor *v)
{
	struct digest d;

	if (*v->cookie != '\0')
		return;
	secret_make(v->cookie, &d);
	cookie_set(rq, COOKIE_SESSION, v->cookie, rq->conf->session_ttl);
	make_csrf(v);
}

const struct oerr *
session_check_csrf(struct req *rq, const struct visitor *v)
{
	const char *sent = rq->param[PARAM_CSRF_TOKEN];
	struct digest want, got;

	if (sent != NULL && *v->cookie != '\0') {
		digest_of(v->csrf, CSRF_LEN, &want);
		digest_of(sent, strlen(sent), &got);
		if (digest_equal(&want, &got))
			return NULL;
	}
	return oerr_why(rq, sent == NULL ? &oerr_foreign_form : &oerr_stale_form,
	    "foreign or missing csrf_token");
}

/* The User-Agent for the list of sessions: plain text, cut short. */
static const char *
agent_of(struct req *rq)
{
	const char *agent = req_var(rq, "HTTP_USER_AGENT");
	size_t len = agent == NULL ? 0 : strlen(agent);
	char *text;

	if (len > AGENT_MAX)
		len = AGENT_MAX;
	text = arena_dup(rq->a, agent == NULL ? "" : agent, len);
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
			*p = '?';
	return text;
}

int
session_is_current(struct req *rq, const struct visitor *v)
{
	struct session s;
	int found;

	found = store_session_find(
	    rq->st, rq->a, &v->session.digest, rq->now, &s);
	if (found == 1 && s.is_half)
		return 0;
	return found == 1
	    ? store_user_is_current(rq->st, s.user, CREDENTIAL_ANY)
	    : found;
}

struct sign_in {
	const struct user *user;
	const struct session *session;
	const struct digest *old; /* of the session that it ends, or NULL */
	int goes_on;		/* that is the same user's */
};

/*
 * Return 0 if the user is disabled, or has a new password or factor since the proof
 * was checked: an attacker who knows the old password could else sign in while it is
 * changed.  See issue.c.
 */
static int
sign_in_step(struct store *st, void *ctx)
{
	const struct sign_in *in = ctx;
	int is_current;

	is_current =
	    store_user_is_current(st, in->user->id, in->user->credential);
	if (is_current != 1)
		return is_current;
	if (store_session_add(st, in->session) < 0)
		return -1;
	/* The same user goes on: no client is told that a session ended. */
	if (in->goes_on &&
	    store_logout_move(st, in->old, &in->session->digest) < 0)
		return -1;
	return in->old != NULL && store_session_delete(st, in->old) < 0 ? -1
									: 1;
}

static const struct oerr *
begin(struct req *rq, struct visitor *v, const struct user *u,
    const struct proof *p, int is_half)
{
	const int64_t ttl_s = is_half ? HALF_TTL_S : rq->conf->session_ttl;
	struct session s = {
		.user = u->id,
		.agent = agent_of(rq),
		.address = remote_address(rq),
		.created_at = rq->now,
		.seen_at = rq->now,
		.expires_at = rq->now + ttl_s,
		.proof = *p,
		.credential = u->credential,
		.is_half = is_half,
	};
	char cookie[sizeof(v->cookie)];
	int done;

	secret_make(cookie, &s.digest);
	done = store_write(rq->st, sign_in_step,
	    &(struct sign_in) { .user = u, .session = &s,
		.old = v->signed_in || v->is_half ? &v->session.digest
						   : NULL,
		.goes_on = v->signed_in && !is_half && v->user.id == u->id });
	if (done < 0)
		return oerr_machine(rq);
	if (done == 0)
		return oerr_why(rq, &oerr_invalid_grant,
		    "password or factor changed, or user disabled, meanwhile");
	memcpy(v->cookie, cookie, sizeof(cookie));
	explicit_bzero(cookie, sizeof(cookie));
	v->session = s;
	v->user = *u;
	v->signed_in = !is_half;
	v->is_half = is_half;
	make_csrf(v);
	cookie_set(rq, COOKIE_SESSION, v->cookie, rq->conf->session_ttl);
	return NULL;
}

const struct oerr *
session_sign_in(struct req *rq, struct visitor *v, const struct user *u,
    const struct proof *p)
{
	const struct oerr *e = begin(rq, v, u, p, 0);

	if (e != NULL)
		return e;
	rq->trail.detail = p->amr;
	trail_note(rq, "sign_in");
	return NULL;
}

const struct oerr *
session_sign_in_half(struct req *rq, struct visitor *v, const struct user *u,
    const struct proof *p)
{
	return begin(rq, v, u, p, 1);
}

int
session_is_fresh(const struct req *rq, const struct visitor *v)
{
	const struct session *s = &v->session;
	const int64_t at = s->confirmed_at > s->proof.at ? s->confirmed_at
							 : s->proof.at;

	return at > rq->now - rq->conf->fresh_ttl;
}

const struct oerr *
session_confirm(struct req *rq, struct visitor *v)
{
	if (store_session_confirm(rq->st, &v->session.digest, rq->now) < 0)
		return oerr_machine(rq);
	v->session.confirmed_at = rq->now;
	return NULL;
}

const struct oerr *
session_sign_out(struct req *rq, struct visitor *v)
{
	if ((v->signed_in || v->is_half) &&
	    store_session_delete(rq->st, &v->session.digest) < 0)
		return oerr_machine(rq);
	if (v->signed_in)
		trail_note(rq, "sign_out");
	v->signed_in = v->is_half = 0;
	cookie_set(rq, COOKIE_SESSION, "", 0);
	return NULL;
}
