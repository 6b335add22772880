/* enrol_passkey.c: a user adds and deletes passkeys. */
#include "enrol_passkey.h"

#include <string.h>

#include "agent.h"
#include "arena.h"
#include "enrol.h"
#include "letter.h"
#include "notice.h"
#include "oerr.h"
#include "passkey.h"
#include "recovery.h"
#include "req.h"
#include "session.h"
#include "store.h"
#include "store_factor.h"
#include "store_passkey.h"
#include "store_user.h"
#include "utf8.h"

const char *
enrol_passkey_name(struct req *rq, const char *otherwise)
{
	const char *name = rq->param[PARAM_NAME];

	if (name == NULL)
		return otherwise;
	return utf8_count(name, strlen(name)) > FACTOR_NAME_MAX ? NULL : name;
}

/* One to be added, and the mail that tells its user. */
struct added {
	struct req *rq;
	struct passkey passkey;
	struct job letter;
};

static int
add_passkey(struct store *st, const void *factor)
{
	const struct added *ad = factor;
	const int n = store_passkey_add(st, &ad->passkey);

	return n == 1 ? letter_add(ad->rq, &ad->letter) : n;
}

const struct oerr *
enrol_passkey(struct req *rq, struct visitor *v, const char **why,
    struct recovery *made)
{
	const char *agent = req_var(rq, "HTTP_USER_AGENT");
	struct added ad = { .rq = rq };
	struct passkey *p = &ad.passkey;
	const struct oerr *e;

	made->n = 0;
	*why = NULL;
	if ((e = passkey_make(rq, v, p)) != NULL) {
		if (e->status >= 500)
			return e;
		oerr_log(rq, e);
		*why = passkey_told(e);
		return NULL;
	}
	p->name = enrol_passkey_name(
	    rq, agent == NULL ? "Passkey" : agent_name(rq->a, agent));
	if (p->name == NULL) {
		*why = "A name has 60 characters at most.";
		return NULL;
	}
	notice_make(rq, &v->user, "passkey", p->name, &ad.letter);
	return enrol_add(rq, &v->user, add_passkey, &ad, why, made);
}

/* One to be deleted. */
struct gone {
	struct req *rq;
	int64_t user, id;
	struct job letter;
	int n;
};

static int
delete_step(struct store *st, void *ctx)
{
	struct gone *g = ctx;

	g->n = store_passkey_delete(st, g->user, g->id);
	if (g->n != 1)
		return g->n;
	return store_factor_changed(st, g->user) < 0
	    ? -1
	    : letter_add(g->rq, &g->letter);
}

const struct oerr *
enrol_passkey_delete(struct req *rq, struct visitor *v, int64_t id, int *n)
{
	struct gone g = { .rq = rq, .user = v->user.id, .id = id };

	notice_make(rq, &v->user, "passkey_gone", NULL, &g.letter);
	if (store_write(rq->st, delete_step, &g) < 0 ||
	    store_user_by_id(rq->st, rq->a, g.user, &v->user) < 0)
		return oerr_machine(rq);
	*n = g.n;
	return NULL;
}
