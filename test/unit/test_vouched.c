/* test_vouched.c: a person whom another system vouches for becomes, or is, a user. */
#include "fixture.h"

#include "passwd.h"
#include "vouched.h"

struct ask {
	struct person p;
	struct user out;
	enum vouched end;
};

static int
step(struct store *st, void *ctx)
{
	struct ask *k = ctx;

	return vouched_find(st, fx.a, fx.cf, &k->p, NOW, &k->out, &k->end);
}

/* Ask for p; put the user to out if p is in. */
static enum vouched
find(struct person p, struct user *out)
{
	struct ask k = { .p = p };
	const int n = store_write(fx.st, step, &k);

	assert_true(n >= 0);
	assert_int_equal(n, vouched_is_in(k.end));
	if (n == 1)
		*out = k.out;
	return k.end;
}

static struct user
stored(int64_t id)
{
	struct user u;

	assert_int_equal(store_user_by_id(fx.st, fx.a, id, &u), 1);
	return u;
}

static int64_t
count_users(void)
{
	struct user all[20];

	return store_user_list(fx.st, fx.a, 0, all, 20);
}

static void
the_first_visit_makes_a_user_and_the_second_finds_it(void **state)
{
	const struct person p = { .sub = "wp-7", .email = "Ada@B\xc3\xbc" "cher.example",
		.name = "Ada", .login = "Ada", .groups = "staff press",
		.claims = "{\"locale\":\"de\"}", .email_verified = 1 };
	struct user u, again;

	(void)state;
	assert_int_equal(find(p, &u), VOUCHED_NEW);
	u = stored(u.id);
	assert_string_equal(u.subject, "wp-7");
	assert_string_equal(u.email, "ada@xn--bcher-kva.example");
	assert_int_equal(u.email_verified_at, NOW);
	assert_string_equal(u.name, "Ada");
	assert_string_equal(u.login, "ada");
	assert_string_equal(u.groups, "staff press");
	assert_string_equal(u.claims, "{\"locale\":\"de\"}");
	assert_string_equal(u.password, PASSWD_NONE); /* no password fits it */
	assert_null(u.scope);
	assert_int_equal(find(p, &again), VOUCHED_KNOWN);
	assert_int_equal(again.id, u.id);
	assert_int_equal(count_users(), 1);
}

static void
what_changed_there_changes_here_and_the_rest_stays(void **state)
{
	struct user u;

	(void)state;
	find((struct person) { .sub = "s", .email = "a@b.example",
		 .email_verified = 1, .name = "Ada", .groups = "staff" }, &u);
	assert_int_equal(find((struct person) { .sub = "s", .name = "Ada L",
			      .groups = "" }, &u), VOUCHED_KNOWN);
	assert_string_equal(u.name, "Ada L");
	u = stored(u.id);
	assert_string_equal(u.name, "Ada L");
	assert_string_equal(u.groups, "");
	assert_string_equal(u.email, "a@b.example");
	assert_int_equal(u.email_verified_at, NOW);
	/* A new address is not verified by what was said of the old one. */
	find((struct person) { .sub = "s", .email = "new@b.example" }, &u);
	u = stored(u.id);
	assert_string_equal(u.email, "new@b.example");
	assert_int_equal(u.email_verified_at, 0);
}

static void
an_address_of_another_user_makes_nobody_that_user(void **state)
{
	struct user *old = fixture_user("a@b.example", "x", NULL), u;
	struct person p = { .sub = "s", .email = "A@b.example",
		.email_verified = 1 };

	(void)state;
	assert_int_equal(find(p, &u), VOUCHED_TAKEN);
	assert_null(stored(old->id).subject);
	assert_int_equal(count_users(), 1);
	/* Nor does one who is known get it. */
	find((struct person) { .sub = "s", .email = "own@b.example" }, &u);
	assert_int_equal(find(p, &u), VOUCHED_KNOWN);
	assert_int_not_equal(u.id, old->id);
	assert_string_equal(stored(u.id).email, "own@b.example");
	assert_string_equal(stored(old->id).email, "a@b.example");
}

static void
a_verified_address_says_who_it_is_if_the_operator_wants_it(void **state)
{
	struct user *old = fixture_user("a@b.example", "x", NULL), u;
	struct person p = { .sub = "s", .email = "A@b.example", .name = "Ada" };

	(void)state;
	fixture_conf("login_match_email = yes");
	assert_int_equal(find(p, &u), VOUCHED_TAKEN);
	p.email_verified = 1;
	assert_int_equal(find(p, &u), VOUCHED_KNOWN);
	assert_int_equal(u.id, old->id);
	assert_string_equal(stored(old->id).subject, "s");
	assert_string_equal(stored(old->id).name, "Ada");
	assert_string_equal(stored(old->id).password, "x");
	/* That user is somebody's now, and nobody else's. */
	p.sub = "t";
	assert_int_equal(find(p, &u), VOUCHED_TAKEN);
	assert_string_equal(stored(old->id).subject, "s");
}

static void
a_number_is_never_the_sub_of_a_user_with_another_id(void **state)
{
	struct user *old = fixture_user("a@b.example", "x", NULL), u;
	struct person p = { .sub = arena_printf(fx.a, "%lld",
		(long long)old->id), .email = "c@d.example" };

	(void)state;
	assert_int_equal(find(p, &u), VOUCHED_NUMBER);
	p.sub = "4711";
	assert_int_equal(find(p, &u), VOUCHED_NEW);
	assert_int_equal(u.id, 4711);
	assert_string_equal(stored(4711).subject, "4711");
	fixture_conf("login_match_email = yes");
	p = (struct person) { .sub = "42", .email = "a@b.example",
		.email_verified = 1 };
	assert_int_equal(find(p, &u), VOUCHED_KNOWN);
	assert_int_equal(u.id, old->id);
	assert_null(stored(old->id).subject);
	assert_int_equal(find(p, &u), VOUCHED_KNOWN);
}

static void
strangers_and_disabled_users_stay_out(void **state)
{
	const struct person p = { .sub = "s", .email = "a@b.example" };
	struct user u;

	(void)state;
	fixture_conf("login_create = no");
	assert_int_equal(find(p, &u), VOUCHED_STRANGER);
	assert_int_equal(count_users(), 0);
	fixture_conf("");
	assert_int_equal(find(p, &u), VOUCHED_NEW);
	fixture_conf("login_create = no");
	assert_int_equal(find(p, &u), VOUCHED_KNOWN);
	assert_int_equal(store_user_set_disabled(fx.st, u.id, NOW), 1);
	assert_int_equal(find((struct person) { .sub = "s", .name = "New" }, &u),
	    VOUCHED_DISABLED);
	assert_string_equal(stored(u.id).name, "");
}

static void
what_no_user_can_have_is_left_out(void **state)
{
	struct user u;

	(void)state;
	fixture_user("a@b.example", "x", NULL);
	find((struct person) { .sub = "first", .login = "ada" }, &u);
	assert_int_equal(find((struct person) { .sub = "s",
			      .email = "no address", .name = "A\nB",
			      .login = "Ada", .groups = "staff",
			      .claims = "{\"sub\":\"x\"}",
			      .email_verified = 1 }, &u), VOUCHED_NEW);
	u = stored(u.id);
	assert_null(u.email);
	assert_null(u.login);
	assert_null(u.claims);
	assert_string_equal(u.name, "");
	assert_string_equal(u.groups, "staff");
	assert_int_equal(u.email_verified_at, 0);
	assert_non_null(strstr(fx.log, "person s: email is no e-mail address"));
	assert_non_null(strstr(fx.log, "person s: the user name is that of"));
}

static void
a_sub_that_no_token_may_say_is_refused(void **state)
{
	const char *const bad[] = { NULL, "", "a b", "client:x", "s\xc3\xbc" };
	struct user u;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(find((struct person) { .sub = bad[i],
				      .email = "a@b.example" }, &u),
		    VOUCHED_BAD_SUB);
	assert_int_equal(count_users(), 0);
}

#define TEST(name) TEST_IN(name, fixture_server)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_visit_makes_a_user_and_the_second_finds_it),
		TEST(what_changed_there_changes_here_and_the_rest_stays),
		TEST(an_address_of_another_user_makes_nobody_that_user),
		TEST(
		    a_verified_address_says_who_it_is_if_the_operator_wants_it),
		TEST(a_number_is_never_the_sub_of_a_user_with_another_id),
		TEST(strangers_and_disabled_users_stay_out),
		TEST(what_no_user_can_have_is_left_out),
		TEST(a_sub_that_no_token_may_say_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
