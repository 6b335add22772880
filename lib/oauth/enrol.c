/* enrol.c: a user adds and deletes second factors and recovery codes. */
#include "enrol.h"

#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "b64.h"
#include "conf.h"
#include "keys.h"
#include "letter.h"
#include "log.h"
#include "notice.h"
#include "oerr.h"
#include "qr.h"
#include "req.h"
#include "store_factor.h"
#include "store_outbox.h"
#include "store_user.h"
#include "store_write.h"
#include "tmpl.h"
#include "utf8.h"

#define RECOVERY_LEN 16 /* characters that count */
#define STALE \
    "This page was out of date, so nothing was added. Try once more."

/* Digits that are not taken for each other, as Crockford's base32. */
static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* ---- The secret of a TOTP ---- */

/* The row, and whose it is: another's secret put into it cannot be opened. */
static const char *
about_row(struct req *rq, const struct totp *t)
{
	return arena_printf(rq->a, "totp %s %lld", id_text(rq->a, &t->id),
	    (long long)t->user);
}

/* One that is offered is for this user, until they have another factor. */
static const char *
about_offer(struct req *rq, const struct user *u)
{
	return arena_printf(rq->a, "new totp %lld %lld", (long long)u->id,
	    (long long)u->credential);
}

int
enrol_open(struct req *rq, const struct totp *t, struct totp_secret *out)
{
	const int n = keys_factor_open(rq->conf, about_row(rq, t), t->sealed,
	    sizeof(t->sealed), out->byte);

	if (n == 0)
		log_event("user %lld: the secret of a factor cannot be"
			  " decrypted: factor.key is another",
		    (long long)t->user);
	return n;
}

/* Read what the form sent back.  Return 1, 0 or -1 as keys_factor_open. */
static int
open_offer(struct req *rq, const struct user *u, const char *sealed,
    struct totp_secret *out)
{
	uint8_t box[TOTP_SEALED_LEN];

	if (sealed == NULL || strlen(sealed) != B64_LEN(TOTP_SEALED_LEN) ||
	    b64url_decode(sealed, strlen(sealed), box) != TOTP_SEALED_LEN)
		return 0;
	return keys_factor_open(
	    rq->conf, about_offer(rq, u), box, sizeof(box), out->byte);
}

static const struct oerr *
no_key(struct req *rq)
{
	return oerr_why(rq, &oerr_server_error, "no factor.key");
}

static int
make_offer(struct req *rq, const struct user *u, struct totp_secret *s,
    char text[static B64_LEN(TOTP_SEALED_LEN) + 1])
{
	uint8_t box[TOTP_SEALED_LEN];

	crypto_random(s->byte, sizeof(s->byte));
	if (keys_factor_close(rq->conf, about_offer(rq, u), s->byte,
		sizeof(s->byte), box) < 0)
		return -1;
	b64url_encode(box, sizeof(box), text);
	return 0;
}

const struct oerr *
enrol_offer(struct req *rq, const struct user *u, const char *sealed,
    struct tmpl_data *d)
{
	char text[B64_LEN(TOTP_SEALED_LEN) + 1];
	const char *path;
	struct totp_secret s;
	int n, size;

	if ((n = open_offer(rq, u, sealed, &s)) == 0) {
		n = make_offer(rq, u, &s, text);
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

/* ---- Recovery codes ---- */

int
enrol_recovery_digest(const char *typed, struct digest *d)
{
	char code[RECOVERY_LEN];
	const char *at;
	size_t n = 0;

	for (; *typed != '\0'; typed++) {
		char c = *typed;

		if (c == '-' || c == ' ')
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		c = c == 'o' ? '0' : c == 'i' || c == 'l' ? '1' : c;
		at = strchr(digits, c);
		if (at == NULL || n == RECOVERY_LEN)
			return 0;
		code[n++] = c;
	}
	if (n < RECOVERY_LEN)
		return 0;
	digest_of(code, sizeof(code), d);
	explicit_bzero(code, sizeof(code));
	return 1;
}

static void
make_codes(struct recovery *r)
{
	uint8_t bytes[RECOVERY_LEN];
	char *p;

	for (r->n = 0; r->n < RECOVERY_N; r->n++) {
		crypto_random(bytes, sizeof(bytes));
		p = r->text[r->n];
		for (int i = 0; i < RECOVERY_LEN; i++) {
			if (i > 0 && i % 4 == 0)
				*p++ = '-';
			*p++ = digits[bytes[i] & 31];
		}
		*p = '\0';
	}
}

static int
store_codes(struct store *st, int64_t user, const struct recovery *r)
{
	struct digest d;

	if (store_recovery_delete(st, user) < 0)
		return -1;
	for (int i = 0; i < r->n; i++)
		if (!enrol_recovery_digest(r->text[i], &d) ||
		    store_recovery_add(st, user, &d) < 0)
			return -1;
	return 1;
}

void
enrol_show_recovery(const struct recovery *r, struct tmpl_data *d)
{
	for (int i = 0; i < r->n; i++)
		tmpl_set(tmpl_push(d, "recovery_codes"), "code", r->text[i]);
}

/* ---- Changes, each in one transaction ---- */

/* A change of a user's factors. */
struct change {
	const struct user *u;
	const struct recovery *codes;
	int (*add)(struct store *st, const void *factor); /* or: */
	const void *factor;	/* to be added */
	const struct id *id;	/* to be deleted */
	struct req *rq;		/* for the mail that tells the user; or none */
	struct job letter;
	int is_current;		/* the user is as they were when this was checked */
	int n;			/* added or deleted */
};

static int
add_step(struct store *st, void *ctx)
{
	struct change *c = ctx;
	const int64_t user = c->u->id;
	int n;

	c->n = 0;
	c->is_current = n = store_user_is_current(st, user, c->u->credential);
	if (n == 1)
		c->n = n = c->add(st, c->factor);
	if (n == 1 &&
	    ((c->codes->n > 0 && store_codes(st, user, c->codes) < 0) ||
		store_factor_changed(st, user) < 0))
		n = -1;
	return n;
}

/* One to be added, and the mail that tells its user. */
struct added {
	struct req *rq;
	struct totp totp;
	struct job letter;
};

/* A step of enrol_add: 0 if the user has as many as may be. */
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

static int
delete_step(struct store *st, void *ctx)
{
	struct change *c = ctx;

	c->n = store_totp_delete(st, c->u->id, c->id);
	if (c->n != 1)
		return c->n;
	return store_factor_changed(st, c->u->id) < 0
	    ? -1
	    : letter_add(c->rq, &c->letter);
}

static int
codes_step(struct store *st, void *ctx)
{
	const struct change *c = ctx;

	return store_codes(st, c->u->id, c->codes) < 0
	    ? -1
	    : letter_add(c->rq, &c->letter);
}

/* The user as they are after the change. */
static const struct oerr *
read_again(struct req *rq, struct user *u)
{
	return store_user_by_id(rq->st, rq->a, u->id, u) < 0 ? oerr_machine(rq)
							      : NULL;
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
	if ((n = open_offer(rq, u, rq->param[PARAM_TOTP], &s)) < 0)
		return no_key(rq);
	if (n == 1 && code != NULL)
		t->last_step = totp_find(&s, code, rq->now, 0);
	if (n == 0)
		*why = STALE;
	else if (t->name == NULL)
		*why = "A name has 60 characters at most.";
	else if (t->last_step == 0)
		*why = "This is not the code that the app shows now. If it goes"
		       " on so, set your phone's clock by the network.";
	else if (keys_factor_close(rq->conf, about_row(rq, t), s.byte,
		     sizeof(s.byte), t->sealed) < 0)
		return no_key(rq);
	explicit_bzero(&s, sizeof(s));
	return NULL;
}

const struct oerr *
enrol_add(struct req *rq, struct user *u,
    int (*add)(struct store *st, const void *factor), const void *factor,
    const char **why, struct recovery *made)
{
	const int left = store_recovery_left(rq->st, u->id);
	struct change c = { .u = u, .codes = made, .add = add,
		.factor = factor };

	made->n = 0;
	if (left < 0)
		return oerr_machine(rq);
	if (left == 0)
		make_codes(made);
	if (store_write(rq->st, add_step, &c) < 0)
		return oerr_machine(rq);
	*why = !c.is_current ? STALE
	    : c.n == 0 ? "You have as many of these as may be, or have this one"
			  " already."
			: NULL;
	if (*why != NULL)
		made->n = 0;
	return *why != NULL ? NULL : read_again(rq, u);
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
	struct change c = { .u = u, .id = id, .rq = rq };

	notice_make(rq, u, "totp_gone", NULL, &c.letter);
	if (store_write(rq->st, delete_step, &c) < 0)
		return oerr_machine(rq);
	*n = c.n;
	return read_again(rq, u);
}

const struct oerr *
enrol_recovery(
    struct req *rq, const struct user *u, struct recovery *made)
{
	struct change c = { .u = u, .codes = made, .rq = rq };

	make_codes(made);
	notice_make(rq, u, "codes", NULL, &c.letter);
	return store_write(rq->st, codes_step, &c) < 0 ? oerr_machine(rq) : NULL;
}
