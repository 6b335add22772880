/* cmd_user_factor.c: carnet user reset-factor; second factors as user show has them. */
#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "id.h"
#include "json.h"
#include "store.h"
#include "store_factor.h"
#include "store_passkey.h"
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

/* Members that each kind has. */
static void
write_factor(struct buf *b, const char *kind, const char *id, const char *name,
    int64_t created_at, int64_t last_used_at)
{
	json_open(b, NULL, '{');
	json_str(b, "kind", kind);
	json_str(b, "id", id);
	json_str(b, "name", name);
	json_int(b, "created_at", created_at);
	if (last_used_at != 0)
		json_int(b, "last_used_at", last_used_at);
}

static int
write_passkeys(struct cmd *c, struct buf *b, int64_t user)
{
	struct passkey *p = arena_alloc(c->a, PASSKEYS_MAX * sizeof(*p));
	const int n = store_passkey_list(c->st, c->a, user, p, PASSKEYS_MAX);

	for (int i = 0; i < n; i++) {
		write_factor(b, "passkey",
		    arena_printf(c->a, "%lld", (long long)p[i].id), p[i].name,
		    p[i].created_at, p[i].last_used_at);
		json_str(b, "credential_id", p[i].credential);
		json_int(b, "count", p[i].count);
		json_truth(b, "may_sync", p[i].may_sync);
		json_truth(b, "synced", p[i].is_synced);
		json_close(b, '}');
	}
	return n;
}

int
cmd_write_factors(struct cmd *c, struct buf *b, int64_t user)
{
	struct totp *t = arena_alloc(c->a, TOTPS_MAX * sizeof(*t));
	const int n = store_totp_list(c->st, c->a, user, t, TOTPS_MAX);
	const int left = store_recovery_left(c->st, user);
	int passkeys;

	json_open(b, "factors", '[');
	for (int i = 0; i < n; i++) {
		write_factor(b, "totp", id_text(c->a, &t[i].id), t[i].name,
		    t[i].created_at, t[i].last_used_at);
		json_close(b, '}');
	}
	passkeys = write_passkeys(c, b, user);
	json_close(b, ']');
	json_int(b, "recovery_codes", left);
	return n < 0 || passkeys < 0 ? -1 : left;
}

static void
list_factor(struct cmd *c, struct buf *b, const char *kind, const char *name,
    int64_t created_at, int64_t last_used_at)
{
	buf_printf(b, "\nfactor   %s \"%s\", added %s, last used %s", kind, name,
	    cmd_date(c->a, created_at),
	    last_used_at == 0 ? "never" : cmd_date(c->a, last_used_at));
}

int
cmd_list_factors(struct cmd *c, struct buf *b, int64_t user)
{
	struct totp *t = arena_alloc(c->a, TOTPS_MAX * sizeof(*t));
	struct passkey *p = arena_alloc(c->a, PASSKEYS_MAX * sizeof(*p));
	const int n = store_totp_list(c->st, c->a, user, t, TOTPS_MAX);
	const int m = store_passkey_list(c->st, c->a, user, p, PASSKEYS_MAX);
	const int left = store_recovery_left(c->st, user);

	for (int i = 0; i < n; i++)
		list_factor(c, b, "authenticator app", t[i].name,
		    t[i].created_at, t[i].last_used_at);
	for (int i = 0; i < m; i++)
		list_factor(c, b, "passkey", p[i].name, p[i].created_at,
		    p[i].last_used_at);
	if (n > 0 || m > 0)
		buf_printf(b, "\nrecovery codes left: %d", left);
	return n < 0 || m < 0 ? -1 : left;
}
