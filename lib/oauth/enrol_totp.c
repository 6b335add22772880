/* enrol_totp.c: a user adds an authenticator app (TOTP), and deletes it. */
#include "enrol_totp.h"

#include <string.h>

#include "arena.h"
#include "conf.h"
#include "enrol.h"
#include "enrol_secret.h"
#include "letter.h"
#include "notice.h"
#include "oerr.h"
#include "qr.h"
#include "recovery.h"
#include "req.h"
#include "store_factor.h"
#include "store_outbox.h"
#include "store_user.h"
#include "store_write.h"
#include "tmpl.h"
#include "totp.h"
#include "utf8.h"

static const struct oerr *
no_key(struct req *rq)
{
	return oerr_why(rq, &oerr_server_error, "no factor.key");
}

const struct oerr *
enrol_offer(struct req *rq, const struct user *u, const char *sealed,
    struct tmpl_data *d)
{
	char text[ENROL_SECRET_TEXT_LEN + 1];
	const char *path;
	struct totp_secret s;
	int n, size;

	if ((n = enrol_secret_offered(rq, u, sealed, &s)) == 0) {
		n = enrol_secret_offer(rq, u, &s, text);
		sealed = arena_str(rq->a, text);
	}
	if (n < 0)
		return no_key(rq);
	path = qr_path(rq->a,
	    totp_uri(rq->a, &s, rq->conf->site_name, store_user_label(u)),
	    &size);
	tmpl_set(d, "totp", sealed);
	tmpl_set(d, "totp_secret", totp_text(rq->a, &s));
	tmpl_set(d, "qr_path", path);
	if (path != NULL)
		tmpl_set(d, "qr_size", arena_printf(rq->a, "%d", size));
	explicit_bzero(&s, sizeof(s));
	return NULL;
}

/* One to be added, and the mail that tells its user. */
struct added {
	struct req *rq;
	struct totp totp;
	struct job letter;
};

/* What enrol_add calls: 0 if the user has as many as may be. */
static int
add_totp(struct store *st, const void *factor)
{
	const struct added *ad = factor;
	const struct totp *t = &ad->totp;
	struct arena *a = arena_new();
	struct totp *old = arena_alloc(a, TOTPS_MAX * sizeof(*old));
	const int n = store_totp_list(st, a, t->user, old, TOTPS_MAX);

	arena_free(a);
	if (n < 0 || n == TOTPS_MAX)
		return n < 0 ? -1 : 0;
	return store_totp_add(st, t) < 0 ? -1 : letter_add(ad->rq, &ad->letter);
}

/* One to be deleted. */
struct deleted {
	struct req *rq;
	const struct user *u;
	const struct id *id;
	struct job letter;
	int n;
};

static int
delete_step(struct store *st, void *ctx)
{
	struct deleted *dl = ctx;

	dl->n = store_totp_delete(st, dl->u->id, dl->id);
	if (dl->n != 1)
		return dl->n;
	return store_factor_changed(st, dl->u->id) < 0
	    ? -1
	    : letter_add(dl->rq, &dl->letter);
}

/* The name that was typed, or a default; NULL if it is too long. */
static const char *
name_of(struct req *rq)
{
	const char *name = rq->param[PARAM_NAME];

	if (name == NULL || *name == '\0')
		return "Authenticator app";
	return utf8_count(name, strlen(name)) > FACTOR_NAME_MAX ? NULL : name;
}

/* Check the form; fill t, with the step whose code was typed. */
static const struct oerr *
read_form(struct req *rq, const struct user *u, struct totp *t,
    const char **why)
{
	const char *code = rq->param[PARAM_CODE];
	struct totp_secret s;
	int n;

	*why = NULL;
	*t = (struct totp) { .user = u->id, .name = name_of(rq),
		.created_at = rq->now };
	id_make(rq->now, &t->id);
	if ((n = enrol_secret_offered(rq, u, rq->param[PARAM_TOTP], &s)) < 0)
		return no_key(rq);
	if (n == 1 && code != NULL)
		t->last_step = totp_find(&s, code, rq->now, 0);
	if (n == 0)
		*why = ENROL_STALE;
	else if (t->name == NULL)
		*why = "A name has 60 characters at most.";
	else if (t->last_step == 0)
		*why = "This is not the code that the app shows now. If it goes"
		       " on so, set your phone's clock by the network.";
	else if (enrol_secret_close(rq, &s, t) < 0)
		return no_key(rq);
	explicit_bzero(&s, sizeof(s));
	return NULL;
}

const struct oerr *
enrol_totp(struct req *rq, struct user *u, const char **why,
    struct recovery *made)
{
	struct added ad = { .rq = rq };
	const struct oerr *e;

	made->n = 0;
	if ((e = read_form(rq, u, &ad.totp, why)) != NULL || *why != NULL)
		return e;
	notice_make(rq, u, "totp", NULL, &ad.letter);
	return enrol_add(rq, u, add_totp, &ad, why, made);
}

const struct oerr *
enrol_totp_delete(
    struct req *rq, struct user *u, const struct id *id, int *n)
{
	struct deleted dl = { .rq = rq, .u = u, .id = id };

	notice_make(rq, u, "totp_gone", NULL, &dl.letter);
	if (store_write(rq->st, delete_step, &dl) < 0)
		return oerr_machine(rq);
	*n = dl.n;
	return enrol_read_again(rq, u);
}
