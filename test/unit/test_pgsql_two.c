/*
 * test_pgsql_two.c: codes, tokens, users, consents and devices, of which two transactions
 * at once want the same.
 */
#include "two.h"

#include "store_code.h"
#include "store_consent.h"
#include "store_device.h"
#include "store_session.h"

static void
add_code(void)
{
	const struct auth_code c = { .digest = fixture_digest("code"),
		.granted = { .client = cl->id, .user = u->id, .scope = "a" },
		.redirect_uri = "x", .challenge = "x",
		.expires_at = NOW + TTL };

	assert_int_equal(store_code_add(fx.st, &c), 1);
}

static int
spend_code(struct store *st, int side)
{
	const struct digest d = fixture_digest("code");

	(void)side;
	return store_code_spend(st, &d, NOW);
}

static void
add_first_pair(void)
{
	add_pair("one", "family");
}

/* What lib/oauth/issue.c does with a refresh token. */
static int
rotate_within(struct store *st, int side, int64_t grace_s, int converges)
{
	const char *name = converges ? "next" : side ? "next-1" : "next-0";
	const struct digest d = fixture_digest("one"), n = fixture_digest(name);
	struct access_token t = { .id = fixture_id(side ? "id-1" : "id-0"),
		.client = cl->id, .user = u->id, .has_family = 1,
		.family = fixture_id("family"), .scope = "read-posts",
		.created_at = NOW, .expires_at = NOW + TTL };
	struct refresh_token r = { .digest = n, .granted = {
		.family = t.family, .client = cl->id, .user = u->id,
		.scope = "read-posts" }, .access_token = t.id,
		.expires_at = NOW + TTL };
	const int rc = store_refresh_spend(st, &d, &n, NOW, grace_s);

	if (rc <= 0)
		return rc;
	if (rc == REFRESH_AGAIN) {
		r.digest = digest_of_side("row of access", side);
		r.spent_at = NOW;
		r.has_came_with = 1;
		r.came_with = n;
	}
	if (store_access_add(st, &t) < 0 || store_refresh_add(st, &r) < 0)
		return -1;
	return 1;
}

static int
rotate(struct store *st, int side)
{
	return rotate_within(st, side, 0, 0);
}

static int
rotate_with_grace(struct store *st, int side)
{
	return rotate_within(st, side, GRACE, 1);
}

static int
revoke_family(struct store *st, int side)
{
	const struct id family = fixture_id("family");

	(void)side;
	return store_family_revoke(st, &family, NOW) < 0 ? -1 : 0;
}

static int
disable_user(struct store *st, int side)
{
	(void)side;
	return store_user_set_disabled(st, u->id, NOW) < 0 ||
		store_app_revoke(st, u->id, 0, NOW) < 0
	    ? -1
	    : 0;
}

/* What each grant does for a user. */
static int
rotate_if_current(struct store *st, int side)
{
	const int is = store_user_is_current(st, u->id, 0);

	return is <= 0 ? is : rotate(st, side);
}

static int
change_password(struct store *st, int side)
{
	(void)side;
	return store_user_set_password(st, u->id, NULL, "new") < 0 ||
		store_session_delete_others(st, u->id, NULL) < 0
	    ? -1
	    : 0;
}

static int
begin_session(struct store *st, int side)
{
	const struct session s = { .digest = digest_of_side("cookie", side),
		.user = u->id, .agent = "x", .address = "x", .created_at = NOW,
		.seen_at = NOW, .expires_at = NOW + TTL, .proof.acr = ACR_PWD };
	const int is = store_user_is_current(st, u->id, 0);

	return is <= 0 ? is : store_session_add(st, &s);
}

static void
add_consent(void)
{
	const struct consent c = { .client = cl->id, .scope = "a",
		.granted_at = NOW };

	assert_true(store_consent_put(fx.st, u->id, &c) >= 0);
}

static int
withdraw_consent(struct store *st, int side)
{
	(void)side;
	return store_app_revoke(st, u->id, cl->id, NOW) < 0 ? -1 : 0;
}

static int
issue_code_by_consent(struct store *st, int side)
{
	const struct auth_code c = { .digest = digest_of_side("code", side),
		.granted = { .client = cl->id, .user = u->id, .scope = "a" },
		.redirect_uri = "x", .challenge = "x",
		.expires_at = NOW + TTL };
	struct arena *a = arena_new();
	const char *scope = NULL;
	const int is =
	    store_consent_find(st, a, u->id, cl->id, NULL, &scope);

	arena_free(a);
	return is <= 0 || scope == NULL ? is < 0 ? -1 : 0
					: store_code_add(st, &c);
}

static void
add_device(void)
{
	const struct device_code c = { .digest = fixture_digest("device"),
		.user_code = "BCDFGHJK", .granted = { .client = cl->id,
		.scope = "a" }, .interval_s = 5, .expires_at = NOW + TTL };

	assert_int_equal(store_device_add(fx.st, &c), 1);
}

static int
decide_device(struct store *st, int side)
{
	const struct granted g = { .user = u->id, .scope = "a" };

	return store_device_decide(st, "BCDFGHJK", &g, side, NOW);
}

static void
approve_device(void)
{
	add_device();
	assert_int_equal(decide_device(fx.st, 1), 1);
}

static int
spend_device(struct store *st, int side)
{
	const struct digest d = fixture_digest("device");

	(void)side;
	return store_device_spend(st, &d, NOW);
}

/* At most one code waits: lib/oauth/device.c has its own number. */
static int
add_one_device(struct store *st, int side)
{
	const struct device_code c = {
		.digest = digest_of_side("device", side),
		.user_code = side ? "BCDFGHJK" : "KJHGFDCB",
		.granted = { .client = cl->id, .scope = "a" },
		.interval_s = 5, .expires_at = NOW + TTL };
	int64_t first;
	const int n = store_device_waiting(st, NOW, 1, &first);

	return n != 0 ? n < 0 ? -1 : 0 : store_device_add(st, &c);
}

#define LIVE_TOKENS \
    "SELECT (SELECT count(*) FROM oauth_refresh_tokens WHERE spent_at IS NULL" \
    " AND revoked_at IS NULL) + (SELECT count(*) FROM oauth_access_tokens" \
    " WHERE revoked_at IS NULL)"

static const struct deed deeds[] = {
	{ "a code is spent", add_code, { spend_code, spend_code }, 1, NULL, 0 },
	{ "a refresh token is spent", add_first_pair, { rotate, rotate }, 1,
	    LIVE_TOKENS, 2 },
	{ "a refresh token is spent within the grace", add_first_pair,
	    { rotate_with_grace, rotate_with_grace }, 2, LIVE_TOKENS, 3 },
	{ "a family ends while it rotates", add_first_pair,
	    { rotate, revoke_family }, ANY, LIVE_TOKENS, 0 },
	{ "a user is disabled while a token is given", add_first_pair,
	    { rotate_if_current, disable_user }, ANY, LIVE_TOKENS, 0 },
	{ "a password changes while a session begins", nothing,
	    { begin_session, change_password }, ANY,
	    "SELECT count(*) FROM sessions", 0 },
	{ "a consent is withdrawn while a code is given", add_consent,
	    { issue_code_by_consent, withdraw_consent }, ANY,
	    "SELECT count(*) FROM oauth_auth_codes WHERE spent_at IS NULL", 0 },
	{ "a device is approved, and denied", add_device,
	    { decide_device, decide_device }, 1, NULL, 0 },
	{ "a device code is spent", approve_device,
	    { spend_device, spend_device }, 1, NULL, 0 },
	{ "device codes are limited", nothing,
	    { add_one_device, add_one_device }, 1,
	    "SELECT count(*) FROM oauth_device_codes", 1 },
};

int
main(void)
{
	return two_run(deeds, N(deeds));
}
