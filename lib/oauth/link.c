/* link.c: links in mails, by which people come, come back and move. */
#include "link.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "json.h"
#include "log.h"
#include "oerr.h"
#include "passwd.h"
#include "req.h"
#include "site.h"
#include "store.h"
#include "store_user.h"
#include "throttle_count.h"
#include "tmpl.h"
#include "user.h"

#define PENDING_MAX 10000 /* accounts that wait for their link to be opened */

const char *
link_make(const struct writer *w, const char *kind, const struct user *u,
    int64_t ttl_s, struct link *out)
{
	char secret[SECRET_TEXT_LEN + 1];
	const char *url;

	*out = (struct link) { .kind = kind, .user = u->id, .email = u->email,
		.credential = u->credential, .expires_at = w->now + ttl_s };
	secret_make(secret, &out->digest);
	url = arena_printf(w->a, "%s?link=%s",
	    site_url(w->conf, w->a, SITE_CONFIRM), secret);
	explicit_bzero(secret, sizeof(secret));
	return url;
}

const char *
link_time(struct arena *a, int64_t ttl_s)
{
	static const struct {
		int64_t s;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" },
		{ 1, "second" } };
	size_t i = 0;

	while (ttl_s % units[i].s != 0)
		i++;
	return arena_printf(a, "%lld %s%s", (long long)(ttl_s / units[i].s),
	    units[i].name, ttl_s == units[i].s ? "" : "s");
}

/* ---- What a page asks for ---- */

/* A mail that somebody asks for. */
struct ask {
	struct req *rq;
	const struct link *link;
	const char *body;
	int64_t wait_s;
	int is_over; /* a limit refuses it */
};

static int
allow_step(struct store *st, void *ctx)
{
	struct ask *k = ctx;
	const int n = throttle_place(
	    k->rq, "mails", k->rq->conf->mails, &k->wait_s);

	(void)st;
	k->is_over = n == 0;
	return n < 0 || throttle_tidy(k->rq) < 0 ? -1 : 0;
}

const struct oerr *
link_allow(struct req *rq)
{
	struct ask k = { .rq = rq };

	if (store_write(rq->st, allow_step, &k) < 0)
		return oerr_machine(rq);
	return k.is_over ? throttle_later(rq, k.wait_s,
			       "too many mails asked for from this address")
			 : NULL;
}

static const char *
write_body(struct arena *a, const struct link *l)
{
	struct buf b;

	buf_init(&b, a, 512);
	json_open(&b, NULL, '{');
	json_int(&b, "credential", l->credential);
	json_str(&b, "name", l->name);
	json_str(&b, "password", l->password);
	json_str(&b, "return_to", l->return_to);
	json_close(&b, '}');
	return b.data;
}

static int
ask_step(struct store *st, void *ctx)
{
	struct ask *k = ctx;
	const struct conf *cf = k->rq->conf;
	const struct job j = { .kind = k->link->kind, .user = k->link->user,
		.target = k->link->email, .body = k->body,
		.created_at = k->rq->now };
	int n;

	k->is_over = 0;
	n = throttle_named(k->rq, "mails to", k->link->email, cf->mails_to,
	    &k->wait_s);
	if (n == 1)
		n = store_outbox_add(st, (cf->outbox_max + 1) / 2, &j);
	k->is_over = n == 0;
	return n;
}

const struct oerr *
link_ask(struct req *rq, const struct link *l)
{
	struct ask k = { .rq = rq, .link = l, .body = write_body(rq->a, l) };

	if (store_write(rq->st, ask_step, &k) < 0)
		return oerr_machine(rq);
	if (k.is_over)
		log_event("a mail (%s) was asked for and is not sent: too many"
			  " to that address, or half of the outbox is full",
		    l->kind);
	return NULL;
}

/* ---- What the courier answers ---- */

/* A mail to be made in place of a job. */
struct reply {
	const struct writer *w;
	struct store *st;
	const struct job *asked;
	struct link link;	/* to be stored, if has_link */
	int has_link;
	struct user to;
	struct tmpl_data *d;
	const char *letter;	/* the template; NULL: no mail */
	struct job mail;
};

static void
add_link(struct reply *r, const char *kind, const struct user *u,
    const struct link *asked)
{
	const int64_t ttl_s = r->w->conf->link_ttl;

	tmpl_set(r->d, "link", link_make(r->w, kind, u, ttl_s, &r->link));
	tmpl_set(r->d, "ttl", link_time(r->w->a, ttl_s));
	r->link.name = asked->name;
	r->link.password = asked->password;
	r->link.return_to = asked->return_to;
	r->has_link = 1;
}

/* There is an account with this address: only who reads its mail learns that. */
static void
say_known(struct reply *r, const struct user *u)
{
	const struct writer *w = r->w;

	tmpl_set(r->d, "known", "1");
	tmpl_set(r->d, "login_url", site_url(w->conf, w->a, SITE_LOGIN));
	tmpl_set(r->d, "recover_url", site_url(w->conf, w->a, SITE_RECOVER));
	r->to = *u;
	r->letter = "mail-confirm.txt";
}

static int
answer_sign_up(struct reply *r, const struct link *asked)
{
	struct user u;
	int64_t n = 0;
	const int found = store_user_by_email(
	    r->st, r->w->a, r->asked->target, &u);

	if (found < 0 || r->w->conf->sign_up != SIGN_UP_OPEN)
		return found < 0 ? -1 : 1;
	if (found) {
		say_known(r, &u);
		return 1;
	}
	if (store_link_pending(r->st, r->w->now, PENDING_MAX, &n) < 0)
		return -1;
	if (n >= PENDING_MAX) {
		log_event("%d accounts wait to be confirmed: no more is begun",
		    PENDING_MAX);
		return 1;
	}
	/* Not the name: a stranger may have typed it, to advertise something. */
	r->to = (struct user) { .email = r->asked->target, .name = "" };
	tmpl_set(r->d, "sign_up", "1");
	r->letter = "mail-confirm.txt";
	add_link(r, "sign_up", &r->to, asked);
	return 1;
}

static int
answer_recover(struct reply *r, const struct link *asked)
{
	const struct conf *cf = r->w->conf;
	struct user u;
	const int found = user_find(r->st, r->w->a, r->asked->target, &u);

	if (found < 0)
		return -1;
	if (!found || u.disabled_at != 0 || u.email == NULL)
		return 1;
	r->to = u;
	r->letter = "mail-recover.txt";
	if (cf->password_check != NULL && strcmp(u.password, PASSWD_NONE) == 0)
		tmpl_set(r->d, "elsewhere", "1"); /* who keeps it sets it */
	else
		add_link(r, "recover", &u, asked);
	return 1;
}

static int
answer_email(struct reply *r, const struct link *asked)
{
	struct user u, other;
	int found = store_user_by_id(r->st, r->w->a, r->asked->user, &u);

	if (found <= 0 || u.disabled_at != 0 ||
	    u.credential != asked->credential)
		return found < 0 ? -1 : 1;
	if ((found = store_user_by_email(
		 r->st, r->w->a, r->asked->target, &other)) < 0)
		return -1;
	if (found && other.id != u.id) {
		say_known(r, &other);
		return 1;
	}
	r->to = u;
	r->to.email = r->asked->target;
	tmpl_set(r->d, "new_email", "1");
	r->letter = "mail-confirm.txt";
	add_link(r, "email", &r->to, asked);
	return 1;
}

static const struct answer {
	const char *kind;
	/* Fill r.  Return 1; -1 on a database error. */
	int (*run)(struct reply *r, const struct link *asked);
} answers[] = {
	{ .kind = "sign_up", .run = answer_sign_up },
	{ .kind = "recover", .run = answer_recover },
	{ .kind = "email", .run = answer_email },
};

/* The mail takes the job's place, so that it is made once. */
static int
reply_step(struct store *st, void *ctx)
{
	const struct reply *r = ctx;
	int n = store_outbox_done(st, r->asked->id);

	if (n == 1 && r->letter != NULL) {
		if (r->has_link && store_link_add(st, &r->link) < 0)
			return -1;
		n = store_outbox_add(
		    st, r->w->conf->outbox_max, &r->mail);
	}
	return n < 0 ? -1 : 1;
}

static int
read_body(const struct writer *w, const struct job *j, struct link *out)
{
	struct json_object *o = json_parse(w->a, j->body, strlen(j->body));

	if (o == NULL || json_get_int(o, "credential", &out->credential) != 1)
		return 0;
	out->name = json_get_str(o, "name");
	out->password = json_get_str(o, "password");
	out->return_to = json_get_str(o, "return_to");
	return 1;
}

int
link_answer(const struct writer *w, struct store *st, const struct job *j,
    const char **why)
{
	struct reply r = { .w = w, .st = st, .asked = j,
		.d = tmpl_data_new(w->a) };
	struct link asked = { .kind = j->kind };
	size_t i = 0;

	while (i < sizeof(answers) / sizeof(answers[0]) &&
	    strcmp(answers[i].kind, j->kind) != 0)
		i++;
	*why = "its body is not what a page stores";
	if (i == sizeof(answers) / sizeof(answers[0]) ||
	    !read_body(w, j, &asked))
		return 0;
	*why = "the database failed";
	if (answers[i].run(&r, &asked) < 0)
		return -1;
	*why = "the mail cannot be made";
	if (r.letter != NULL &&
	    !letter_write(w, &r.to, r.letter, r.d, &r.mail))
		return 0;
	return store_write(st, reply_step, &r);
}

int
link_invite(const struct writer *w, const struct user *u, const char *url,
    int64_t ttl_s, struct job *out)
{
	struct tmpl_data *d = tmpl_data_new(w->a);

	tmpl_set(d, "link", url);
	tmpl_set(d, "ttl", link_time(w->a, ttl_s));
	return letter_write(w, u, "mail-invite.txt", d, out);
}
