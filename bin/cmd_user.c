/* cmd_user.c: carnet user add, passwd, disable, enable. */
#include <errno.h>
#include <termios.h>
#include <unistd.h>

#include "arena.h"
#include "cmd.h"
#include "conf.h"
#include "identity.h"
#include "passwd.h"
#include "password.h"
#include "scope.h"
#include "store.h"
#include "store_walk.h"
#include "store_user.h"
#include "user.h"

/* Read a line of standard input, without its newline; NULL if there is none. */
static char *
read_line(struct arena *a)
{
	char line[PASSWD_MAX + 2];
	size_t len;
	char *copy = NULL;

	if (fgets(line, sizeof(line), stdin) != NULL) {
		len = strcspn(line, "\r\n");
		if (len <= PASSWD_MAX)
			copy = arena_dup(a, line, len);
	}
	explicit_bzero(line, sizeof(line));
	return copy;
}

/* Read a line from the terminal, without echo. */
static char *
ask(struct arena *a, const char *prompt)
{
	struct termios old, quiet;
	char *line;

	fputs(prompt, stderr);
	if (tcgetattr(STDIN_FILENO, &old) < 0)
		return NULL;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	line = read_line(a);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
	fputc('\n', stderr);
	return line;
}

/* Put the hash of u's new password to *hash, or refuse it with a message. */
static int
take_password(
    struct cmd *c, int from_stdin, const struct user *u, const char **hash)
{
	const char *why;
	char *password, *again;

	if (from_stdin) {
		password = read_line(c->a);
	} else if (!isatty(STDIN_FILENO)) {
		return cmd_refuse("no terminal to ask for the password on; "
				  "give it with --password-stdin");
	} else {
		password = ask(c->a, "Password: ");
		again = ask(c->a, "Again: ");
		if (password == NULL || again == NULL ||
		    strcmp(password, again) != 0)
			return cmd_refuse("the two differ");
	}
	if (password == NULL || *password == '\0')
		return cmd_refuse("a password is a line of 1 to %d bytes",
		    PASSWD_MAX);
	if ((why = password_refusal(c->conf, c->a, password, u)) != NULL)
		return cmd_refuse("the password will not do: %s", why);
	*hash = passwd_hash(c->a, password);
	return *hash == NULL ? CMD_SYSTEM : CMD_OK;
}

/* The words of a limit, or a message and -1. */
int
cmd_scope(struct cmd *c, const char *words)
{
	int unknown = 0;

	if (words != NULL)
		scope_parse(c->conf, words, &unknown);
	if (!unknown)
		return 0;
	cmd_refuse("\"%s\" names a scope that [scopes] in %s does not", words,
	    c->conf_path);
	return -1;
}

/* Put each one that is not NULL to out, in the form that is stored. */
int
cmd_take_identity(struct cmd *c, const char *email, const char *login,
    const char *name, struct user *out)
{
	if (email != NULL &&
	    (out->email = identity_email(c->a, email)) == NULL)
		return cmd_refuse("%s is no e-mail address", email);
	if (login != NULL &&
	    (out->login = identity_login(c->a, login)) == NULL)
		return cmd_refuse("%s is no user name: 1 to 64 letters, digits"
		    " or signs of ASCII, without spaces and @", login);
	if (name != NULL && cmd_text("a name", name) < 0)
		return CMD_REFUSED;
	if (name != NULL)
		out->name = name;
	return CMD_OK;
}

int
cmd_user_add(struct cmd *c)
{
	struct user u = { .name = "", .created_at = c->now };
	const char *login = NULL, *name = NULL;
	int from_stdin = 0, n, rc;
	const struct cmd_opt opts[] = {
		{ .name = "name", .value = &name },
		{ .name = "login", .value = &login },
		{ .name = "scope", .value = &u.scope },
		{ .name = "password-stdin", .flag = &from_stdin },
	};
	char **operand;

	if ((n = cmd_options(c, opts, 4, &operand)) != 1)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((rc = cmd_take_identity(c, operand[0], login, name, &u)) != CMD_OK)
		return rc;
	c->about = u.email;
	if (cmd_scope(c, u.scope) < 0)
		return CMD_REFUSED;
	if ((rc = take_password(c, from_stdin, &u, &u.password)) != CMD_OK)
		return rc;
	if ((n = store_user_add(c->st, &u)) < 0)
		return CMD_SYSTEM;
	if (n == 0)
		return cmd_refuse("there is a user %s%s%s already", u.email,
		    login == NULL ? "" : ", or a user name ",
		    login == NULL ? "" : u.login);
	return cmd_say_user(c, &u, u.email);
}

/* A new password to be stored. */
struct change {
	const struct user *u;
	const char *hash;
	int64_t now;
};

static int
set_password(struct store *st, void *ctx)
{
	const struct change *ch = ctx;

	return user_set_password(st, ch->u, ch->hash, NULL, ch->now);
}

int
cmd_user_passwd(struct cmd *c)
{
	int from_stdin = 0, n, rc;
	const struct cmd_opt opts[] = {
		{ .name = "password-stdin", .flag = &from_stdin },
	};
	const char *hash;
	struct user u;

	if ((rc = cmd_take_user(c, opts, 1, &u)) != CMD_OK ||
	    (rc = take_password(c, from_stdin, &u, &hash)) != CMD_OK)
		return rc;
	u.password = NULL; /* no check of the old one: it is not known */
	n = store_write(c->st, set_password,
	    &(struct change) { .u = &u, .hash = hash, .now = c->now });
	if (n < 0)
		return CMD_SYSTEM;
	return n == 0 ? cmd_refuse("the user is gone")
		      : cmd_say_user(c, &u, "password set; signed out everywhere");
}

/*
 * The user is refused from the next request on.  With --revoke their tokens are
 * then revoked, so that none is valid when the user is enabled again.  That is
 * done in batches, as others wait for the lock: if it is stopped halfway, the
 * command must be run again.
 */
int
cmd_user_disable(struct cmd *c)
{
	struct walk w = { .user = 0 };
	int revoke = 0, rc;
	const struct cmd_opt opts[] = { { .name = "revoke", .flag = &revoke } };
	struct user u;

	if ((rc = cmd_take_user(c, opts, 1, &u)) != CMD_OK)
		return rc;
	if (store_user_set_disabled(c->st, u.id, c->now) != 1)
		return CMD_SYSTEM;
	w.user = u.id;
	if (revoke && cmd_revoke_all(c, &w) != CMD_OK)
		return CMD_SYSTEM;
	return cmd_say_user(c, &u,
	    revoke ? "disabled; all tokens and sessions revoked" : "disabled");
}

int
cmd_user_enable(struct cmd *c)
{
	struct user u;
	int rc;

	if ((rc = cmd_take_user(c, NULL, 0, &u)) != CMD_OK)
		return rc;
	if (store_user_set_disabled(c->st, u.id, 0) != 1)
		return CMD_SYSTEM;
	return cmd_say_user(c, &u, "enabled");
}
