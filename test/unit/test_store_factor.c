/* test_store_factor.c: codes of second factors count once (RFC 6238 section 5.2). */
#include "fixture.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "store_factor.h"

#define ROUNDS 40
#define STEP INT64_C(56666666)

/* What is used, and what came of it. */
struct use {
	int64_t user, step;
	struct id id;
	struct digest code;
};

static int
add_step(struct store *st, void *ctx)
{
	const struct use *u = ctx;

	return store_totp_add(st,
		   &(struct totp) { .user = u->user, .id = u->id,
		       .name = "Phone", .created_at = NOW }) < 0
	    ? -1
	    : store_recovery_add(st, u->user, &u->code);
}

static int
use_totp(struct store *st, void *ctx)
{
	const struct use *u = ctx;

	return store_totp_use(st, &u->id, u->step, NOW);
}

static int
use_recovery(struct store *st, void *ctx)
{
	const struct use *u = ctx;

	return store_recovery_use(st, u->user, &u->code);
}

static struct use
a_user(void)
{
	struct use u = { .user = fixture_user("a@b.example", "x", NULL)->id,
		.id = fixture_id("phone"), .code = fixture_digest("code"),
		.step = STEP };

	assert_int_equal(store_write(fx.st, add_step, &u), 1);
	return u;
}

static void
a_step_counts_once_and_none_before_it(void **state)
{
	struct use u = a_user();
	struct totp t;

	(void)state;
	assert_int_equal(store_write(fx.st, use_totp, &u), 1);
	assert_int_equal(store_write(fx.st, use_totp, &u), 0);
	u.step = STEP - 1;
	assert_int_equal(store_write(fx.st, use_totp, &u), 0);
	u.step = STEP + 1;
	assert_int_equal(store_write(fx.st, use_totp, &u), 1);
	assert_int_equal(store_totp_list(fx.st, fx.a, u.user, &t, 1), 1);
	assert_int_equal(t.last_step, STEP + 1);
	assert_int_equal(t.last_used_at, NOW);
}

static void
a_recovery_code_counts_once_and_for_its_user(void **state)
{
	struct use u = a_user(), other = u;

	(void)state;
	other.user = fixture_user("c@d.example", "x", NULL)->id;
	assert_int_equal(store_write(fx.st, use_recovery, &other), 0);
	assert_int_equal(store_write(fx.st, use_recovery, &u), 1);
	assert_int_equal(store_write(fx.st, use_recovery, &u), 0);
	assert_int_equal(store_recovery_left(fx.st, u.user), 0);
}

/* Shared with two processes, which use each step at the same moment. */
struct race {
	atomic_int ready[ROUNDS];
	int result[2][ROUNDS];
};

static void
racer(struct race *race, int me, struct use u)
{
	struct store *st = store_open(fx.path, 0);

	alarm(60); /* it must not wait forever for a process that died */
	if (st == NULL)
		_exit(1);
	for (int i = 0; i < ROUNDS; i++) {
		atomic_fetch_add(&race->ready[i], 1);
		while (atomic_load(&race->ready[i]) < 2)
			sched_yield();
		u.step = STEP + i;
		race->result[me][i] = store_write(st, use_totp, &u);
	}
	store_close(st);
	_exit(0);
}

static void
of_two_processes_one_uses_a_step(void **state)
{
	struct race *race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct use u = a_user();
	pid_t pid[2];
	int status;

	(void)state;
	assert_ptr_not_equal(race, MAP_FAILED);
	store_close(fx.st); /* a connection must not be used after a fork */
	fx.st = NULL;
	for (int me = 0; me < 2; me++) {
		assert_true((pid[me] = fork()) >= 0);
		if (pid[me] == 0)
			racer(race, me, u);
	}
	for (int me = 0; me < 2; me++) {
		assert_int_equal(waitpid(pid[me], &status, 0), pid[me]);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < ROUNDS; i++)
		assert_int_equal(race->result[0][i] + race->result[1][i], 1);
	munmap(race, sizeof(*race));
}

#define TEST(name) TEST_IN(name, fixture_server)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_step_counts_once_and_none_before_it),
		TEST(a_recovery_code_counts_once_and_for_its_user),
		TEST(of_two_processes_one_uses_a_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
