/* cmd_user_edit.c: carnet user edit, delete: people are changed and erased. */
#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "conf.h"
#include "erase.h"
#include "json.h"
#include "store.h"
#include "store_erase.h"
#include "store_user.h"

/* What edit takes, as it was typed; NULL: not given. */
struct typed {
	const char *email, *login, *name, *scope, *unset;
};

static int
say(struct cmd *c, const struct user *u, const char *what)
{
	struct buf b;

	buf_init(&b, c->a, 128);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_int(&b, "user_id", u->id);
		json_close(&b, '}');
	} else {
		buf_printf(&b, "user %lld: %s", (long long)u->id, what);
	}
	return cmd_print(&b);
}

/* Within a transaction: what is read here is what is changed. */
static int
edit(struct cmd *c, const struct typed *t, struct user *u)
{
	const struct cmd_unset names[] = {
		{ "login", &u->login, NULL, NULL },
		{ "scope", &u->scope, NULL, NULL },
		{ "name", &u->name, "", NULL },
	};
	const char *was;
	int n, rc;

	if (store_user_by_id(c->st, c->a, u->id, u) != 1)
		return CMD_SYSTEM;
	was = u->email;
	if ((rc = cmd_unset(c, t->unset, names, 3)) != CMD_OK ||
	    (rc = cmd_take_identity(
		 c, t->email, t->login, t->name, u)) != CMD_OK)
		return rc;
	if (cmd_scope(c, t->scope) < 0)
		return CMD_REFUSED;
	if (t->scope != NULL)
		u->scope = t->scope;
	if (strcmp(was, u->email) != 0)
		c->about = arena_printf(c->a, "%s %s", was, u->email);
	if ((n = store_user_change(c->st, u)) < 0)
		return CMD_SYSTEM;
	return n == 0 ? cmd_refuse("another user has that e-mail address or"
				   " user name")
		      : CMD_OK;
}

int
cmd_user_edit(struct cmd *c)
{
	struct typed t = { .email = NULL };
	const struct cmd_opt opts[] = {
		{ "email", &t.email, NULL }, { "login", &t.login, NULL },
		{ "name", &t.name, NULL }, { "scope", &t.scope, NULL },
		{ "unset", &t.unset, NULL },
	};
	struct user u;
	char **operand;
	int n, rc;

	n = cmd_options(c, opts, sizeof(opts) / sizeof(opts[0]), &operand);
	if (n != 1 || (t.email == NULL && t.login == NULL && t.name == NULL &&
			  t.scope == NULL && t.unset == NULL))
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((rc = cmd_find_user(c, operand[0], &u)) != CMD_OK)
		return rc;
	if (store_begin(c->st) < 0)
		return CMD_SYSTEM;
	if ((rc = edit(c, &t, &u)) == CMD_OK && store_commit(c->st) < 0)
		rc = CMD_SYSTEM;
	store_rollback(c->st);
	return rc == CMD_OK ? say(c, &u, "changed") : rc;
}

/*
 * The trail first, as a failure there is to leave everything as it was; and once
 * more when they are gone, for what others wrote meanwhile.
 */
int
cmd_user_delete(struct cmd *c)
{
	const char *trail = c->conf->audit_size > 0 ? c->conf->audit_log : NULL;
	struct user u;
	char **operand;
	int n, rc;

	if ((n = cmd_options(c, NULL, 0, &operand)) != 1)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((rc = cmd_find_user(c, operand[0], &u)) != CMD_OK)
		return rc;
	c->about = arena_printf(c->a, "%lld", (long long)u.id);
	c->is_erased = 1;
	if (store_begin(c->st) < 0)
		return CMD_SYSTEM;
	if (store_erase_user(c->st, u.id) != 1 ||
	    (trail != NULL && erase_from_trail(c->st, trail, &u) < 0) ||
	    store_commit(c->st) < 0) {
		store_rollback(c->st);
		return CMD_SYSTEM;
	}
	if (trail != NULL && erase_from_trail(c->st, trail, &u) < 0)
		return CMD_SYSTEM;
	return say(c, &u, "deleted, with all that was theirs");
}
