/* test_scope.c: sets of scopes: what is asked for, and what is allowed. */
#include "fixture.h"

#include "scope.h"

/* The rows of [scopes] in the fixture. */
#define READ 1
#define WRITE 2
#define ADMIN 4 /* privileged */
#define OPENID (UINT64_C(31) << 3) /* the five that are built in */

static uint64_t
parse(const char *words)
{
	int unknown = 0;
	uint64_t set = scope_parse(fx.cf, words, &unknown);

	assert_int_equal(unknown, 0);
	return set;
}

static void
words_become_bits_in_any_order(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_int_equal(parse("   "), 0);
	assert_int_equal(parse("read-posts"), READ);
	assert_int_equal(parse("admin"), ADMIN);
	assert_int_equal(parse("admin read-posts"), READ | ADMIN);
	assert_int_equal(parse("  write-posts  write-posts "), WRITE);
	assert_int_equal(parse("*"), SCOPE_STAR);
	assert_int_equal(parse("* read-posts"), SCOPE_STAR | READ);
}

/* RFC 6749 section 3.3: case-sensitive, whole words. */
static void
a_word_that_is_no_scope_is_noted_and_left_out(void **state)
{
	static const char *const no[] = { "Read-posts", "read", "read-posts2",
		"**", "*read-posts", "read-posts,write-posts",
		"read-posts\twrite-posts", "\xc3\xa9" };
	int unknown;

	(void)state;
	for (size_t i = 0; i < N(no); i++) {
		unknown = 0;
		assert_int_equal(scope_parse(fx.cf, no[i], &unknown), 0);
		assert_int_equal(unknown, 1);
		assert_int_equal(
		    scope_parse(
			fx.cf, arena_printf(fx.a, "%s admin", no[i]), NULL),
		    ADMIN);
	}
}

static void
a_set_is_written_in_the_order_of_the_configuration(void **state)
{
	(void)state;
	assert_string_equal(scope_format(fx.cf, fx.a, 0), "");
	assert_string_equal(scope_format(fx.cf, fx.a, WRITE), "write-posts");
	assert_string_equal(
	    scope_format(fx.cf, fx.a, parse("admin write-posts read-posts")),
	    "read-posts write-posts admin");
	assert_string_equal(
	    scope_format(fx.cf, fx.a, SCOPE_STAR | READ), "read-posts");
}

/* Of the 63 bits five are OpenID Connect's. */
static void
all_63_scopes_and_the_star_have_bits_of_their_own(void **state)
{
	struct buf b;
	char error[256];
	uint64_t set = 0, one;

	(void)state;
	buf_init(&b, fx.a, 0);
	buf_str(&b, "issuer = https://a\n[scopes]\n");
	for (int i = 0; i < SCOPES_OWN_MAX; i++)
		buf_printf(&b, "s%d = x\n", i);
	conf_free(fx.cf);
	fx.cf = conf_parse(b.data, "c", error, sizeof(error));
	for (int i = 0; i < SCOPES_OWN_MAX; i++) {
		one = parse(arena_printf(fx.a, "s%d", i));
		assert_int_equal(set & one, 0);
		set |= one;
		assert_string_equal(scope_format(fx.cf, fx.a, one),
		    arena_printf(fx.a, "s%d", i));
	}
	assert_int_equal(set | parse("openid profile email groups"
				     " offline_access"), ~SCOPE_STAR);
}

static void
a_client_or_user_without_a_limit_has_all_but_the_privileged(void **state)
{
	struct client cl = { .scope = NULL };
	struct user u = { .scope = NULL };

	(void)state;
	assert_int_equal(scope_of_client(fx.cf, &cl), READ | WRITE | OPENID);
	assert_int_equal(scope_of_user(fx.cf, &u), READ | WRITE | OPENID);
	fixture_conf("user_scopes = admin read-posts\n");
	assert_int_equal(scope_of_client(fx.cf, &cl), READ | WRITE | OPENID);
	assert_int_equal(scope_of_user(fx.cf, &u), READ | ADMIN | OPENID);
	fixture_conf("user_scopes =\n");
	assert_int_equal(scope_of_user(fx.cf, &u), OPENID);
}

static void
a_limit_is_its_words_and_a_star_is_everything(void **state)
{
	static const struct {
		const char *limit;
		uint64_t want;
	} rows[] = {
		{ "", 0 },
		{ "admin", ADMIN },
		{ "read-posts gone", READ }, /* removed from [scopes] */
		{ "*", SCOPE_STAR | READ | WRITE | ADMIN },
		{ "read-posts *", SCOPE_STAR | READ | WRITE | ADMIN },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct client cl = { .scope = rows[i].limit };
		struct user u = { .scope = rows[i].limit };

		const uint64_t openid = rows[i].want & SCOPE_STAR ? OPENID : 0;

		assert_int_equal(
		    scope_of_client(fx.cf, &cl), rows[i].want | openid);
		assert_int_equal(
		    scope_of_user(fx.cf, &u), rows[i].want | OPENID);
	}
}

#define NOBODY "(nobody)"
#define REFUSED UINT64_MAX

/* RFC 6749 section 3.3. */
static void
what_is_granted_is_what_client_and_user_may_have(void **state)
{
	static const struct {
		const char *client, *user, *asked;
		uint64_t want;
	} rows[] = {
		/* a client that acts for itself */
		{ NULL, NOBODY, "read-posts", READ },
		{ NULL, NOBODY, "read-posts write-posts", READ | WRITE },
		{ NULL, NOBODY, "admin", REFUSED },
		{ "admin", NOBODY, "admin", ADMIN },
		{ "admin", NOBODY, "admin read-posts", REFUSED },
		{ "", NOBODY, "read-posts", REFUSED },
		{ NULL, NOBODY, "gone", REFUSED },
		{ NULL, NOBODY, "read-posts gone", REFUSED },
		{ "*", NOBODY, "gone", REFUSED },
		/* for a user: scopes that the user lacks are left out */
		{ NULL, NULL, "read-posts", READ },
		{ NULL, "read-posts", "read-posts write-posts", READ },
		{ NULL, "admin", "read-posts", REFUSED },
		{ NULL, "", "read-posts", REFUSED },
		{ "admin read-posts", NULL, "admin", REFUSED },
		{ "admin read-posts", NULL, "admin read-posts", READ },
		{ "admin", "*", "admin", ADMIN },
		{ "read-posts", "*", "admin", REFUSED },
		/* '*': only if the client was given it */
		{ NULL, NOBODY, "*", REFUSED },
		{ "read-posts write-posts admin", NOBODY, "*", REFUSED },
		{ "*", NOBODY, "*", READ | WRITE | ADMIN },
		{ "*", NOBODY, "* read-posts", READ | WRITE | ADMIN },
		{ "*", NOBODY, "admin", ADMIN },
		{ "*", NULL, "*", READ | WRITE },
		{ "*", "*", "*", READ | WRITE | ADMIN },
		{ "*", "admin", "*", ADMIN },
		{ "*", "", "*", REFUSED },
		{ NULL, "*", "*", REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct client cl = { .scope = rows[i].client };
		struct user u = { .scope = rows[i].user };
		const int nobody =
		    u.scope != NULL && strcmp(u.scope, NOBODY) == 0;
		const struct oerr *e;
		uint64_t got = 0;

		e = scope_grant(
		    &fx.rq, &cl, nobody ? NULL : &u, rows[i].asked, &got);
		if (e != NULL)
			assert_ptr_equal(e, &oerr_invalid_scope);
		if ((e != NULL ? REFUSED : got) != rows[i].want)
			fail_msg("row %zu: %s gave %llx", i, rows[i].asked,
			    (unsigned long long)got);
	}
}

/* RFC 6749 section 3.3: "a pre-defined default value". */
static void
who_asks_for_nothing_gets_what_may_be_had_of_the_default(void **state)
{
	static const struct {
		const char *client, *user;
		uint64_t want;
	} rows[] = {
		{ NULL, NOBODY, READ },
		{ NULL, NULL, READ },
		{ "admin", NOBODY, ADMIN },
		{ "*", NOBODY, READ | ADMIN },
		{ "*", "write-posts", 0 },
		{ "write-posts", NULL, 0 },
	};

	(void)state;
	for (int set = 0; set < 2; set++) {
		fixture_conf(set ? "default_scopes = read-posts admin\n" : "");
		for (size_t i = 0; i < N(rows); i++) {
			struct client cl = { .scope = rows[i].client };
			struct user u = { .scope = rows[i].user };
			const int nobody =
			    u.scope != NULL && strcmp(u.scope, NOBODY) == 0;
			uint64_t got = 99;

			assert_null(scope_grant(
			    &fx.rq, &cl, nobody ? NULL : &u, NULL, &got));
			assert_int_equal(got, set ? rows[i].want : 0);
		}
	}
}

#define TEST(name) TEST_IN(name, fixture_bare)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(words_become_bits_in_any_order),
		TEST(a_word_that_is_no_scope_is_noted_and_left_out),
		TEST(a_set_is_written_in_the_order_of_the_configuration),
		TEST(all_63_scopes_and_the_star_have_bits_of_their_own),
		TEST(
		    a_client_or_user_without_a_limit_has_all_but_the_privileged),
		TEST(a_limit_is_its_words_and_a_star_is_everything),
		TEST(what_is_granted_is_what_client_and_user_may_have),
		TEST(who_asks_for_nothing_gets_what_may_be_had_of_the_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
