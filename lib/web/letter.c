/* letter.c: mail to a user, from a template, by way of the outbox. */
#include "letter.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "log.h"
#include "mail.h"
#include "req.h"
#include "site.h"
#include "store_user.h"
#include "template.h"
#include "tmpl.h"

#define SUBJECT "Subject: "

static const char *
load(void *ctx, const char *name)
{
	const struct writer *w = ctx;

	return template_find(w->conf, w->a, name);
}

/* A mail has no page that it is relative to. */
static const char *
whole_url(const struct writer *w, const char *url)
{
	const char *issuer = w->conf->issuer;

	if (url == NULL || *url != '/')
		return url;
	return arena_printf(w->a, "%.*s%s",
	    (int)(strchrnul(strstr(issuer, "://") + 3, '/') - issuer), issuer,
	    url);
}

static int
render(const struct writer *w, const char *name, const struct tmpl_data *d,
    struct mail *m)
{
	struct writer loads = *w;
	const char *text = template_find(w->conf, w->a, name);
	struct buf b;
	char *end;

	buf_init(&b, w->a, 4096);
	if (text == NULL || tmpl_render_text(&b, text, d, load, &loads) < 0) {
		log_event("template %s: missing or malformed", name);
		return 0;
	}
	if (strncmp(b.data, SUBJECT, strlen(SUBJECT)) != 0 ||
	    (end = strstr(b.data, "\n\n")) == NULL ||
	    end != strchr(b.data, '\n')) {
		log_event("template %s: it begins with a line \"" SUBJECT
			  "...\" and an empty one", name);
		return 0;
	}
	*end = '\0';
	m->subject = b.data + strlen(SUBJECT);
	m->text = end + 2;
	return 1;
}

int
letter_is_set_up(const struct conf *cf)
{
	return cf->mail_command != NULL || cf->smtp != NULL;
}

int
letter_write(const struct writer *w, const struct user *u, const char *name,
    struct tmpl_data *d, struct job *out)
{
	const struct conf *cf = w->conf;
	struct mail m = { .from = cf->mail_from, .from_name = cf->site_name,
		.to = u->email, .at = w->now };

	out->kind = NULL;
	if (!letter_is_set_up(cf) || u->email == NULL)
		return 0;
	tmpl_set(d, "site_name", cf->site_name);
	tmpl_set(d, "issuer", cf->issuer);
	tmpl_set(d, "account_url", site_url(cf, w->a, SITE_ACCOUNT));
	tmpl_set(d, "help_url", whole_url(w, cf->help_url));
	tmpl_set(d, "email", u->email);
	tmpl_set(d, "name", u->name);
	if (!render(w, name, d, &m))
		return 0;
	if ((out->body = mail_message(w->a, &m)) == NULL) {
		log_event("template %s: the mail is longer than %d bytes", name,
		    MAIL_MAX);
		return 0;
	}
	out->kind = "mail";
	out->user = u->id;
	out->target = u->email;
	out->created_at = w->now;
	return 1;
}

int
letter_make(struct req *rq, const struct user *u, const char *name,
    struct tmpl_data *d, struct job *out)
{
	const struct writer w = { .conf = rq->conf, .a = rq->a,
		.now = rq->now };

	return letter_write(&w, u, name, d, out);
}

int
letter_add(struct req *rq, const struct job *j)
{
	const int n = j->kind == NULL
	    ? 1
	    : store_outbox_add(rq->st, rq->conf->outbox_max, j);

	if (n == 0)
		log_event("the outbox is full: a mail to user %lld is lost;"
			  " does carnet courier run?", (long long)j->user);
	return n < 0 ? -1 : 1;
}
