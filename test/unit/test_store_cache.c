/*
 * test_store_cache.c: an answer that was made of rows is good until somebody
 * writes.
 */
#include "fixture.h"
#include "store_cache.h"
#include "store_post.h"

#define KEY "posts 7 20"

/* As a request does it: a transaction begins with the first row that is read. */
static void
begin_to_read(struct store *st)
{
	struct post p;

	assert_int_equal(store_read_begin(st), 0);
	assert_true(store_post_list(st, fx.a, 0, &p, 1) >= 0);
}

static void
keep(struct store *st, const char *k, const char *text)
{
	begin_to_read(st);
	store_cache_put(st, k, text, strlen(text));
	store_read_end(st);
}

/* What a request that begins now finds in the cache, or NULL. */
static const char *
found(struct store *st, const char *k)
{
	const char *data;
	size_t len;

	begin_to_read(st);
	data = store_cache_get(st, k, &len);
	store_read_end(st);
	return data == NULL ? NULL : arena_dup(fx.a, data, len);
}

static void
write_post(struct store *st)
{
	struct post p = { .title = "Title", .body = "Text" };

	assert_int_equal(store_post_add(st, &p), 1);
}

static void
what_is_kept_is_found_by_its_key(void **state)
{
	(void)state;
	fixture_is_in_files(); /* PostgreSQL has no number of a snapshot */
	assert_null(found(fx.st, KEY));
	keep(fx.st, KEY, "page");
	assert_string_equal(found(fx.st, KEY), "page");
	assert_null(found(fx.st, "posts 7 21"));
	assert_null(found(fx.st, "posts 8 20"));
	assert_null(found(fx.st, "users 7 20"));
	assert_null(found(fx.st, "posts 7 2"));
	keep(fx.st, KEY, "another, longer page");
	assert_string_equal(found(fx.st, KEY), "another, longer page");
}

/*
 * There is room for 16 entries: what is found is right, and the last one is
 * found.
 */
static void
an_entry_gives_way_to_another(void **state)
{
	const char *k, *got;
	int n = 0;

	(void)state;
	fixture_is_in_files(); /* PostgreSQL has no number of a snapshot */
	for (int i = 0; i < 64; i++) {
		k = arena_printf(fx.a, "posts %d 20", i);
		keep(fx.st, k, k);
		assert_string_equal(found(fx.st, k), k);
	}
	for (int i = 0; i < 64; i++) {
		k = arena_printf(fx.a, "posts %d 20", i);
		if ((got = found(fx.st, k)) != NULL)
			assert_string_equal(got, k);
		n += got != NULL;
	}
	assert_in_range(n, 8, 16);
}

static void
nothing_is_kept_over_a_write(void **state)
{
	struct store *other = store_open(fx.path, 0);

	(void)state;
	fixture_is_in_files(); /* PostgreSQL has no number of a snapshot */
	assert_non_null(other);
	keep(fx.st, KEY, "page");
	write_post(other);
	assert_null(found(fx.st, KEY));
	keep(fx.st, KEY, "page");
	write_post(fx.st);
	assert_null(found(fx.st, KEY));
	assert_null(found(other, KEY)); /* each has its own cache */
	store_close(other);
}

/*
 * An entry that was made of rows from before a write is not found after the
 * write.
 */
static void
what_is_kept_is_of_the_snapshot_that_was_read(void **state)
{
	struct store *other = store_open(fx.path, 0);
	const char *data;
	size_t len;

	(void)state;
	fixture_is_in_files(); /* PostgreSQL has no number of a snapshot */
	assert_non_null(other);
	begin_to_read(fx.st);
	write_post(other);
	store_cache_put(fx.st, KEY, "old", 3);
	assert_non_null(data = store_cache_get(fx.st, KEY, &len));
	assert_int_equal(len, 3);
	assert_memory_equal(data, "old", 3);
	store_read_end(fx.st);
	assert_null(found(fx.st, KEY));
	store_close(other);
}

static void
outside_a_read_transaction_nothing_is_kept(void **state)
{
	size_t len;

	(void)state;
	fixture_is_in_files(); /* PostgreSQL has no number of a snapshot */
	store_cache_put(fx.st, KEY, "page", 4);
	assert_null(found(fx.st, KEY));
	/* A write transaction may be rolled back, so its view is not kept. */
	assert_int_equal(store_begin(fx.st), 0);
	write_post(fx.st);
	store_cache_put(fx.st, KEY, "page", 4);
	store_rollback(fx.st);
	assert_null(found(fx.st, KEY));
	keep(fx.st, KEY, "");
	assert_null(found(fx.st, KEY));
	keep(fx.st, KEY, "page");
	assert_null(store_cache_get(fx.st, KEY, &len));
	assert_string_equal(found(fx.st, KEY), "page");
}

static void
little_is_kept_and_by_a_plain_cgi_nothing(void **state)
{
	char *much = arena_alloc(fx.a, 8194);
	const char *k;

	(void)state;
	fixture_is_in_files(); /* PostgreSQL has no number of a snapshot */
	memset(much, 'x', 8192);
	keep(fx.st, KEY, much);
	assert_string_equal(found(fx.st, KEY), much);
	much[8192] = 'x';
	keep(fx.st, "posts 1 1", much);
	assert_null(found(fx.st, "posts 1 1"));
	/* A key that is too long is not cut: two keys could then be equal. */
	k = arena_printf(fx.a, "posts %064d", 1);
	keep(fx.st, k, "page");
	assert_null(found(fx.st, k));
	assert_null(found(fx.st, arena_dup(fx.a, k, STORE_CACHE_KEY_MAX)));
	store_serve_one(fx.st);
	keep(fx.st, "posts 1 1", "page");
	assert_null(found(fx.st, "posts 1 1"));
}

#define TEST(name) TEST_IN(name, fixture_server)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_kept_is_found_by_its_key),
		TEST(an_entry_gives_way_to_another),
		TEST(nothing_is_kept_over_a_write),
		TEST(what_is_kept_is_of_the_snapshot_that_was_read),
		TEST(outside_a_read_transaction_nothing_is_kept),
		TEST(little_is_kept_and_by_a_plain_cgi_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
