/*
 * test_pgsql_two_once.c: what counts once, and what is limited in number, of which two
 * transactions at once want the same.
 */
#include "two.h"

#include "store_factor.h"
#include "store_link.h"
#include "store_passkey.h"
#include "store_throttle.h"
#include "store_used.h"

static int
use_once(struct store *st, int side)
{
	const struct digest d = fixture_digest("jti");

	(void)side;
	return store_used_add(st, &d, NOW + TTL);
}

static void
add_link(void)
{
	const struct link l = { .digest = fixture_digest("link"),
		.kind = "sign_up", .email = "x", .expires_at = NOW + TTL };

	assert_int_equal(store_link_add(fx.st, &l), 1);
}

static int
spend_link(struct store *st, int side)
{
	const struct digest d = fixture_digest("link");

	(void)side;
	return store_link_spend(st, &d);
}

static int
add_job(struct store *st, int side)
{
	const struct job j = { .kind = "mail", .target = "x", .body = "x",
		.created_at = NOW };

	(void)side;
	return store_outbox_add(st, 1, &j);
}

static void
put_job(void)
{
	assert_int_equal(store_begin(fx.st), 0);
	assert_int_equal(add_job(fx.st, 0), 1);
	assert_int_equal(store_commit(fx.st), 0);
}

static int
take_job(struct store *st, int side)
{
	struct arena *a = arena_new();
	struct job j;
	int rc = store_outbox_due(st, a, NOW, &j);

	(void)side;
	if (rc == 1)
		rc = store_outbox_take(st, &j, NOW + 60);
	arena_free(a);
	return rc;
}

static void
add_totps(void)
{
	struct totp t = { .user = u->id, .name = "x", .created_at = NOW };

	for (int i = 0; i < TOTPS_MAX - 1; i++) {
		t.id = fixture_id(arena_printf(fx.a, "totp-%d", i));
		assert_int_equal(store_totp_add(fx.st, &t), 1);
	}
}

/* lib/oauth/enrol.c: a user has TOTPS_MAX at most. */
static int
enrol_totp(struct store *st, int side)
{
	const struct totp t = { .id = fixture_id(side ? "new-1" : "new-0"),
		.user = u->id, .name = "x", .created_at = NOW };
	struct arena *a = arena_new();
	struct totp *old = arena_alloc(a, TOTPS_MAX * sizeof(*old));
	const int n = store_totp_list(st, a, u->id, old, TOTPS_MAX);

	arena_free(a);
	return n < 0 ? -1 : n == TOTPS_MAX ? 0 : store_totp_add(st, &t);
}

static int
use_totp(struct store *st, int side)
{
	const struct id id = fixture_id("totp-0");

	(void)side;
	return store_totp_use(st, &id, 7, NOW);
}

static void
add_recovery(void)
{
	const struct digest d = fixture_digest("recovery");

	assert_int_equal(store_recovery_add(fx.st, u->id, &d), 1);
}

static int
use_recovery(struct store *st, int side)
{
	const struct digest d = fixture_digest("recovery");

	(void)side;
	return store_recovery_use(st, u->id, &d);
}

static int
add_passkey(struct store *st, int side)
{
	const struct passkey p = { .user = u->id, .key = "x", .name = "x",
		.credential = side ? "key-1" : "key-0", .created_at = NOW };

	return store_passkey_add(st, &p);
}

static void
add_passkeys(void)
{
	struct passkey p = { .user = u->id, .key = "x", .name = "x",
		.created_at = NOW };

	for (int i = 0; i < PASSKEYS_MAX - 1; i++) {
		p.credential = arena_printf(fx.a, "old-%d", i);
		assert_int_equal(store_passkey_add(fx.st, &p), 1);
	}
}

static int
count_failure(struct store *st, int side)
{
	const struct digest d = fixture_digest("place");
	int64_t all;

	(void)side;
	return store_throttle_add(st, &d, NOW, 100, &all) < 0 ? -1 : 1;
}

static void
add_user(void)
{
	(void)fixture_user("b@b.example", "x", NULL);
}

static int
take_address(struct store *st, int side)
{
	return store_user_set_email(st, u->id + side, "same@b.example", NOW);
}

static const struct deed deeds[] = {
	{ "what counts once is used", nothing, { use_once, use_once }, 1,
	    "SELECT count(*) FROM used_once", 1 },
	{ "a link is opened", add_link, { spend_link, spend_link }, 1, NULL, 0 },
	{ "the outbox is limited", nothing, { add_job, add_job }, 1,
	    "SELECT count(*) FROM outbox", 1 },
	{ "a job is taken", put_job, { take_job, take_job }, 1,
	    "SELECT tries FROM outbox", 1 },
	{ "apps that make codes are limited", add_totps,
	    { enrol_totp, enrol_totp }, 1, "SELECT count(*) FROM totps",
	    TOTPS_MAX },
	{ "a code of an app is used", add_totps, { use_totp, use_totp }, 1,
	    NULL, 0 },
	{ "a recovery code is used", add_recovery,
	    { use_recovery, use_recovery }, 1, NULL, 0 },
	{ "passkeys are limited", add_passkeys, { add_passkey, add_passkey }, 1,
	    "SELECT count(*) FROM passkeys", PASSKEYS_MAX },
	{ "failures are counted", nothing, { count_failure, count_failure }, 2,
	    "SELECT max(failures) FROM throttle", 2 },
	{ "an address is taken", add_user, { take_address, take_address }, 1,
	    "SELECT count(*) FROM users WHERE email = 'same@b.example'", 1 },
};

int
main(void)
{
	return two_run(deeds, N(deeds));
}
