/* cmd_client_ticket.c: carnet client ticket: a client may register itself with it. */
#include <stdlib.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "conf.h"
#include "crypto.h"
#include "json.h"
#include "store.h"
#include "store_stranger.h"

#define TTL_S 86400
#define TTL_MAX_S (366 * 86400)
#define USES_MAX 10000

struct ticket {
	struct digest d;
	int64_t uses, expires_at;
};

static int
store_ticket(struct store *st, void *ctx)
{
	const struct ticket *t = ctx;

	return store_reg_ticket_add(st, &t->d, t->uses, t->expires_at);
}

/* The ticket alone, so that a script can take it. */
static int
print_ticket(struct cmd *c, const char *text, const struct ticket *t)
{
	struct buf b;

	buf_init(&b, c->a, 128);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_str(&b, "ticket", text);
		json_int(&b, "expires_at", t->expires_at);
		json_close(&b, '}');
	} else {
		buf_str(&b, text);
	}
	return cmd_print(&b);
}

/* How often it may be used; 0, after a message, if that is no such number. */
static int64_t
read_uses(const char *text)
{
	const size_t n = text == NULL ? 0 : strspn(text, "0123456789");
	const long uses = text == NULL ? 1
	    : n == 0 || n > 5 || text[n] != '\0' ? 0
						 : strtol(text, NULL, 10);

	if (uses < 1 || uses > USES_MAX) {
		cmd_refuse("--uses is a number from 1 to %d", USES_MAX);
		return 0;
	}
	return uses;
}

int
cmd_client_ticket(struct cmd *c)
{
	char text[SECRET_TEXT_LEN + 1];
	const char *ttl = NULL, *uses = NULL;
	const struct cmd_opt opts[] = { { .name = "ttl", .value = &ttl },
		{ .name = "uses", .value = &uses } };
	struct ticket t = { .uses = 0 };
	int64_t ttl_s;
	char **operand;
	int n, rc;

	if ((n = cmd_options(c, opts, 2, &operand)) != 0)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if (c->conf->registration == REGISTRATION_CLOSED)
		return cmd_refuse("registration is closed in %s: set it to"
				  " ticket", c->conf_path);
	if (cmd_time(ttl, &ttl_s) < 0 || (t.uses = read_uses(uses)) == 0)
		return CMD_REFUSED;
	if (ttl_s > TTL_MAX_S)
		return cmd_refuse("a ticket is good for 366d at most");
	t.expires_at = c->now + (ttl_s == 0 ? TTL_S : ttl_s);
	secret_make(text, &t.d);
	rc = store_write(c->st, store_ticket, &t) < 0
	    ? CMD_SYSTEM
	    : print_ticket(c, text, &t);
	explicit_bzero(text, sizeof(text));
	return rc;
}
