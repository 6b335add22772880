/* cmd_user_edit.c: carnet user edit, delete: changing and erasing users. */
#include "arena.h"
#include "cmd.h"
#include "conf.h"
#include "erase.h"
#include "store.h"
#include "store_erase.h"
#include "store_user.h"

/* A change of a user. */
struct change {
	struct cmd *c;
	struct user *u;		/* as it is stored in the end */
	struct user typed;	/* in the form that is stored; NULL: not given */
	const char *unset;	/* names of options, with commas; or NULL */
	const char *was;	/* the e-mail address before */
};

static int
unset(const struct change *ch, struct user *u)
{
	const struct cmd_unset names[] = {
		{ .name = "login", .text = &u->login },
		{ .name = "scope", .text = &u->scope },
		{ .name = "name", .text = &u->name, .to = "" },
	};

	return cmd_unset(ch->c, ch->unset, names, 3);
}

/* Read and change the user in one transaction.  1; 0: the name is taken. */
static int
change(struct store *st, void *ctx)
{
	struct change *ch = ctx;
	const struct user *t = &ch->typed;
	struct user *u = ch->u;

	if (store_user_by_id(st, ch->c->a, u->id, u) != 1)
		return -1;
	ch->was = store_user_label(u);
	(void)unset(ch, u);
	if (t->email != NULL)
		u->email = t->email;
	if (t->login != NULL)
		u->login = t->login;
	if (t->name != NULL)
		u->name = t->name;
	if (t->scope != NULL)
		u->scope = t->scope;
	return store_user_change(st, u);
}

/* Check what was typed before anything is changed. */
static int
check(struct cmd *c, const struct user *typed, struct change *ch)
{
	struct user unused = { .id = 0 };
	int rc;

	if ((rc = unset(ch, &unused)) != CMD_OK ||
	    (rc = cmd_take_identity(c, typed->email, typed->login,
		 typed->name, &ch->typed)) != CMD_OK)
		return rc;
	ch->typed.scope = typed->scope;
	return cmd_scope(c, typed->scope) < 0 ? CMD_REFUSED : CMD_OK;
}

int
cmd_user_edit(struct cmd *c)
{
	struct user u, t = { .email = NULL };
	struct change ch = { .c = c, .u = &u };
	const struct cmd_opt opts[] = {
		{ .name = "email", .value = &t.email },
		{ .name = "login", .value = &t.login },
		{ .name = "name", .value = &t.name },
		{ .name = "scope", .value = &t.scope },
		{ .name = "unset", .value = &ch.unset },
	};
	char **operand;
	int n, rc;

	n = cmd_options(c, opts, sizeof(opts) / sizeof(opts[0]), &operand);
	if (n != 1 || (t.email == NULL && t.login == NULL && t.name == NULL &&
			  t.scope == NULL && ch.unset == NULL))
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((rc = cmd_find_user(c, operand[0], &u)) != CMD_OK ||
	    (rc = check(c, &t, &ch)) != CMD_OK)
		return rc;
	if ((n = store_write(c->st, change, &ch)) < 0)
		return CMD_SYSTEM;
	if (strcmp(ch.was, store_user_label(&u)) != 0)
		c->about = arena_printf(
		    c->a, "%s %s", ch.was, store_user_label(&u));
	return n == 0 ? cmd_refuse("another user has that e-mail address or"
				   " user name")
		      : cmd_say_user(c, &u, "changed");
}

/* A user to be deleted. */
struct deletion {
	const struct user *u;
	const char *trail; /* NULL: there is none */
};

/* The step may run twice: erasing from the trail again changes nothing. */
static int
delete_user(struct store *st, void *ctx)
{
	const struct deletion *d = ctx;

	if (store_erase_user(st, d->u->id) != 1)
		return -1;
	return d->trail == NULL ? 0 : erase_from_trail(st, d->trail, d->u);
}

/*
 * The trail is erased first: if that fails, nothing has changed.  It is erased
 * again after the user is deleted, for lines that were written meanwhile.
 */
int
cmd_user_delete(struct cmd *c)
{
	struct user u;
	struct deletion d = {
		.u = &u,
		.trail = c->conf->audit_size > 0 ? c->conf->audit_log : NULL,
	};
	int rc;

	if ((rc = cmd_take_user(c, NULL, 0, &u)) != CMD_OK)
		return rc;
	c->about = arena_printf(c->a, "%lld", (long long)u.id);
	c->is_erased = 1;
	if (store_write(c->st, delete_user, &d) < 0 ||
	    (d.trail != NULL && erase_from_trail(c->st, d.trail, &u) < 0))
		return CMD_SYSTEM;
	return cmd_say_user(c, &u, "deleted, with all that was theirs");
}
