/*
 * test_memory.c: what a module of a web server remembers of the guard's answers, and
 * for how long (doc/guard.md, What is remembered).
 */
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../modules/asked.c"
#include "../../modules/digest.c"
#include "../../modules/memory.c"
#include "../../modules/plain.c"
#include "../../modules/slot.c"

/* ---- digest ---- */

/* The first outputs of SipHash's reference implementation: vectors_sip128. */
static void
digests_are_those_of_siphash(void **state)
{
	static const uint8_t wanted[2][16] = {
		{ 0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6,
		    0x72, 0x14, 0xc7, 0x55, 0x02, 0x93 },
		{ 0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76,
		    0x59, 0x11, 0x9b, 0x22, 0xfc, 0x45 },
	};
	const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	struct digesting d;
	struct digest128 out;

	(void)state;
	for (size_t n = 0; n < 2; n++) {
		digest_begin(&d, key);
		digest_add(&d, "", n); /* n bytes of 0 */
		out = digest_end(d);
		assert_memory_equal(&out, wanted[n], 16);
	}
}

/* However the bytes come; and of each prefix another one. */
static void
each_text_has_a_digest_of_its_own(void **state)
{
	const uint64_t key[2] = { 1, 2 };
	struct digesting d, by_one;
	struct digest128 all[40], once;

	(void)state;
	digest_begin(&by_one, key);
	for (size_t n = 0; n < 40; n++) {
		all[n] = digest_end(by_one);
		digest_begin(&d, key);
		digest_add(&d, "0123456789012345678901234567890123456789", n);
		once = digest_end(d);
		assert_memory_equal(&once, &all[n], sizeof(once));
		for (size_t i = 0; i < n; i++)
			assert_memory_not_equal(&all[i], &all[n], sizeof(once));
		digest_add(&by_one, &"0123456789"[n % 10], 1);
	}
}

/* ---- plain ---- */

static void
a_plain_target_has_one_reading(void **state)
{
	static const char *const plain[] = { "/", "/a", "/a/", "/a/b.txt",
		"/a/.b", "/a?b=c", "/a/?x=%2f..%2f&y", "/a?q=a/b/../c",
		"/a?", "/a?methods=x", "/a?b=_method", "/..a/b" };
	static const char *const other[] = { "", "a", "*", "http://h/a", "//a",
		"/a//b", "/./a", "/a/.", "/a/..", "/a/../b", "/a./b", "/a.",
		"/a...", "/%61", "/a;b", "/a\\b", "/a b", "/a#b", "/a\x7f",
		"/a\xc3\xa9", "/a?_method=PUT", "/a?b=c&_method=PUT",
		"/a?%5fmethod=PUT", "/a?b;_method=PUT", "/a?b=c;_method=PUT",
		"/a?+=1", "/a?b#c" };

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (!plain_is(plain[i]))
			fail_msg("%s", plain[i]);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if (plain_is(other[i]))
			fail_msg("%s", other[i]);
}

/* ---- memory ---- */

static struct memory *m;
static char path[] = "/tmp/carnet-memory-XXXXXX";
static int64_t numbers[2];

static void
write_numbers(int64_t begun, int64_t ended)
{
	const int fd = open(path, O_WRONLY);

	numbers[0] = begun;
	numbers[1] = ended;
	assert_int_equal(write(fd, numbers, sizeof(numbers)), sizeof(numbers));
	close(fd);
}

static int
begin(void **state)
{
	const int fd = mkstemp(strcpy(path, "/tmp/carnet-memory-XXXXXX"));

	(void)state;
	close(fd);
	write_numbers(7, 7);
	m = memory_new();
	memory_take(m, open(path, O_RDONLY));
	return m == NULL;
}

static int
end(void **state)
{
	(void)state;
	memory_free(m);
	return unlink(path);
}

/* A moment in a second that is not about to end, or the test would see two. */
static struct moment
now(void)
{
	struct moment t;

	assert_int_equal(memory_now(m, &t), 1);
	return t;
}

static const struct digest128 key = { { 5, 6 } };

/* Remember it; try again if the second ended. */
static struct moment
put(void)
{
	char out[MEMORY_LEN_MAX];
	struct moment t;

	do {
		t = now();
		memory_put(m, &key, &t, "answer", 7);
	} while (memory_find(m, &key, &t, out) == 0);
	return t;
}

static size_t
found(struct moment t)
{
	char out[MEMORY_LEN_MAX];
	const size_t len = memory_find(m, &key, &t, out);

	if (len > 0)
		assert_string_equal(out, "answer");
	return len;
}

static void
an_answer_counts_in_its_second(void **state)
{
	struct moment t = put();

	(void)state;
	assert_int_equal(found(t), 7);
	t.ms += 999;
	assert_int_equal(found(t), 7);
	t.ms++; /* the clock was set back, and the same second comes again */
	assert_int_equal(found(t), 0);
	t = put();
	t.second++;
	assert_int_equal(found(t), 0);
	t.second -= 2;
	assert_int_equal(found(t), 0);
	t = put();
	t.ms--; /* it is from later */
	assert_int_equal(found(t), 0);
}

static void
an_answer_ends_with_the_next_change(void **state)
{
	struct moment t = put();

	(void)state;
	write_numbers(8, 7);
	t.begun = now().begun;
	assert_int_equal(t.begun, 8);
	assert_int_equal(found(t), 0);
}

/* Nobody knows whether the guard saw the change that is under way. */
static void
nothing_is_remembered_during_a_change(void **state)
{
	struct moment t;

	(void)state;
	write_numbers(8, 7);
	t = now();
	assert_int_equal(t.is_quiet, 0);
	memory_put(m, &key, &t, "answer", 7);
	assert_int_equal(found(t), 0);
	write_numbers(8, 9); /* never: but it is not quiet */
	assert_int_equal(now().is_quiet, 0);
	write_numbers(8, 8);
	assert_int_equal(now().is_quiet, 1);
}

/* The guard has answered in another second than it was asked, perhaps. */
static void
an_answer_that_took_a_second_is_not_remembered(void **state)
{
	struct moment t = now();

	(void)state;
	t.second--;
	memory_put(m, &key, &t, "answer", 7);
	assert_int_equal(found(t), 0);
}

static void
a_file_that_is_short_or_gone_ends_it(void **state)
{
	struct moment t = put();

	(void)state;
	assert_int_equal(truncate(path, 15), 0);
	assert_int_equal(memory_now(m, &t), 0);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(memory_now(m, &t), 0);
	write_numbers(7, 7);
	assert_int_equal(memory_now(m, &t), 1);
}

static void
another_file_begins_anew(void **state)
{
	const struct moment before = put();
	char name[MEMORY_FILE_MAX], other[MEMORY_FILE_MAX], copy[64];
	const int number = m->fd; /* threads may be reading it */
	struct moment t;
	int fd;

	(void)state;
	memory_file(m, name);
	assert_string_not_equal(name, "");
	memory_take(m, open(path, O_RDONLY)); /* the same one */
	assert_int_equal(now().file, before.file);
	snprintf(copy, sizeof(copy), "%s.2", path);
	fd = open(copy, O_RDWR | O_CREAT, 0600);
	assert_int_equal(write(fd, numbers, sizeof(numbers)), sizeof(numbers));
	memory_take(m, fd);
	unlink(copy);
	memory_file(m, other);
	assert_string_not_equal(name, other);
	assert_int_equal(m->fd, number);
	t = now();
	assert_int_equal(t.begun, before.begun);
	assert_int_equal(found(t), 0);
	/* Asked before, and answered after. */
	t = before;
	memory_put(m, &key, &t, "answer", 7);
	assert_int_equal(found(now()), 0);
}

/* Of which file the numbers are, nobody knows. */
static void
nothing_is_read_while_the_file_changes(void **state)
{
	struct moment t;

	(void)state;
	m->file++;
	assert_int_equal(memory_now(m, &t), 0);
	m->file++;
	assert_int_equal(memory_now(m, &t), 1);
}

static void
a_file_that_others_may_write_is_not_taken(void **state)
{
	struct memory *fresh = memory_new();
	char name[MEMORY_FILE_MAX];
	struct moment t;
	int ends[2];

	(void)state;
	assert_int_equal(chmod(path, 0622), 0);
	memory_take(fresh, open(path, O_RDONLY));
	memory_file(fresh, name);
	assert_string_equal(name, "");
	assert_int_equal(memory_now(fresh, &t), 0);
	assert_int_equal(pipe(ends), 0);
	memory_take(fresh, ends[0]);
	close(ends[1]);
	assert_int_equal(memory_now(fresh, &t), 0);
	memory_free(fresh);
}

/* However many are asked: the memory is bounded, and none gets another's answer. */
static void
new_answers_push_out_old_ones(void **state)
{
	char text[16], out[MEMORY_LEN_MAX];
	struct moment t = now();
	struct digest128 k;
	int kept = 0;

	(void)state;
	for (uint64_t i = 0; i < 10000; i++) {
		k = (struct digest128) { { i * 0x9e3779b97f4a7c15, i } };
		snprintf(text, sizeof(text), "%d", (int)i);
		t.ms++;
		memory_put(m, &k, &t, text, strlen(text) + 1);
	}
	for (uint64_t i = 0; i < 10000; i++) {
		k = (struct digest128) { { i * 0x9e3779b97f4a7c15, i } };
		if (memory_find(m, &k, &t, out) == 0)
			continue;
		assert_int_equal(strtol(out, NULL, 10), (long)i);
		kept++;
	}
	assert_true(kept <= SETS * WAYS);
}

static void
a_long_answer_is_not_remembered(void **state)
{
	static char text[MEMORY_LEN_MAX + 1];
	const struct moment t = put();

	(void)state;
	memory_put(m, &key, &t, text, sizeof(text));
	assert_int_equal(found(t), 7); /* the one before */
}

/* ---- threads ---- */

#define ROUNDS 100000

static atomic_int n_torn, n_found, is_over;

/* Each answer is one letter, so many times as the letter says. */
static void *
read_answers(void *unused)
{
	char out[MEMORY_LEN_MAX];
	struct moment t;
	size_t len;

	while (!is_over) {
		if (!memory_now(m, &t) ||
		    (len = memory_find(m, &key, &t, out)) == 0)
			continue;
		n_found++;
		if (len != (size_t)out[0] * 10)
			n_torn++;
		for (size_t i = 1; i < len; i++)
			n_torn += out[i] != out[0];
	}
	return unused;
}

/* As many as there are, until the readers have seen some of them. */
static void
write_answers(void)
{
	char text[MEMORY_LEN_MAX];
	struct moment t;

	for (int i = 0; i < ROUNDS || n_found < 100; i++) {
		const int letter = 'a' + i % 26;

		t = now();
		memset(text, letter, sizeof(text));
		memory_put(m, &key, &t, text, (size_t)letter * 10);
	}
}

static void
an_answer_is_read_whole_while_another_is_written(void **state)
{
	pthread_t reader[2];

	(void)state;
	n_torn = n_found = is_over = 0;
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    pthread_create(&reader[i], NULL, read_answers, NULL), 0);
	write_answers();
	is_over = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(reader[i], NULL);
	assert_int_equal(n_torn, 0);
}

/* ---- asked ---- */

static struct asked
question(const char *target, const char *name, const char *value)
{
	struct asked q;

	asked_begin(&q, m, target);
	asked_add(&q, "method", "GET");
	asked_add(&q, name, value);
	return q;
}

static const char *auth = "Authorization";

/* Put the answer to a question; is it found for the other one? */
static int
answers(struct asked q, const char *remember, struct asked other)
{
	const uint64_t secret[2] = { m->key[0], m->key[1] };
	char out[MEMORY_LEN_MAX];
	struct moment t;

	do {
		memory_free(m);
		m = memory_new();
		memcpy(m->key, secret, sizeof(secret)); /* of both questions */
		memory_take(m, open(path, O_RDONLY));
		t = now();
		q.m = other.m = m;
		asked_put(&q, &t, remember, "answer", 7);
	} while (now().second != t.second);
	return asked_find(&other, &t, out) > 0;
}

static void
an_answer_is_for_the_same_question(void **state)
{
	const struct asked q = question("/a/b", auth, "Bearer x");

	(void)state;
	assert_true(answers(q, "0", question("/a/b", auth, "Bearer x")));
	assert_false(answers(q, "0", question("/a/b", auth, "Bearer y")));
	assert_false(answers(q, "0", question("/a/b", "X-Other", "Bearer x")));
	assert_false(answers(q, "0", question("/a/c", auth, "Bearer x")));
	assert_false(answers(q, "0", question("/a/b/", auth, "Bearer x")));
	assert_false(answers(q, "0", question("/a/b?c", auth, "Bearer x")));
	assert_false(answers(q, "0", question("/a/b", auth, "Bearer x\nb")));
	assert_true(answers(question("/%61", auth, ""), "0",
	    question("/%61", auth, "")));
}

static void
headers_that_the_guard_never_reads_do_not_matter(void **state)
{
	struct asked q = question("/a", auth, "Bearer x"), other = q;

	(void)state;
	asked_add(&other, "user-agent", "anything");
	asked_add(&other, "If-None-Match", "anything");
	assert_true(answers(q, "0", other));
	asked_add(&other, "X-Anything", "anything");
	assert_false(answers(q, "0", other));
}

static void
each_of_them_is_found_by_its_letter(void **state)
{
	int n = 0;

	(void)state;
	for (int letter = 0; letter < 26; letter++)
		for (int i = 0; i < OF_ONE_LETTER; i++)
			if (left_out[letter][i] != NULL) {
				n++;
				assert_true(is_left_out(left_out[letter][i]));
			}
	assert_int_equal(n, 29);
	assert_false(is_left_out("Authorization"));
	assert_false(is_left_out("{ccept"));
	assert_false(is_left_out(""));
}

/* lib/oauth/remember.h: so many bytes lead to the same rule. */
static void
an_answer_may_be_for_all_below_a_prefix(void **state)
{
	const struct asked q = question("/a/b", auth, "x");

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_true(answers(q, "3", question("/a/b", auth, "x")));
		assert_true(answers(q, "3", question("/a/c/d?e=f", auth, "x")));
		assert_true(answers(q, "3", question("/a/", auth, "x")));
	}
	assert_true(answers(q, "1", question("/z/y", auth, "x")));
	assert_false(answers(q, "3", question("/a", auth, "x")));
	assert_false(answers(q, "3", question("/ab/c", auth, "x")));
	assert_false(answers(q, "3", question("/x?/a/b", auth, "x")));
	assert_false(answers(q, "3", question("/a/b", auth, "y")));
	/* Who knows how these are read? */
	assert_false(answers(q, "3", question("/a/../b", auth, "x")));
	assert_false(answers(q, "3", question("/a/%2e", auth, "x")));
	assert_false(answers(q, "3", question("/a/b?_method=PUT", auth, "x")));
	assert_false(answers(
	    question("/a/%62", auth, "x"), "3", question("/a/c", auth, "x")));
	/* What no guard says. */
	assert_false(answers(q, "2", question("/a/c", auth, "x")));
	assert_false(answers(q, "99", question("/a/c", auth, "x")));
	assert_false(answers(q, "", q));
	assert_false(answers(q, "3x", q));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_of_siphash),
		cmocka_unit_test(each_text_has_a_digest_of_its_own),
		cmocka_unit_test(a_plain_target_has_one_reading),
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
		TEST(an_answer_counts_in_its_second),
		TEST(an_answer_ends_with_the_next_change),
		TEST(nothing_is_remembered_during_a_change),
		TEST(an_answer_that_took_a_second_is_not_remembered),
		TEST(a_file_that_is_short_or_gone_ends_it),
		TEST(another_file_begins_anew),
		TEST(nothing_is_read_while_the_file_changes),
		TEST(a_file_that_others_may_write_is_not_taken),
		TEST(new_answers_push_out_old_ones),
		TEST(a_long_answer_is_not_remembered),
		TEST(an_answer_is_read_whole_while_another_is_written),
		TEST(an_answer_is_for_the_same_question),
		TEST(headers_that_the_guard_never_reads_do_not_matter),
		cmocka_unit_test(each_of_them_is_found_by_its_letter),
		TEST(an_answer_may_be_for_all_below_a_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
