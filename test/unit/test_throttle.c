/* test_throttle.c: failed sign-ins are counted; slots to hash. */
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "slot.h"
#include "store_throttle.h"
#include "throttle.h"

#define LIMITS "[throttle]\nwindow = 100s\naccount_address = 3\naccount = 5\n" \
	"address = 4\nclient = 0\n"

static int
setup(void **state)
{
	if (fixture_server(state) < 0)
		return -1;
	fixture_conf(LIMITS);
	return 0;
}

/* Try each address once: the status of the answer; 0: signed in. */
static int
try(const char *email, const char *address, int64_t now, int right)
{
	struct req *rq =
	    REQUEST(arena_printf(fx.a, "REMOTE_ADDR=%s", address));
	const struct oerr *e;
	struct attempt at;

	rq->now = now;
	if ((e = throttle_sign_in(rq, email, &at)) == NULL)
		e = throttle_end(
		    rq, &at, right ? NULL : &oerr_invalid_grant);
	return e == NULL ? 0 : e->status;
}

static const char *
retry_after(void)
{
	const char *line = strstr(fx.headers.data, "Retry-After: ");

	return line == NULL ? "none"
			    : arena_dup(fx.a, line + 13, strcspn(line + 13, "\r"));
}

static void
failures_of_a_pair_are_counted_for_a_window(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(try("a@b.example", "192.0.2.1", NOW, 0), 400);
	assert_int_equal(try("a@b.example", "192.0.2.1", NOW + 40, 1), 429);
	assert_string_equal(retry_after(), "60");
	/* Attempts that were put off are not counted. */
	assert_int_equal(try("a@b.example", "192.0.2.1", NOW + 99, 0), 429);
	assert_int_equal(try("a@b.example", "192.0.2.1", NOW + 100, 1), 0);
}

static void
successes_are_never_counted(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		assert_int_equal(try("a@b.example", "192.0.2.1", NOW, 1), 0);
}

static void
who_signs_in_is_forgiven(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		assert_int_equal(
		    try("a@b.example", "192.0.2.1", NOW + 200 * i, 0), 400);
		assert_int_equal(
		    try("a@b.example", "192.0.2.1", NOW + 200 * i, 0), 400);
		assert_int_equal(
		    try("a@b.example", "192.0.2.1", NOW + 200 * i, 1), 0);
	}
}

/* Many addresses guess at one account.  Its owner comes from a known place. */
static void
a_spread_attack_is_slowed_and_the_owner_let_in(void **state)
{
	(void)state;
	assert_int_equal(try("a@b.example", "192.0.2.1", NOW, 1), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(try("a@b.example",
		    arena_printf(fx.a, "198.51.100.%d", i), NOW, 0), 400);
	assert_int_equal(try("a@b.example", "198.51.100.99", NOW, 0), 429);
	assert_int_equal(try("a@b.example", "192.0.2.1", NOW, 1), 0);
	/* Other accounts are not touched. */
	assert_int_equal(try("c@d.example", "192.0.2.1", NOW, 1), 0);
}

/*
 * One address guesses at many accounts.  Another user of that address has not
 * failed.
 */
static void
a_neighbour_of_the_attacker_signs_in(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(try(arena_printf(fx.a, "u%d@b.example", i),
		    "192.0.2.1", NOW, 0), 400);
	assert_int_equal(try("u1@b.example", "192.0.2.1", NOW, 1), 429);
	assert_int_equal(try("fresh@b.example", "192.0.2.1", NOW, 1), 0);
	for (int i = 4; i < 40; i++)
		assert_int_equal(try(arena_printf(fx.a, "u%d@b.example", i),
		    "192.0.2.1", NOW, 0), 400);
	/* The flood is too large: from now on, only known places are let in. */
	assert_int_equal(try("u99@b.example", "192.0.2.1", NOW, 0), 429);
	assert_int_equal(try("fresh@b.example", "192.0.2.1", NOW, 1), 0);
}

static void
an_ipv6_subscriber_is_one_address(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(try("a@b.example",
		    arena_printf(fx.a, "2001:db8:1:2::%d", i), NOW, 0), 400);
	assert_int_equal(try("a@b.example", "2001:db8:1:2::99", NOW, 1), 429);
	assert_int_equal(try("a@b.example", "2001:db8:1:3::99", NOW, 1), 0);
}

/* A count that was made while the clock was wrong does not lock for years. */
static void
a_clock_that_is_set_back_locks_nobody_out(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		try("a@b.example", "192.0.2.1", NOW + 1000000, 0);
	assert_int_equal(try("a@b.example", "192.0.2.1", NOW, 1), 0);
}

static void
counts_go_when_they_are_over(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		try(arena_printf(fx.a, "u%d@b.example", i), "192.0.2.1", NOW, 0);
	assert_true(fixture_sql("SELECT count(*) FROM throttle") == 7);
	for (int i = 0; i < 3; i++)
		try("v@b.example", "192.0.2.2", NOW + 101, 0);
	assert_int_equal(fixture_sql("SELECT count(*) FROM throttle"), 3);
}

static struct digest
key(enum throttle_kind kind, const char *text)
{
	const struct digest d = fixture_digest(text);

	return store_throttle_key(kind, &d);
}

static int filled; /* rows, each with a key of its own */

/* Add n rows of the kind, with that many failures each. */
static void
fill(enum throttle_kind kind, int n, int64_t until, int failures)
{
	struct buf b;

	buf_init(&b, fx.a, 1 << 16);
	buf_str(&b, "INSERT INTO throttle (key, failures, expires_at) VALUES");
	for (int i = 0; i < n; i++)
		buf_printf(&b, "%s (x'%02x%062x', %d, %lld)", i == 0 ? "" : ",",
		    kind << 6, ++filled, failures, (long long)until);
	fixture_sql(b.data);
}

static int64_t
rows(const char *which)
{
	return fixture_sql(arena_printf(
	    fx.a, "SELECT count(*) FROM throttle WHERE %s", which));
}

/* Add one failure for each of n names of the kind. */
static void
flood(enum throttle_kind kind, int n)
{
	struct digest d;
	int64_t all;

	assert_int_equal(store_begin(fx.st), 0);
	for (int i = 0; i < n; i++) {
		d = key(kind, arena_printf(fx.a, "%d-%d", kind, i));
		assert_int_equal(
		    store_throttle_add(fx.st, &d, NOW, 100, &all), 1);
	}
	assert_int_equal(store_commit(fx.st), 0);
}

/* Rows of made-up names are limited, and push out no row of another kind. */
static void
counts_are_bounded_each_kind_apart(void **state)
{
	const int quick = STORE_THROTTLE_SETS * STORE_THROTTLE_QUICK_SET;
	const int places = STORE_THROTTLE_SETS * STORE_THROTTLE_PLACE_SET;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(try("a@b.example", "192.0.2.1", NOW, 0), 400);
	assert_int_equal(try("c@d.example", "192.0.2.1", NOW, 1), 0);
	fill(THROTTLE_KNOWN, 1000, NOW + 90 * 86400, 0);
	flood(THROTTLE_QUICK, fixture_is_on_server() ? quick + quick / 4 : 3 * quick);
	assert_in_range(rows("key BETWEEN x'40' AND x'80'"), quick / 2, quick);
	if (!fixture_is_on_server()) { /* where this takes long */
		flood(THROTTLE_PLACE, 2 * places);
		assert_in_range(rows("key >= x'c0'"), places / 2, places);
	}
	assert_int_equal(rows("failures = 0"), 1001);
	assert_int_equal(try("a@b.example", "192.0.2.1", NOW, 0), 429);
}

/*
 * A flood makes counts of one failure.  These go first, and expired ones, and
 * those from a wrong clock.
 */
static void
of_too_many_counts_the_lowest_go(void **state)
{
	struct digest victim = key(THROTTLE_HASHED, "victim"), late;
	struct count n;
	int64_t all;

	(void)state;
	victim.byte[0] = 0; /* the set that is full */
	late = victim;
	late.byte[31] ^= 1;
	for (int i = 0; i < 3; i++)
		store_throttle_add(fx.st, &victim, NOW, 100, &all);
	fill(THROTTLE_HASHED, 10, NOW, 5);
	fill(THROTTLE_HASHED, 20, NOW + 5100, 6);
	fill(THROTTLE_HASHED, STORE_THROTTLE_HASHED_SET, NOW + 150, 2);
	store_throttle_add(fx.st, &late, NOW + 50, 100, &all);
	assert_int_equal(rows("1 = 1"), STORE_THROTTLE_HASHED_SET);
	assert_int_equal(rows("failures > 3"), 0);
	assert_int_equal(
	    store_throttle_find(fx.st, &victim, NOW + 50, 100, &n), 1);
	assert_int_equal(n.failures, 3);
	assert_int_equal(
	    store_throttle_find(fx.st, &late, NOW + 50, 100, &n), 1);
}

/* A user who signs in pushes out only known places of their own. */
static void
an_account_has_so_many_places(void **state)
{
	const int64_t until = NOW + 90 * 86400;

	(void)state;
	assert_int_equal(try("owner@b.example", "192.0.2.1", NOW, 1), 0);
	/* A row from a time when the clock was ahead goes first. */
	assert_int_equal(
	    try("many@b.example", "192.0.2.1", NOW + 86400 * 400, 1), 0);
	for (int i = 0; i < STORE_THROTTLE_PLACES + 8; i++)
		assert_int_equal(try("many@b.example",
		    arena_printf(fx.a, "198.51.100.%d", i), NOW + i, 1), 0);
	assert_int_equal(rows("failures = 0"), 1 + STORE_THROTTLE_PLACES);
	assert_int_equal(rows(arena_printf(fx.a,
	    "expires_at BETWEEN %lld AND %lld", (long long)until + 8,
	    (long long)until + 8 + STORE_THROTTLE_PLACES)),
	    STORE_THROTTLE_PLACES);
	for (int i = 0; i < 5; i++)
		try("owner@b.example", arena_printf(fx.a, "203.0.113.%d", i),
		    NOW, 0);
	assert_int_equal(try("owner@b.example", "203.0.113.9", NOW, 1), 429);
	assert_int_equal(try("owner@b.example", "192.0.2.1", NOW, 1), 0);
}

static void
e_mail_addresses_are_not_stored(void **state)
{
	(void)state;
	try("my-pass-word", "192.0.2.1", NOW, 0);
	assert_int_equal(fixture_sql("SELECT count(*) FROM throttle"
		" WHERE length(key) = 32"), 3);
	if (!fixture_is_on_server()) /* the words are SQLite's */
		assert_int_equal(fixture_sql("SELECT count(*) FROM throttle WHERE"
			" instr(key, 'my-pass') OR instr(key, '192.0')"), 0);
}

static void
limits_of_0_are_none(void **state)
{
	(void)state;
	fixture_conf("[throttle]\naccount_address = 0\naccount = 0\n"
		     "address = 0\nclient = 0\n");
	for (int i = 0; i < 50; i++)
		assert_int_equal(try("a@b.example", "192.0.2.1", NOW, 0), 400);
}

/* Of n slots n can be taken; a process that dies gives its slot back. */
static void
a_slot_is_one_of_so_many(void **state)
{
	const char *path = fixture_file("slots");
	int a, b, status;
	pid_t pid;

	(void)state;
	assert_true((a = slot_take(path, 0, 2, 0)) >= 0);
	assert_true((b = slot_take(path, 0, 2, 0)) >= 0);
	assert_int_equal(slot_take(path, 0, 2, 20), SLOT_NONE);
	slot_free(a);
	if ((pid = fork()) == 0) {
		if (slot_take(path, 0, 2, 0) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_true((a = slot_take(path, 0, 2, 0)) >= 0);
	slot_free(a);
	slot_free(b);
	slot_free(SLOT_NONE);
	assert_int_equal(
	    slot_take(fixture_file("no/slots"), 0, 2, 0), SLOT_BROKEN);
	assert_true(slot_default() >= 1);
}

static void
without_a_free_slot_a_sign_in_is_put_off(void **state)
{
	int held;

	(void)state;
	fixture_conf(LIMITS "hashes = 1\nhash_wait = 0\n");
	held = slot_take(arena_printf(fx.a, "%s/slots", fx.cf->state), 0, 1, 0);
	assert_true(held >= 0);
	assert_int_equal(try("a@b.example", "192.0.2.1", NOW, 1), 503);
	slot_free(held);
	assert_int_equal(try("a@b.example", "192.0.2.1", NOW, 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN(failures_of_a_pair_are_counted_for_a_window, setup),
		TEST_IN(successes_are_never_counted, setup),
		TEST_IN(who_signs_in_is_forgiven, setup),
		TEST_IN(a_spread_attack_is_slowed_and_the_owner_let_in, setup),
		TEST_IN(a_neighbour_of_the_attacker_signs_in, setup),
		TEST_IN(an_ipv6_subscriber_is_one_address, setup),
		TEST_IN(a_clock_that_is_set_back_locks_nobody_out, setup),
		TEST_IN(counts_go_when_they_are_over, setup),
		TEST_IN(counts_are_bounded_each_kind_apart, setup),
		TEST_IN(of_too_many_counts_the_lowest_go, setup),
		TEST_IN(an_account_has_so_many_places, setup),
		TEST_IN(e_mail_addresses_are_not_stored, setup),
		TEST_IN(limits_of_0_are_none, setup),
		TEST_IN(a_slot_is_one_of_so_many, setup),
		TEST_IN(without_a_free_slot_a_sign_in_is_put_off, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
