/* test_buf.c: growing bytes in an arena. */
#include "scratch.h"

#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"

static struct buf b;

static int
setup(void **state)
{
	scratch_setup(state);
	buf_init(&b, a, 0);
	return 0;
}

/* Compare the bytes, and the NUL behind them. */
static void
assert_holds(const char *want, size_t len)
{
	assert_int_equal(b.len, len);
	assert_memory_equal(b.data, want, len);
	assert_int_equal(b.data[len], '\0');
	assert_true(b.len < b.size);
}

static void
a_new_buffer_is_the_empty_string(void **state)
{
	(void)state;
	assert_holds("", 0);
}

static void
every_byte_value_is_kept(void **state)
{
	char want[256];

	(void)state;
	for (int c = 0; c < 256; c++) {
		want[c] = (char)c;
		buf_char(&b, (char)c);
		assert_holds(want, (size_t)c + 1);
	}
	buf_init(&b, a, 0);
	buf_add(&b, want, 256);
	assert_holds(want, 256);
}

static void
appending_nothing_changes_nothing(void **state)
{
	(void)state;
	buf_str(&b, "x");
	buf_add(&b, NULL, 0);
	buf_str(&b, "");
	buf_printf(&b, "%s", "");
	assert_holds("x", 1);
}

/*
 * A caller takes bytes back by setting len: a NUL follows the bytes that stay.
 */
static void
a_buffer_cut_back_ends_in_nul_again(void **state)
{
	char abc[] = "abc";

	(void)state;
	buf_str(&b, "xxxxxxxxx");
	b.len = 0;
	buf_add(&b, abc, 2);
	assert_holds("ab", 2);
	buf_char(&b, 'c');
	assert_holds("abc", 3);
	buf_printf(&b, "%d", 4);
	assert_holds("abc4", 4);
}

/* For any room at the start, and any size of the pieces. */
static void
growing_keeps_what_was_there(void **state)
{
	char want[600];

	(void)state;
	for (size_t i = 0; i < sizeof(want); i++)
		want[i] = (char)(i * 7);
	for (size_t room = 0; room < 40; room++) {
		for (size_t piece = 1; piece < 40; piece++) {
			buf_init(&b, a, room);
			while (b.len + piece <= sizeof(want)) {
				buf_add(&b, want + b.len, piece);
				assert_holds(want, b.len);
			}
		}
		arena_clear(a);
	}
	buf_init(&b, a, 0);
}

/*
 * Text that fits the size asked for does not move: no copy of a secret is left.
 */
static void
room_asked_for_is_there_at_once(void **state)
{
	char *first;

	(void)state;
	buf_init(&b, a, 100);
	first = b.data;
	for (int i = 0; i < 100; i++)
		buf_char(&b, 'x');
	assert_ptr_equal(b.data, first);
	buf_char(&b, 'x');
	assert_ptr_not_equal(b.data, first);
}

static void
room_is_where_the_next_bytes_go(void **state)
{
	char *room;

	(void)state;
	buf_str(&b, "ab");
	for (size_t n = 0; n < 300; n++) {
		room = buf_room(&b, n);
		assert_ptr_equal(room, b.data + 2);
		assert_true(b.size - b.len > n);
		assert_int_equal(b.len, 2);
	}
	memcpy(buf_room(&b, 3), "cde", 4);
	b.len += 3;
	assert_holds("abcde", 5);
}

static void
a_buffer_can_be_appended_to_itself(void **state)
{
	(void)state;
	buf_str(&b, "abc");
	for (int i = 0; i < 8; i++)
		buf_add(&b, b.data, b.len);
	assert_int_equal(b.len, 3 * 256);
	for (size_t i = 0; i < b.len; i += 3)
		assert_memory_equal(b.data + i, "abc", 3);
}

static void
printf_appends_text_of_any_length(void **state)
{
	(void)state;
	buf_printf(&b, "%d,", -5);
	assert_holds("-5,", 3);
	for (int width = 1; width < 300; width++) {
		size_t before = b.len;

		buf_printf(&b, "%*s", width, "y");
		assert_int_equal(b.len, before + (size_t)width);
		assert_int_equal(b.data[b.len - 1], 'y');
		assert_int_equal(b.data[b.len], '\0');
	}
	assert_memory_equal(b.data, "-5,y", 4);
}

/* A length that overflows would let the caller write past the end. */
static void
absurd_lengths_end_the_process(void **state)
{
	static const size_t lens[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2,
		SIZE_MAX / 4 };
	int status;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		fflush(NULL);
		if ((pid = fork()) == 0) {
			close(STDERR_FILENO);
			_exit(buf_room(&b, lens[i]) != NULL);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 111);
	}
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_buffer_is_the_empty_string),
		TEST(every_byte_value_is_kept),
		TEST(appending_nothing_changes_nothing),
		TEST(a_buffer_cut_back_ends_in_nul_again),
		TEST(growing_keeps_what_was_there),
		TEST(room_asked_for_is_there_at_once),
		TEST(room_is_where_the_next_bytes_go),
		TEST(a_buffer_can_be_appended_to_itself),
		TEST(printf_appends_text_of_any_length),
		TEST(absurd_lengths_end_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
