/*
 * two.h: two transactions at once, in PostgreSQL.
 *
 * doc/architecture.md, Two at once: SQLite has one writer at a time; here each rule is
 * held by two connections that are stepped through the ways in which they can meet.
 */
#ifndef CARNET_TWO_H
#define CARNET_TWO_H

#include "tokens.h"

#include <pthread.h>
#include <time.h>

#include "arena.h"
#include "engine.h"
#include "store_outbox.h"
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

static inline void
tell(int at)
{
	pthread_mutex_lock(&other.lock);
	if (at > (int)other.at)
		other.at = at;
	pthread_cond_broadcast(&other.told);
	pthread_mutex_unlock(&other.lock);
}

static inline void
wait_for(int at)
{
	pthread_mutex_lock(&other.lock);
	while ((int)other.at < at)
		pthread_cond_wait(&other.told, &other.lock);
	pthread_mutex_unlock(&other.lock);
}

static inline int
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

static inline void *
run_other(void *arg)
{
	struct store *st = arg;

	other.rc = store_write(st, other_step, NULL);
	tell(ENDED);
	return NULL;
}

/* The other one has come to its commit, or waits for a lock that we have. */
static inline void
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

static inline void
start_other(pthread_t *thread, struct store *st)
{
	other.at = BEGUN;
	other.runs = 0;
	assert_int_equal(pthread_create(thread, NULL, run_other, st), 0);
}

static inline void
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

static inline void
nothing(void)
{
}

static inline struct digest
digest_of_side(const char *name, int side)
{
	char text[64]; /* the arena of the test is for its own thread */

	snprintf(text, sizeof(text), "%s-%d", name, side);
	return fixture_digest(text);
}

#define DEEDS_MAX 16
#define WAYS (MEETINGS * 2) /* and which of the two commits first */

static const struct deed *all_deeds; /* of this program */

static inline int
two_setup(void **state)
{
	const size_t n = (size_t)(uintptr_t)*state;

	now_tested.deed = &all_deeds[n / WAYS];
	now_tested.meeting = (enum meeting)(n % WAYS / 2);
	now_tested.first = n % 2;
	return tokens_setup(state);
}

/* Run each of the n deeds in each way, but the same way once. */
static inline int
two_run(const struct deed *deeds, size_t n_deeds)
{
	static const char *const ways[WAYS] = { "the other within",
		"the other within, sides changed", "the other saw before",
		"the other saw before, sides changed" };
	static struct CMUnitTest tests[DEEDS_MAX * WAYS];
	static char names[N(tests)][128];
	size_t n = 0;

	all_deeds = deeds;
	for (size_t i = 0; i < n_deeds * WAYS; i++) {
		/* Two sides that do the same need not change. */
		if (i % 2 == 1 &&
		    deeds[i / WAYS].step[0] == deeds[i / WAYS].step[1])
			continue;
		snprintf(names[n], sizeof(names[n]), "%s: %s",
		    deeds[i / WAYS].name, ways[i % WAYS]);
		tests[n] = (struct CMUnitTest) { .name = names[n],
			.test_func = two_at_once, .setup_func = two_setup,
			.teardown_func = fixture_end,
			.initial_state = (void *)(uintptr_t)i };
		n++;
	}
	return _cmocka_run_group_tests(
	    "two at once", tests, n, NULL, NULL);
}

#endif
