/* test_store_user.c: the people who sign in. */
#include "fixture.h"

static void
a_user_is_found_as_stored(void **state)
{
	struct user *u = fixture_user("a@b.example", "$y$hash", "read-posts");
	struct user *v = fixture_user("c@d.example", "x", NULL), out;

	(void)state;
	assert_int_equal(
	    store_user_by_email(fx.st, fx.a, "a@b.example", &out), 1);
	assert_int_equal(out.id, u->id);
	assert_string_equal(out.email, "a@b.example");
	assert_string_equal(out.name, "A user");
	assert_string_equal(out.password, "$y$hash");
	assert_string_equal(out.scope, "read-posts");
	assert_int_equal(out.created_at, NOW);
	assert_int_equal(out.disabled_at, 0);
	assert_int_equal(store_user_by_id(fx.st, fx.a, v->id, &out), 1);
	assert_string_equal(out.email, "c@d.example");
	assert_null(out.scope);
	assert_int_equal(
	    store_user_by_email(fx.st, fx.a, "A@b.example", &out), 0);
	assert_int_equal(
	    store_user_by_email(fx.st, fx.a, "' OR 1=1 --", &out), 0);
	assert_int_equal(store_user_by_id(fx.st, fx.a, 0, &out), 0);
	assert_int_equal(store_user_by_id(fx.st, fx.a, 99, &out), 0);
}

static void
an_email_is_taken_once(void **state)
{
	struct user again = { .email = "a@b.example",
		.name = "B",
		.password = "y",
		.created_at = NOW };

	(void)state;
	fixture_user("a@b.example", "x", NULL);
	assert_int_equal(store_user_add(fx.st, &again), 0);
	assert_int_equal(again.id, 0);
	again.email = NULL; /* they have a user name, or sign in elsewhere */
	assert_int_equal(store_user_add(fx.st, &again), 1);
	again.id = 0;
	assert_int_equal(store_user_add(fx.st, &again), 1);
}

static void
password_and_disabling_are_of_one_user(void **state)
{
	struct user *u = fixture_user("a@b.example", "x", NULL), out;
	struct user *v = fixture_user("c@d.example", "x", NULL);

	(void)state;
	assert_int_equal(store_user_set_password(fx.st, u->id, NULL, "new"), 1);
	assert_int_equal(store_user_set_disabled(fx.st, u->id, NOW), 1);
	assert_int_equal(store_user_by_id(fx.st, fx.a, u->id, &out), 1);
	assert_string_equal(out.password, "new");
	assert_int_equal(out.disabled_at, NOW);
	assert_int_equal(store_user_by_id(fx.st, fx.a, v->id, &out), 1);
	assert_string_equal(out.password, "x");
	assert_int_equal(out.disabled_at, 0);
	assert_int_equal(store_user_set_disabled(fx.st, u->id, 0), 1);
	assert_int_equal(store_user_by_id(fx.st, fx.a, u->id, &out), 1);
	assert_int_equal(out.disabled_at, 0);
	assert_int_equal(store_user_set_password(fx.st, 99, NULL, "new"), 0);
	assert_int_equal(store_user_set_disabled(fx.st, 99, NOW), 0);
}

/* What was checked before is checked again in the statement that writes. */
static void
a_user_is_current_while_enabled_and_with_that_credential(void **state)
{
	struct user *u = fixture_user("a@b.example", "x", NULL);
	const int64_t any = CREDENTIAL_ANY;

	(void)state;
	assert_int_equal(store_user_set_password(fx.st, u->id, "y", "z"), 0);
	assert_int_equal(store_user_is_current(fx.st, u->id, 0), 1);
	assert_int_equal(store_user_set_password(fx.st, u->id, "x", "y"), 1);
	assert_int_equal(store_user_is_current(fx.st, u->id, 0), 0);
	assert_int_equal(store_user_is_current(fx.st, u->id, 1), 1);
	/* The same password in a new hash is the same credential. */
	assert_int_equal(store_user_renew_hash(fx.st, u->id, "y", "z"), 1);
	assert_int_equal(store_user_is_current(fx.st, u->id, 1), 1);
	assert_int_equal(store_user_is_current(fx.st, u->id, any), 1);
	assert_int_equal(store_user_is_current(fx.st, 99, any), 0);
	assert_int_equal(store_user_set_disabled(fx.st, u->id, NOW), 1);
	assert_int_equal(store_user_is_current(fx.st, u->id, 1), 0);
	assert_int_equal(store_user_is_current(fx.st, u->id, any), 0);
}

static void
users_are_listed_in_pages(void **state)
{
	struct user out[3];

	(void)state;
	assert_int_equal(store_user_list(fx.st, fx.a, 0, out, 3), 0);
	for (int i = 0; i < 5; i++)
		fixture_user(arena_printf(fx.a, "u%d@b", i), "x", NULL);
	assert_int_equal(store_user_list(fx.st, fx.a, 0, out, 3), 3);
	assert_string_equal(out[0].email, "u0@b");
	assert_string_equal(out[2].email, "u2@b");
	assert_int_equal(store_user_list(fx.st, fx.a, out[2].id, out, 3), 2);
	assert_string_equal(out[1].email, "u4@b");
}

#define TEST(name) TEST_IN(name, fixture_server)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_user_is_found_as_stored),
		TEST(an_email_is_taken_once),
		TEST(password_and_disabling_are_of_one_user),
		TEST(a_user_is_current_while_enabled_and_with_that_credential),
		TEST(users_are_listed_in_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
