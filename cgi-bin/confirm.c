/*
 * confirm.c: GET POST /oauth/confirm: a link from a mail is opened.
 *
 * A GET shows what the link does, and a button: mail servers open links to look at
 * them.  The form needs no csrf_token: nobody but who has the link knows its secret,
 * and its form does not sign anybody in.
 */
#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "link.h"
#include "notice.h"
#include "oerr.h"
#include "password.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "session.h"
#include "site.h"
#include "store.h"
#include "store_link.h"
#include "store_user.h"
#include "throttle.h"
#include "tmpl.h"
#include "trail.h"
#include "url.h"
#include "user.h"
#include "utf8.h"

#define NAME_MAX_CHARS 60

enum end { END_DONE, END_GONE, END_TAKEN };

struct kind;

/* A link that was opened. */
struct opened {
	struct req *rq;
	const struct kind *kind;
	struct link link;
	struct user user;	/* whose account it changes, or that begins */
	const char *hash;	/* of the new password */
	struct job mail;	/* to the user; or none */
	int asks_who;		/* nobody is signed in as that user */
	const char *error, *error_password;
	enum end end;
};

struct kind {
	const char *name;
	int takes_name, takes_password;
	int owner;	/* only who is signed in as the user, or knows the password */
	/* In a transaction: do it.  Return 1; 0 if the address is taken; -1. */
	int (*step)(struct opened *o);
};

static int
begin_account(struct opened *o)
{
	struct user u = { .email = o->link.email, .name = o->user.name,
		.password = o->hash, .created_at = o->rq->now,
		.email_verified_at = o->rq->now };

	return store_user_add(o->rq->st, &u);
}

static int
set_password(struct opened *o)
{
	const struct user u = { .id = o->link.user };
	const int n =
	    user_set_password(o->rq->st, &u, o->hash, NULL, o->rq->now);

	return n != 1 ? -1 : letter_add(o->rq, &o->mail);
}

static int
set_email(struct opened *o)
{
	const int n = store_user_set_email(
	    o->rq->st, o->link.user, o->link.email, o->rq->now);

	return n != 1 ? n : letter_add(o->rq, &o->mail);
}

static const struct kind kinds[] = {
	{ .name = "sign_up", .step = begin_account },
	{ .name = "invite", .step = begin_account, .takes_name = 1,
	    .takes_password = 1 },
	{ .name = "recover", .step = set_password, .takes_password = 1 },
	{ .name = "email", .step = set_email, .owner = 1 },
};

/* Find the link and its user.  Return 1, 0 or -1. */
static int
find(struct req *rq, const struct digest *d, struct opened *o)
{
	const int rule = rq->conf->sign_up;
	int n = store_link_find(rq->st, rq->a, d, rq->now, &o->link);
	size_t i = 0;

	if (n != 1)
		return n;
	while (i < sizeof(kinds) / sizeof(kinds[0]) &&
	    strcmp(kinds[i].name, o->link.kind) != 0)
		i++;
	if (i == sizeof(kinds) / sizeof(kinds[0]))
		return 0;
	o->kind = &kinds[i];
	/* The operator may have closed it meanwhile. */
	if (o->link.user == 0)
		return strcmp(o->link.kind, "invite") == 0
		    ? rule != SIGN_UP_CLOSED
		    : rule == SIGN_UP_OPEN;
	return store_user_by_id(rq->st, rq->a, o->link.user, &o->user);
}

static const char *
login_url(struct req *rq, const struct link *l)
{
	struct buf b;

	buf_init(&b, rq->a, 256);
	buf_str(&b, site_path(rq->conf, rq->a, SITE_LOGIN));
	if (l->return_to != NULL)
		url_query_add(&b, "return_to", l->return_to);
	return b.data;
}

static struct tmpl_data *
page(struct req *rq, const char *title)
{
	struct tmpl_data *d = tmpl_data_new(rq->a);

	tmpl_set(d, "title", title);
	tmpl_set(d, "action", site_path(rq->conf, rq->a, SITE_CONFIRM));
	if (letter_is_set_up(rq->conf))
		tmpl_set(d, "recover_url",
		    site_path(rq->conf, rq->a, SITE_RECOVER));
	return d;
}

static const struct oerr *
show(struct opened *o, int status)
{
	struct req *rq = o->rq;
	struct tmpl_data *d = page(rq, "Open a link");
	struct tmpl_data *form = tmpl_push(d, o->kind->name);

	tmpl_set(form, "ask", "1");
	tmpl_set(d, "link", rq->param[PARAM_LINK]);
	tmpl_set(d, "address", o->link.email);
	tmpl_set(d, "user",
	    o->link.user == 0 ? o->link.email : store_user_label(&o->user));
	tmpl_set(d, "name", rq->param[PARAM_NAME]);
	tmpl_set(d, "password_min", arena_printf(rq->a, "%lld",
		(long long)rq->conf->password_min));
	tmpl_set(d, "asks_who", o->asks_who ? "1" : NULL);
	tmpl_set(d, "error", o->error);
	tmpl_set(d, "error_password", o->error_password);
	return resp_page(rq, status, "confirm.html", d);
}

/* The page that tells the result.  The link does not work a second time. */
static const struct oerr *
show_end(struct opened *o)
{
	struct req *rq = o->rq;
	struct tmpl_data *d = page(rq, o->end == END_DONE
	    ? "Done" : "Nothing was changed");

	tmpl_set(d, "login_url", login_url(rq, &o->link));
	tmpl_set(d, "account_url", site_path(rq->conf, rq->a, SITE_ACCOUNT));
	tmpl_set(d, "address", o->link.email);
	if (o->end != END_DONE)
		tmpl_set(d, o->end == END_GONE ? "gone" : "taken", "1");
	else if (o->link.user == 0)
		tmpl_set(d, "begun", "1");
	else
		tmpl_set(tmpl_push(d, o->kind->name), "done", "1");
	return resp_page(rq, o->end == END_DONE ? 200
		: o->end == END_GONE	    ? 404
					    : 422, "confirm.html", d);
}

static const struct oerr *
show_gone(struct opened *o)
{
	o->end = END_GONE;
	oerr_log(o->rq, oerr_why(o->rq, &oerr_invalid_grant, "no such link"));
	return show_end(o);
}

/* The address is changed only by the owner of the account. */
static const struct oerr *
check_owner(struct opened *o)
{
	struct req *rq = o->rq;
	const char *password = rq->param[PARAM_PASSWORD];
	const struct oerr *e;
	struct user u;

	if (!o->asks_who)
		return NULL;
	if (password == NULL) {
		o->error_password = "Give the password of your account.";
		return NULL;
	}
	e = user_authenticate(rq, store_user_label(&o->user), password, &u);
	if (e == NULL || (e->status != 400 && e != &oerr_throttled))
		return e;
	oerr_log(rq, e);
	o->error_password = e == &oerr_throttled
	    ? "Too many attempts have failed. Wait some minutes, and try again."
	    : "The password is wrong.";
	return NULL;
}

static const struct oerr *
take_password(struct opened *o)
{
	struct req *rq = o->rq;
	const char *password = rq->param[PARAM_PASSWORD], *why;

	if (!o->kind->takes_password) {
		o->hash = o->link.password;
		return NULL;
	}
	if (password == NULL)
		o->error_password = "Choose a password.";
	else if ((why = password_refusal(
		      rq->conf, rq->a, password, &o->user)) != NULL)
		o->error_password = arena_printf(
		    rq->a, "This password will not do: %s.", why);
	return o->error_password != NULL
	    ? NULL
	    : throttle_hash(rq, password, &o->hash);
}

/* Of two at once, and after a change of the password meanwhile, one finds nothing. */
static int
open_step(struct store *st, void *ctx)
{
	struct opened *o = ctx;
	struct req *rq = o->rq;
	struct link l;
	int n;

	o->end = END_GONE;
	if ((n = store_link_find(st, rq->a, &o->link.digest, rq->now, &l)) != 1)
		return n;
	if ((n = o->kind->step(o)) < 0)
		return -1;
	o->end = n == 1 ? END_DONE : END_TAKEN;
	return store_link_spend(st, &o->link.digest);
}

static const struct oerr *
open_link(struct opened *o)
{
	struct req *rq = o->rq;

	if (strcmp(o->kind->name, "recover") == 0)
		notice_make(rq, &o->user, "password", NULL, &o->mail);
	else if (strcmp(o->kind->name, "email") == 0)
		notice_make(
		    rq, &o->user, "new_email", o->link.email, &o->mail);
	if (store_write(rq->st, open_step, o) < 0)
		return oerr_machine(rq);
	if (o->end == END_GONE)
		return show_gone(o);
	rq->trail.user = o->link.user == 0 ? o->link.email
					   : store_user_label(&o->user);
	if (o->end == END_DONE)
		trail_note(rq, "confirm");
	return show_end(o);
}

static const struct oerr *
post(struct opened *o)
{
	struct req *rq = o->rq;
	const char *name = rq->param[PARAM_NAME];
	const struct oerr *e;

	if (o->link.user == 0) {
		o->user.email = o->link.email;
		o->user.name = !o->kind->takes_name ? o->link.name : name;
		if (o->user.name == NULL)
			o->user.name = "";
	}
	if (o->kind->takes_name && name != NULL &&
	    utf8_count(name, strlen(name)) > NAME_MAX_CHARS)
		o->error = "A name has 60 characters at most.";
	if ((e = check_owner(o)) != NULL)
		return e;
	if (o->error == NULL && o->error_password == NULL &&
	    (e = take_password(o)) != NULL)
		return e;
	return o->error != NULL || o->error_password != NULL ? show(o, 422)
							     : open_link(o);
}

static const struct oerr *
confirm(struct req *rq)
{
	const char *text = rq->param[PARAM_LINK];
	struct opened o = { .rq = rq };
	const struct oerr *e;
	struct visitor v;
	struct digest d;
	int n = 0;

	if ((e = session_load(rq, &v)) != NULL)
		return e;
	if (text != NULL) {
		digest_of(text, strlen(text), &d);
		n = find(rq, &d, &o);
	}
	if (n < 0)
		return oerr_machine(rq);
	if (n == 0)
		return show_gone(&o);
	rq->trail.detail = o.kind->name;
	o.asks_who = o.kind->owner &&
	    (!v.signed_in || v.user.id != o.link.user);
	return rq->method == METHOD_GET ? show(&o, 200) : post(&o);
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE | USES_PAGES | USES_PASSWORDS,
		.name = "confirm", .audit = "confirm",
		.methods = METHOD_GET | METHOD_POST,
		.bodies = BODY_FORM, .query_get = 1,
		.waits = 1,
		.run = confirm, .fail = resp_error_page,
	};

	return serve(&ep);
}
