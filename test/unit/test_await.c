/* test_await.c: a request waits for a descriptor or a time while others are served. */
#include "unit.h"

#include <poll.h>
#include <unistd.h>

#include "await.h"
#include "task.h"

#define LONG_MS 60000

static int pipes[2][2];

static int
setup(void **state)
{
	(void)state;
	return pipe(pipes[0]) < 0 || pipe(pipes[1]) < 0 ? -1 : 0;
}

static int
end(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		close(pipes[i / 2][i % 2]);
	return 0;
}

/* A program with one request has nothing else to do. */
static void
alone_the_process_waits(void **state)
{
	const int64_t begun_ms = await_now_ms();

	(void)state;
	assert_int_equal(await(pipes[0][0], POLLIN, begun_ms + 20), 0);
	assert_true(await_now_ms() >= begun_ms + 20);
	assert_int_equal(await(-1, 0, begun_ms), 0);
	assert_int_equal(write(pipes[0][1], "x", 1), 1);
	assert_int_equal(
	    await(pipes[0][0], POLLIN, await_now_ms() + LONG_MS), 1);
	assert_int_equal(await(pipes[0][0], POLLIN, begun_ms), 1);
}

struct one {
	int fd;
	int64_t until_ms;
	int got;	/* -1: it waits still */
};

static void
wait_for(void *ctx)
{
	struct one *o = ctx;

	o->got = await(o->fd, POLLIN, o->until_ms);
}

static void
go_on(void)
{
	struct task *t;

	await_collect();
	while ((t = task_next()) != NULL)
		(void)task_resume(t);
}

/* Each goes on when its own descriptor is ready or its own time is over. */
static void
tasks_wait_side_by_side(void **state)
{
	const int64_t now_ms = await_now_ms();
	struct one one[3] = { { pipes[0][0], now_ms + LONG_MS, -1 },
		{ pipes[1][0], now_ms + LONG_MS, -1 }, { -1, now_ms, -1 } };
	struct task *t[3];
	int fd, left_ms;

	(void)state;
	assert_true((fd = await_begin()) >= 0);
	assert_int_equal(await_next_ms(), -1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    task_run(t[i] = task_new(), wait_for, &one[i]), 0);
	left_ms = await_next_ms();
	assert_true(left_ms > 0 && left_ms <= LONG_MS);
	go_on();
	assert_true(one[0].got == -1 && one[1].got == -1);
	assert_int_equal(task_run(t[2] = task_new(), wait_for, &one[2]), 0);
	assert_int_equal(await_next_ms(), 0);
	assert_int_equal(write(pipes[1][1], "x", 1), 1);
	/* The loop sees it by the one descriptor. */
	assert_int_equal(
	    poll(&(struct pollfd) { .fd = fd, .events = POLLIN }, 1, LONG_MS),
	    1);
	go_on();
	assert_true(one[0].got == -1 && one[1].got == 1 && one[2].got == 0);
	close(pipes[0][1]);
	pipes[0][1] = dup(fd);
	go_on();
	assert_int_equal(one[0].got, 1); /* it has ended */
	assert_int_equal(await_next_ms(), -1);
	for (int i = 0; i < 3; i++)
		task_free(t[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    alone_the_process_waits, setup, end),
		cmocka_unit_test_setup_teardown(
		    tasks_wait_side_by_side, setup, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
