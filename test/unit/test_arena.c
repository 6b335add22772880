/* test_arena.c: memory of one request. */
#undef _FORTIFY_SOURCE /* its inline functions would get in the way of ours */
#include "unit.h"

#include <stdalign.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "wipe.h"

static size_t wiped;

/* To see what the arena wipes before it frees. */
static void
wipe(void *p, size_t len)
{
	volatile unsigned char *bytes = p;

	wiped += len;
	while (len-- > 0)
		*bytes++ = 0;
}

static void
what_is_handed_out_is_zeroed_and_aligned(void **state)
{
	unsigned char *volatile dirt = malloc(64 * 1024);
	struct arena *a;

	(void)state;
	assert_non_null(dirt);
	memset(dirt, 0xee, 64 * 1024);
	free(dirt); /* old bytes that the arena may be given again */
	a = arena_new();
	for (int round = 0; round < 2; round++) {
		for (size_t size = 1; size < 300; size++) {
			unsigned char *p = arena_alloc(a, size);

			assert_int_equal(
			    (uintptr_t)p % alignof(max_align_t), 0);
			for (size_t i = 0; i < size; i++)
				assert_int_equal(p[i], 0);
			memset(p, 0xee, size);
		}
		arena_clear(a); /* the block that is kept is clean again */
	}
	arena_free(a);
}

static void
allocations_do_not_overlap(void **state)
{
	struct arena *a = arena_new();
	unsigned char *p[200];

	(void)state;
	for (size_t i = 0; i < 200; i++)
		memset(p[i] = arena_alloc(a, 10 * i + 1), (int)i, 10 * i + 1);
	for (size_t i = 0; i < 200; i++)
		for (size_t k = 0; k < 10 * i + 1; k++)
			assert_int_equal(p[i][k], i);
	arena_free(a);
}

static void
more_than_a_block_is_had_too(void **state)
{
	struct arena *a = arena_new();
	const size_t size = 1 << 20;
	unsigned char *small = arena_alloc(a, 1), *big, *after;

	(void)state;
	*small = 1;
	memset(big = arena_alloc(a, size), 2, size);
	*(after = arena_alloc(a, 1)) = 3;
	assert_int_equal(*small, 1);
	assert_int_equal(big[0], 2);
	assert_int_equal(big[size - 1], 2);
	assert_int_equal(*after, 3);
	arena_free(a);
}

static void
copies_are_their_own_and_end_in_nul(void **state)
{
	struct arena *a = arena_new();
	char from[] = "a\0b";
	char *dup = arena_dup(a, from, 3), *str = arena_str(a, from);
	char *part = arena_dup(a, "abc", 2);

	(void)state;
	from[0] = 'X';
	assert_memory_equal(dup, "a\0b\0", 4);
	assert_string_equal(str, "a");
	assert_string_equal(part, "ab");
	assert_string_equal(arena_dup(a, NULL, 0), "");
	assert_null(arena_str(a, NULL));
	arena_free(a);
}

static void
printf_gives_text_of_any_length(void **state)
{
	struct arena *a = arena_new();
	char *s;

	(void)state;
	assert_string_equal(arena_printf(a, "%s", ""), "");
	assert_string_equal(arena_printf(a, "%d-%s", 7, "x"), "7-x");
	for (int n = 250; n < 260; n++) {
		s = arena_printf(a, "%*d%d", n - 1, 5, 6);
		assert_int_equal(strlen(s), n);
		assert_string_equal(s + n - 2, "56");
	}
	s = arena_printf(a, "%*d", 100000, 5);
	assert_int_equal(strlen(s), 100000);
	assert_int_equal(s[99999], '5');
	arena_free(a);
}

static char trace[8];

static void
note(void *letter)
{
	size_t n = strlen(trace);

	assert_true(n + 1 < sizeof(trace));
	trace[n] = *(char *)letter;
	trace[n + 1] = '\0';
}

static void
what_is_deferred_runs_once_and_last_first(void **state)
{
	struct arena *a = arena_new();
	char letters[] = "abc";

	(void)state;
	trace[0] = '\0';
	arena_defer(a, note, &letters[0]);
	arena_defer(a, note, &letters[1]);
	assert_string_equal(trace, "");
	arena_clear(a);
	assert_string_equal(trace, "ba");
	arena_clear(a);
	assert_string_equal(trace, "ba");
	arena_defer(a, note, &letters[2]);
	arena_free(a);
	assert_string_equal(trace, "bac");
}

/* A code or token of one request must not be found by the next. */
static void
clearing_wipes_all_that_was_handed_out(void **state)
{
	struct arena *a = arena_new();
	char *secret = arena_dup(a, "hunter2", 7);
	const size_t sizes = 48 + 30 * 1024 + 5 * 1024;

	(void)state;
	arena_alloc(a, 32);
	arena_alloc(a, 30 * 1024); /* blocks that arena_clear frees */
	arena_alloc(a, 5 * 1024);
	wiped = 0;
	arena_clear(a);
	assert_int_equal(wiped, sizes);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(secret[i], 0); /* in the block that is kept */
	assert_ptr_equal(arena_alloc(a, 1), secret);
	arena_free(a);
}

static void
freeing_null_is_fine(void **state)
{
	(void)state;
	arena_free(NULL);
}

/* A size that overflows would give less memory than was asked for. */
static void
a_size_that_wraps_round_ends_the_process(void **state)
{
	struct arena *a = arena_new();
	int status;
	pid_t pid;

	(void)state;
	for (size_t less = 0; less < alignof(max_align_t); less++) {
		fflush(NULL);
		if ((pid = fork()) == 0) {
			close(STDERR_FILENO);
			_exit(arena_alloc(a, SIZE_MAX - less) != NULL);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 111);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_handed_out_is_zeroed_and_aligned),
		cmocka_unit_test(allocations_do_not_overlap),
		cmocka_unit_test(more_than_a_block_is_had_too),
		cmocka_unit_test(copies_are_their_own_and_end_in_nul),
		cmocka_unit_test(printf_gives_text_of_any_length),
		cmocka_unit_test(what_is_deferred_runs_once_and_last_first),
		cmocka_unit_test(clearing_wipes_all_that_was_handed_out),
		cmocka_unit_test(freeing_null_is_fine),
		cmocka_unit_test(a_size_that_wraps_round_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
