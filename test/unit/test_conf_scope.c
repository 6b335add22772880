/* test_conf_scope.c: carnet.conf: the section [scopes]. */
#include "conf_text.h"

static void
a_scope_may_be_marked_privileged(void **state)
{
	const struct conf *cf = parse(ISSUER
	    "[scopes]\n"
	    "a = privileged: Everything\nb = privileged:\n"
	    "c = Not privileged: at all\nd = privileged\ne:f/g.h-i_9 = x\n");
	static const struct conf_scope want[] = {
		{ "a", "Everything", 1 },
		{ "b", "b", 1 },
		{ "c", "Not privileged: at all", 0 },
		{ "d", "privileged", 0 },
		{ "e:f/g.h-i_9", "x", 0 },
	};

	(void)state;
	assert_int_equal(cf->n_scopes, N(want) + SCOPE_BUILT_IN_COUNT);
	for (size_t i = 0; i < N(want); i++) {
		assert_string_equal(cf->scopes[i].name, want[i].name);
		assert_string_equal(
		    cf->scopes[i].description, want[i].description);
		assert_int_equal(cf->scopes[i].privileged, want[i].privileged);
	}
}

/* RFC 6749 section 3.3, without the characters that would need quoting. */
static void
a_scope_name_is_of_few_characters_and_at_most_64(void **state)
{
	static const char also[] = "-_.:/";
	char name[66];

	(void)state;
	for (int c = 1; c < 256; c++) {
		const char *text =
		    arena_printf(fx.a, ISSUER "[scopes]\na%ca = x\n", c);

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr(also, c) != NULL)
			assert_int_equal(parse(text)->n_scopes, 1 + SCOPE_BUILT_IN_COUNT);
		else if (c != '\n' && c != '=')
			assert_refused(text, 3, "a scope's name is");
	}
	memset(name, 'a', 65);
	name[65] = '\0';
	assert_refused(arena_printf(fx.a, ISSUER "[scopes]\n%s = x\n", name), 3,
	    "1 to 64");
	parse(arena_printf(fx.a, ISSUER "[scopes]\n%s = x\n", name + 1));
	assert_refused(ISSUER "[scopes]\n= x\n", 3, "1 to 64");
	assert_refused(ISSUER "[scopes]\n* = x\n", 3, "1 to 64");
}

/* A set of scopes is one word of bits, which limits their number. */
static void
a_site_has_58_scopes_and_no_more(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, fx.a, 0);
	buf_str(&b, ISSUER "[scopes]\n");
	for (int i = 0; i < SCOPES_OWN_MAX; i++)
		buf_printf(&b, "s%d = x\n", i);
	assert_int_equal(parse(b.data)->n_scopes, 63);
	buf_str(&b, "more = x\n");
	assert_refused(b.data, 61, "more than 58 scopes");
}

/* OpenID Connect Core section 5.4: they are there, and a site may describe its own. */
static void
the_scopes_of_openid_are_built_in(void **state)
{
	const struct conf *cf = parse(ISSUER "[scopes]\na = x\nemail = Mine\n");

	(void)state;
	assert_int_equal(cf->n_scopes, 1 + SCOPE_BUILT_IN_COUNT);
	assert_string_equal(cf->scopes[1].description, "Mine");
	assert_int_equal(cf->built_in[SCOPE_EMAIL], 2);
	assert_string_equal(cf->scopes[2].name, "openid");
	assert_int_equal(cf->built_in[SCOPE_OPENID], 4);
	assert_int_equal(cf->all_built_in, 4 + 8 + 16 + 32);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_scope_may_be_marked_privileged),
		TEST(a_scope_name_is_of_few_characters_and_at_most_64),
		TEST(a_site_has_58_scopes_and_no_more),
		TEST(the_scopes_of_openid_are_built_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
