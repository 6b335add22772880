/*
 * test_pgsql_two.c: two transactions at once, in PostgreSQL.
 *
 * doc/architecture.md, Two at once: SQLite has one writer at a time; here each rule is
 * held by two connections that are stepped through the ways in which they can meet.
 */
#include "tokens.h"

#include <pthread.h>
#include <time.h>

#include "arena.h"
#include "engine.h"
#include "store_code.h"
#include "store_consent.h"
#include "store_device.h"
#include "store_factor.h"
#include "store_link.h"
#include "store_outbox.h"
#include "store_passkey.h"
#include "store_session.h"
#include "store_throttle.h"
#include "store_used.h"
#include "store_write.h"

/* What two do at once.  side is 0 or 1: which of the two it is. */
struct deed {
	const char *name;
	void (*prepare)(void);
	int (*step[2])(struct store *st, int side);
	int sum;		/* of both results; ANY: it is not looked at */
	const char *check;	/* SQL for a number */
	int64_t wanted;
};

#define ANY (-1)

/*
 * The ways to meet.  In the first, the other one runs while this one has not committed.
 * In the second, the other one has read something, and so has its snapshot, before this
 * one begins; it goes on when this one has committed.
 */
enum meeting { WITHIN, SNAPSHOT_BEFORE, MEETINGS };

static struct {
	const struct deed *deed;
	enum meeting meeting;
	int first;		/* the side that commits first */
} now_tested;

/* The side that runs in a thread. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t told;
	enum { BEGUN, WAITS, GOES, STEPPED, MAY_COMMIT, ENDED } at;
	int runs, rc;
} other;

static void
tell(int at)
{
	pthread_mutex_lock(&other.lock);
	if (at > (int)other.at)
		other.at = at;
	pthread_cond_broadcast(&other.told);
	pthread_mutex_unlock(&other.lock);
}

static void
wait_for(int at)
{
	pthread_mutex_lock(&other.lock);
	while ((int)other.at < at)
		pthread_cond_wait(&other.told, &other.lock);
	pthread_mutex_unlock(&other.lock);
}

static int
other_step(struct store *st, void *ctx)
{
	const int side = !now_tested.first, is_rerun = other.runs++ > 0;
	struct outbox o;
	int rc;

	(void)ctx;
	if (!is_rerun && now_tested.meeting == SNAPSHOT_BEFORE) {
		if (store_outbox_look(st, &o) < 0)
			return -1;
		tell(WAITS);
		wait_for(GOES);
	}
	rc = now_tested.deed->step[side](st, side);
	if (!is_rerun && now_tested.meeting == WITHIN) {
		tell(STEPPED);
		wait_for(MAY_COMMIT);
	}
	return rc;
}

static void *
run_other(void *arg)
{
	struct store *st = arg;

	other.rc = store_write(st, other_step, NULL);
	tell(ENDED);
	return NULL;
}

/* The other one has come to its commit, or waits for a lock that we have. */
static void
wait_for_step(void)
{
	static const struct timespec pause = { .tv_nsec = 2000000 };
	const char *blocked = arena_printf(fx.a,
	    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
	    " AND application_name = '%s'", strrchr(fx.dir, '-') + 1);
	int at;

	do {
		pthread_mutex_lock(&other.lock);
		at = other.at;
		pthread_mutex_unlock(&other.lock);
		(void)nanosleep(&pause, NULL);
	} while (at < STEPPED && fixture_sql(blocked) == 0);
}

static void
start_other(pthread_t *thread, struct store *st)
{
	other.at = BEGUN;
	other.runs = 0;
	assert_int_equal(pthread_create(thread, NULL, run_other, st), 0);
}

static void
two_at_once(void **state)
{
	struct store *st = store_open(arena_printf(fx.a,
	    "%s&application_name=%s", fx.path, strrchr(fx.dir, '-') + 1), 1);
	const int side = now_tested.first;
	pthread_t thread;
	int begun, rc, committed;

	(void)state;
	assert_non_null(st);
	now_tested.deed->prepare();
	if (now_tested.meeting == SNAPSHOT_BEFORE) {
		start_other(&thread, st);
		wait_for(WAITS);
	}
	begun = store_begin(fx.st);
	rc = now_tested.deed->step[side](fx.st, side);
	if (now_tested.meeting == WITHIN) {
		start_other(&thread, st);
		wait_for_step();
	}
	committed = store_commit(fx.st);
	if (committed < 0)
		store_rollback(fx.st);
	tell(now_tested.meeting == WITHIN ? MAY_COMMIT : GOES);
	pthread_join(thread, NULL);
	store_close(st);
	assert_int_equal(begun, 0);
	assert_int_equal(committed, 0);
	assert_in_range(rc, 0, INT32_MAX);
	assert_in_range(other.rc, 0, INT32_MAX);
	if (now_tested.deed->sum != ANY)
		assert_int_equal(rc + other.rc, now_tested.deed->sum);
	if (now_tested.deed->check != NULL)
		assert_int_equal(fixture_sql(now_tested.deed->check),
		    now_tested.deed->wanted);
}

static void
nothing(void)
{
}

static struct digest
digest_of_side(const char *name, int side)
{
	char text[64]; /* the arena of the test is for its own thread */

	snprintf(text, sizeof(text), "%s-%d", name, side);
	return fixture_digest(text);
}

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

#define WAYS (MEETINGS * 2) /* and which of the two commits first */

static int
setup(void **state)
{
	const size_t n = (size_t)(uintptr_t)*state;

	now_tested.deed = &deeds[n / WAYS];
	now_tested.meeting = (enum meeting)(n % WAYS / 2);
	now_tested.first = n % 2;
	return tokens_setup(state);
}

int
main(void)
{
	static const char *const ways[WAYS] = { "the other within",
		"the other within, sides changed", "the other saw before",
		"the other saw before, sides changed" };
	static struct CMUnitTest tests[N(deeds) * WAYS];
	static char names[N(tests)][128];
	size_t n = 0;

	for (size_t i = 0; i < N(tests); i++) {
		/* Two sides that do the same need not change. */
		if (i % 2 == 1 &&
		    deeds[i / WAYS].step[0] == deeds[i / WAYS].step[1])
			continue;
		snprintf(names[n], sizeof(names[n]), "%s: %s",
		    deeds[i / WAYS].name, ways[i % WAYS]);
		tests[n] = (struct CMUnitTest) { .name = names[n],
			.test_func = two_at_once, .setup_func = setup,
			.teardown_func = fixture_end,
			.initial_state = (void *)(uintptr_t)i };
		n++;
	}
	return _cmocka_run_group_tests(
	    "two at once", tests, n, NULL, NULL);
}
