/* test_store_outbox.c: the jobs of the courier. */
#include "fixture.h"

#include "store_outbox.h"
#include "store_write.h"

static int
add_step(struct store *st, void *ctx)
{
	return store_outbox_add(st, 3, ctx);
}

static int
add(const char *to, int64_t user, int64_t at)
{
	return store_write(fx.st, add_step,
	    &(struct job) { .kind = "mail", .user = user, .target = to,
		.body = "text", .created_at = at });
}

static void
a_job_is_found_when_its_time_has_come(void **state)
{
	struct job j;

	(void)state;
	assert_int_equal(store_outbox_due(fx.st, fx.a, NOW, &j), 0);
	assert_int_equal(add("b@x", 0, NOW), 1);
	assert_int_equal(add("a@x", 0, NOW - 1), 1);
	assert_int_equal(store_outbox_due(fx.st, fx.a, NOW - 2, &j), 0);
	assert_int_equal(store_outbox_due(fx.st, fx.a, NOW, &j), 1);
	assert_string_equal(j.target, "a@x");
	assert_string_equal(j.kind, "mail");
	assert_string_equal(j.body, "text");
	assert_int_equal(j.created_at, NOW - 1);
	assert_int_equal(j.tries, 0);
}

static void
a_job_is_taken_by_one(void **state)
{
	struct job j, again;

	(void)state;
	add("a@x", 0, NOW);
	assert_int_equal(store_outbox_due(fx.st, fx.a, NOW, &j), 1);
	assert_int_equal(store_outbox_take(fx.st, &j, NOW + 60), 1);
	assert_int_equal(store_outbox_take(fx.st, &j, NOW + 60), 0);
	assert_int_equal(store_outbox_due(fx.st, fx.a, NOW + 59, &again), 0);
	assert_int_equal(store_outbox_due(fx.st, fx.a, NOW + 60, &again), 1);
	assert_int_equal(again.id, j.id);
	assert_int_equal(again.tries, 1);
	assert_int_equal(store_outbox_done(fx.st, j.id), 1);
	assert_int_equal(store_outbox_done(fx.st, j.id), 0);
	assert_int_equal(store_outbox_due(fx.st, fx.a, NOW + 60, &again), 0);
}

static void
the_outbox_has_a_bound(void **state)
{
	struct outbox o;

	(void)state;
	assert_int_equal(store_outbox_look(fx.st, &o), 1);
	assert_int_equal(o.n, 0);
	assert_int_equal(o.oldest, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(add("a@x", 0, NOW + i), 1);
	assert_int_equal(add("b@x", 0, NOW), 0);
	assert_int_equal(store_outbox_look(fx.st, &o), 1);
	assert_int_equal(o.n, 3);
	assert_int_equal(o.oldest, NOW);
}

/* What the transaction does not do, it does not tell of. */
static int
add_and_fail(struct store *st, void *ctx)
{
	assert_int_equal(add_step(st, ctx), 1);
	return -1;
}

static void
a_job_of_a_step_that_failed_is_none(void **state)
{
	struct job j = { .kind = "mail", .target = "a@x", .body = "x",
		.created_at = NOW };

	(void)state;
	assert_int_equal(store_write(fx.st, add_and_fail, &j), -1);
	assert_int_equal(store_outbox_due(fx.st, fx.a, NOW, &j), 0);
}

#define TEST(name) TEST_IN(name, fixture_server)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_job_is_found_when_its_time_has_come),
		TEST(a_job_is_taken_by_one),
		TEST(the_outbox_has_a_bound),
		TEST(a_job_of_a_step_that_failed_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
