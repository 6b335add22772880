/* test_store_post.c: the example API's posts. */
#include "fixture.h"
#include "store_post.h"

static void
posts_are_stored_listed_and_deleted(void **state)
{
	struct user *u = fixture_user("a@b.example", "x", NULL);
	struct post p, out[3];

	(void)state;
	for (int i = 1; i <= 4; i++) {
		p = (struct post){ .user = i == 2 ? u->id : 0,
			.title = arena_printf(fx.a, "Title %d", i),
			.body = "Text",
			.created_at = NOW + i };
		assert_int_equal(store_post_add(fx.st, &p), 1);
		assert_int_equal(p.id, i);
	}
	assert_int_equal(store_post_list(fx.st, fx.a, 0, out, 3), 3);
	assert_string_equal(out[0].title, "Title 4");
	assert_int_equal(store_post_list(fx.st, fx.a, out[2].id, out, 3), 1);
	assert_string_equal(out[0].title, "Title 1");
	assert_int_equal(store_post_by_id(fx.st, fx.a, 2, &p), 1);
	assert_int_equal(p.user, u->id);
	assert_string_equal(p.body, "Text");
	assert_int_equal(p.created_at, NOW + 2);
	assert_int_equal(store_post_delete(fx.st, 2), 1);
	assert_int_equal(store_post_delete(fx.st, 2), 0);
	assert_int_equal(store_post_by_id(fx.st, fx.a, 2, &p), 0);
	p.user = 99;
	assert_int_equal(store_post_add(fx.st, &p), -1);
}

#define TEST(name) TEST_IN(name, fixture_server)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(posts_are_stored_listed_and_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
