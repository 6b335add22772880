/* find_user.c: finding the user that an operand names. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "identity.h"
#include "json.h"
#include "store_user.h"
#include "user.h"
#include "utf8.h"

#define DIGITS_MAX 18 /* of an id */

/* Find the user whose id is text, if it is a number; 1, 0 or -1. */
static int
find_by_id(struct cmd *c, const char *text, struct user *out)
{
	const size_t len = strlen(text);

	if (len == 0 || len > DIGITS_MAX || strspn(text, "0123456789") != len)
		return 0;
	return store_user_by_id(c->st, c->a, strtoll(text, NULL, 10), out);
}

int
cmd_seek_user(struct cmd *c, const char *name, struct user *out)
{
	const char *form = identity_any(c->a, name);
	struct user by_id;
	int named = form == NULL ? 0 : user_find(c->st, c->a, form, out);
	int numbered = find_by_id(c, name, &by_id);

	if (named < 0 || numbered < 0)
		return CMD_SYSTEM;
	if (named && numbered && out->id != by_id.id)
		return CMD_USAGE;
	if (!named && !numbered)
		return CMD_REFUSED;
	if (!named)
		*out = by_id;
	return CMD_OK;
}

int
cmd_find_user(struct cmd *c, const char *name, struct user *out)
{
	int rc = cmd_seek_user(c, name, out);

	if (rc == CMD_USAGE)
		return cmd_refuse("%s is the id of one user and the user name"
		    " of another: give the e-mail address", name);
	if (rc == CMD_REFUSED)
		return cmd_refuse("there is no user %s", name);
	if (rc == CMD_OK)
		c->about = store_user_label(out);
	return rc;
}

int
cmd_take_user(
    struct cmd *c, const struct cmd_opt *opts, size_t n, struct user *out)
{
	char **operand;
	const int found = cmd_options(c, opts, n, &operand);

	if (found != 1)
		return found < 0 ? CMD_USAGE : cmd_usage(c);
	return cmd_find_user(c, operand[0], out);
}

/* Print {"user_id": N}, or a sentence. */
int
cmd_say_user(struct cmd *c, const struct user *u, const char *what)
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

int
cmd_text(const char *what, const char *text)
{
	if (utf8_is_line(text))
		return 0;
	cmd_refuse(
	    "%s must be a line of UTF-8 without control characters", what);
	return -1;
}
