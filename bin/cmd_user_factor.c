/* cmd_user_factor.c: carnet user reset-factor; second factors as user show has them. */
#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "id.h"
#include "json.h"
#include "store.h"
#include "store_factor.h"
#include "store_user.h"
#include "store_write.h"

static int
reset(struct store *st, void *ctx)
{
	const struct user *u = ctx;

	return store_factor_reset(st, u->id);
}

int
cmd_user_reset_factor(struct cmd *c)
{
	struct user u;
	int n, rc;

	if ((rc = cmd_take_user(c, NULL, 0, &u)) != CMD_OK)
		return rc;
	if ((n = store_write(c->st, reset, &u)) < 0)
		return CMD_SYSTEM;
	return n == 0 ? cmd_refuse("the user is gone")
		      : cmd_say_user(c, &u,
			    "has no second factor any more; signed out"
			    " everywhere");
}

int
cmd_write_factors(struct cmd *c, struct buf *b, int64_t user)
{
	struct totp *t = arena_alloc(c->a, TOTPS_MAX * sizeof(*t));
	const int n = store_totp_list(c->st, c->a, user, t, TOTPS_MAX);
	const int left = store_recovery_left(c->st, user);

	json_open(b, "factors", '[');
	for (int i = 0; i < n; i++) {
		json_open(b, NULL, '{');
		json_str(b, "kind", "totp");
		json_str(b, "id", id_text(c->a, &t[i].id));
		json_str(b, "name", t[i].name);
		json_int(b, "created_at", t[i].created_at);
		if (t[i].last_used_at != 0)
			json_int(b, "last_used_at", t[i].last_used_at);
		json_close(b, '}');
	}
	json_close(b, ']');
	json_int(b, "recovery_codes", left);
	return n < 0 ? n : left;
}

int
cmd_list_factors(struct cmd *c, struct buf *b, int64_t user)
{
	struct totp *t = arena_alloc(c->a, TOTPS_MAX * sizeof(*t));
	const int n = store_totp_list(c->st, c->a, user, t, TOTPS_MAX);
	const int left = store_recovery_left(c->st, user);

	for (int i = 0; i < n; i++)
		buf_printf(b, "\nfactor   authenticator app \"%s\", added %s,"
		    " last used %s", t[i].name, cmd_date(c->a, t[i].created_at),
		    t[i].last_used_at == 0
			? "never"
			: cmd_date(c->a, t[i].last_used_at));
	if (n > 0)
		buf_printf(b, "\nrecovery codes left: %d", left);
	return n < 0 ? n : left;
}
