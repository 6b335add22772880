/* cmd_user_link.c: carnet user invite, reset: links that people open. */
#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "conf.h"
#include "identity.h"
#include "json.h"
#include "link.h"
#include "store.h"
#include "store_link.h"
#include "store_user.h"

#define INVITE_TTL (7 * 86400)
#define INVITE_TTL_MAX (90 * 86400)

/* A link to be stored, and its mail, or none. */
struct made {
	struct cmd *c;
	struct link link;
	struct job mail;
	int is_mailed;
};

static int
store_made(struct store *st, void *ctx)
{
	struct made *m = ctx;
	int n;

	m->is_mailed = 0;
	if ((n = store_link_add(st, &m->link)) == 1 && m->mail.kind != NULL &&
	    (n = store_outbox_add(st, m->c->conf->outbox_max, &m->mail)) >= 0)
		m->is_mailed = n;
	return n < 0 ? -1 : 1;
}

/* The link alone, so that a script can take it. */
static int
print_link(struct cmd *c, const struct made *m, const char *url)
{
	struct buf b;

	buf_init(&b, c->a, 256);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_str(&b, "link", url);
		json_int(&b, "expires_at", m->link.expires_at);
		json_truth(&b, "mailed", m->is_mailed);
		json_close(&b, '}');
	} else {
		buf_str(&b, url);
	}
	return cmd_print(&b);
}

static int
refuse_address(struct cmd *c, const char *text, struct user *u)
{
	struct user other;
	int n;

	if ((u->email = identity_email(c->a, text)) == NULL)
		return cmd_refuse("%s is no e-mail address", text);
	c->about = u->email;
	if (c->conf->sign_up == SIGN_UP_CLOSED)
		return cmd_refuse("sign_up is closed in %s: set it to invite",
		    c->conf_path);
	if ((n = store_user_by_email(c->st, c->a, u->email, &other)) < 0)
		return CMD_SYSTEM;
	return n == 1 ? cmd_refuse("there is a user %s already", u->email)
		      : CMD_OK;
}

int
cmd_user_invite(struct cmd *c)
{
	const struct writer w = { .conf = c->conf, .a = c->a, .now = c->now };
	struct user u = { .name = "" };
	struct made m = { .c = c };
	const char *text = NULL, *url;
	int64_t ttl_s;
	const struct cmd_opt opts[] = { { .name = "ttl", .value = &text } };
	char **operand;
	int n, rc;

	if ((n = cmd_options(c, opts, 1, &operand)) != 1)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if (cmd_time(text, &ttl_s) < 0)
		return CMD_REFUSED;
	if (ttl_s > INVITE_TTL_MAX)
		return cmd_refuse("an invitation is good for 90d at most");
	if (ttl_s == 0)
		ttl_s = INVITE_TTL;
	if ((rc = refuse_address(c, operand[0], &u)) != CMD_OK)
		return rc;
	url = link_make(&w, "invite", &u, ttl_s, &m.link);
	(void)link_invite(&w, &u, url, ttl_s, &m.mail);
	if (store_write(c->st, store_made, &m) < 0)
		return CMD_SYSTEM;
	if (m.mail.kind != NULL && !m.is_mailed)
		cmd_refuse("the outbox is full: the link is not mailed");
	return print_link(c, &m, url);
}

int
cmd_user_reset(struct cmd *c)
{
	const struct writer w = { .conf = c->conf, .a = c->a, .now = c->now };
	struct made m = { .c = c };
	const char *url;
	struct user u;
	int rc;

	if ((rc = cmd_take_user(c, NULL, 0, &u)) != CMD_OK)
		return rc;
	if (u.disabled_at != 0)
		return cmd_refuse("the user is disabled: carnet user enable %s",
		    store_user_label(&u));
	url = link_make(&w, "recover", &u, c->conf->link_ttl, &m.link);
	if (store_write(c->st, store_made, &m) < 0)
		return CMD_SYSTEM;
	return print_link(c, &m, url);
}
