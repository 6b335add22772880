/* account_access.c: who acts for the user: the acts of the account page on them. */
#include "account_access.h"

#include <string.h>

#include "account_act.h"
#include "b64.h"
#include "conf.h"
#include "mint.h"
#include "oerr.h"
#include "req.h"
#include "scope.h"
#include "session.h"
#include "store_client.h"
#include "store_consent.h"
#include "store_session.h"
#include "store_token.h"
#include "utf8.h"

#define NAME_MAX_CHARS 60

static int
revoke_app_step(struct req *rq, struct view *w)
{
	const char *id = rq->param[PARAM_CLIENT_ID];
	struct client cl;
	int found;

	found = id == NULL ? 0 : store_client_by_id(rq->st, rq->a, id, &cl);
	w->is_idle = found == 0;
	if (found == 1) {
		rq->trail.client_id = id;
		found = store_app_revoke(
		    rq->st, w->v.user.id, cl.id, rq->now);
	}
	w->notice = "The app has no access any more.";
	return found;
}

const struct oerr *
account_app_revoke(struct req *rq, struct view *w)
{
	return account_write(rq, w, revoke_app_step);
}

static int
add_token_step(struct req *rq, struct view *w)
{
	return store_access_add(rq->st, &w->row);
}

const struct oerr *
account_token_add(struct req *rq, struct view *w)
{
	struct client cl;
	struct mint m = {
		.cl = &cl,
		.user = w->v.user.id,
		.subject = w->v.user.subject,
		.ttl_s = rq->conf->personal_ttl,
		.name = rq->param[PARAM_NAME],
		.proof = w->v.session.proof,
	};
	const struct oerr *e;

	if (m.name == NULL ||
	    utf8_count(m.name, strlen(m.name)) > NAME_MAX_CHARS)
		return account_refuse(w, FIELD_NAME, "A token has a name of 1 to 60 characters.");
	if (rq->param[PARAM_EXPIRES_IN] != NULL &&
	    (conf_time(rq->param[PARAM_EXPIRES_IN], &m.ttl_s) < 0 ||
		m.ttl_s < 1 || m.ttl_s > rq->conf->personal_ttl))
		return account_refuse(w, FIELD_EXPIRY,
		    "A token does not live that long here.");
	if ((e = mint_personal_client(rq, &cl)) != NULL)
		return e;
	if (rq->param[PARAM_SCOPES] != NULL)
		m.scope = scope_parse(
		    rq->conf, rq->param[PARAM_SCOPES], NULL);
	m.scope &= scope_of_user(rq->conf, &w->v.user) &
	    ~(SCOPE_STAR | rq->conf->all_built_in);
	if ((e = mint_access(rq, &m, &w->row, &w->jwt)) != NULL ||
	    (e = account_write(rq, w, add_token_step)) != NULL)
		return e;
	w->is_made = 1;
	w->notice = "The token is made.";
	return NULL;
}

const struct oerr *
account_token_revoke(struct req *rq, struct view *w)
{
	const char *text = rq->param[PARAM_ID];
	struct id id;
	int n;

	if (text == NULL || !id_read(text, &id))
		return account_refuse(w, FIELD_NONE, "There is no such token.");
	n = store_personal_revoke(rq->st, w->v.user.id, &id, rq->now);
	if (n < 0)
		return oerr_machine(rq);
	w->is_idle = n == 0;
	w->notice = "The token is dead.";
	return NULL;
}

/* Of the user's own sessions alone: the digest must be in their list. */
const struct oerr *
account_session_end(struct req *rq, struct view *w)
{
	const char *text = rq->param[PARAM_ID];
	struct session s;
	struct digest d;
	int found = 0;

	if (text != NULL && strlen(text) == B64_LEN(DIGEST_LEN) &&
	    b64url_decode(text, strlen(text), d.byte) == DIGEST_LEN)
		found = store_session_find(rq->st, rq->a, &d, rq->now, &s);
	if (found == 1)
		found = s.user != w->v.user.id
		    ? 0
		    : store_session_delete(rq->st, &d);
	if (found < 0)
		return oerr_machine(rq);
	w->is_idle = found == 0;
	w->notice = "That browser is signed out.";
	return NULL;
}

const struct oerr *
account_sessions_end(struct req *rq, struct view *w)
{
	if (store_session_delete_others(
		rq->st, w->v.user.id, &w->v.session.digest) < 0)
		return oerr_machine(rq);
	w->notice = "All other browsers are signed out.";
	return NULL;
}
