/*
 * test_rule.c: the rules of [guard]: what a rule covers, and which rules are
 * refused.
 */
#include "fixture.h"

#include "rule.h"

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_dir, fixture_end)

#define HEAD                                                              \
	"issuer = https://auth.example\n"                                 \
	"[scopes]\nread = Read\nwrite = Write\nadmin = privileged: All\n" \
	"[guard]\n"
#define FIRST 7 /* the line of the first rule */

static const struct conf *
parse(const char *rules)
{
	char error[512] = "";

	conf_free(fx.cf);
	fx.cf = conf_parse(arena_printf(fx.a, HEAD "%s", rules), "/a/c.conf",
	    error, sizeof(error));
	if (fx.cf == NULL)
		fail_msg("%s: %s", rules, error);
	return fx.cf;
}

static void
assert_refused(const char *rules, int line, const char *words)
{
	const char *place = arena_printf(fx.a, "/a/c.conf:%d: ", line);
	char error[512] = "";

	if (conf_parse(arena_printf(fx.a, HEAD "%s", rules), "/a/c.conf", error,
		sizeof(error)) != NULL)
		fail_msg("taken: %s", rules);
	if (strncmp(error, place, strlen(place)) != 0 ||
	    strstr(error, words) == NULL)
		fail_msg("%s: %s", rules, error);
}

/*
 * The line of the rule for a request; 0: none; -1: there are rules, but not for
 * that method.
 */
static int
line_of(const char *path, const char *method)
{
	const struct rule *ru;

	if (rule_find(fx.cf->rules, path, method, &ru) == NULL)
		return 0;
	return ru == NULL ? -1 : ru->line - FIRST;
}

static void
the_longest_prefix_wins_in_any_order(void **state)
{
	static const char *const orders[] = {
		"/ = token\n/a = all read\n/a/b = all write\n/a/bb = user\n",
		"/a/b = token\n/a/bb = token\n/ = token\n/a = token\n",
	};
	static const struct {
		const char *path;
		int line[2];
	} rows[] = {
		{ "/", { 0, 2 } },
		{ "/x", { 0, 2 } },
		{ "/a", { 1, 3 } },
		{ "/a/x", { 1, 3 } },
		{ "/ab", { 0, 2 } },
		{ "/a/b", { 2, 0 } },
		{ "/a/b/c/d", { 2, 0 } },
		{ "/a/bb", { 3, 1 } },
		{ "/a/bbb", { 1, 3 } },
		{ "/A", { 0, 2 } },
	};

	(void)state;
	for (size_t o = 0; o < N(orders); o++) {
		parse(orders[o]);
		for (size_t i = 0; i < N(rows); i++) {
			const struct rule *first, *ru;

			first =
			    rule_find(fx.cf->rules, rows[i].path, "GET", &ru);
			assert_non_null(first);
			assert_int_equal(ru->line - FIRST, rows[i].line[o]);
		}
	}
}

static void
what_no_prefix_covers_has_no_rule(void **state)
{
	(void)state;
	parse("/a = token\n/b/c = token\n");
	assert_int_equal(line_of("/", "GET"), 0);
	assert_int_equal(rule_find(fx.cf->rules, "/b", "GET",
			     &(const struct rule *){ NULL }) == NULL,
	    1);
	parse("");
	assert_null(fx.cf->rules);
}

static void
a_method_chooses_among_the_rules_of_one_prefix_alone(void **state)
{
	(void)state;
	parse("/ = token\nGET /a = all read\nPOST,PUT /a = all write\n"
	      "DELETE  /a = all admin\n");
	assert_int_equal(line_of("/a", "GET"), 1);
	assert_int_equal(line_of("/a/x", "HEAD"), 1);
	assert_int_equal(line_of("/a", "POST"), 2);
	assert_int_equal(line_of("/a", "PUT"), 2);
	assert_int_equal(line_of("/a", "DELETE"), 3);
	/* The rule of a shorter prefix does not let it through. */
	assert_int_equal(line_of("/a", "PATCH"), -1);
	assert_int_equal(line_of("/a", "get"), -1);
	assert_int_equal(line_of("/a", "FOO"), -1);
	assert_string_equal(rule_methods(fx.a,
				rule_find(fx.cf->rules, "/a", "PATCH",
				    &(const struct rule *){ NULL })),
	    "GET, HEAD, POST, PUT, DELETE");
}

static void
a_rule_says_what_it_needs(void **state)
{
	static const struct {
		const char *text;
		struct rule want;
	} rows[] = {
		{ "/x = public", { .is_public = 1 } },
		{ "/x = token", { .line = 0 } },
		{ "/x = user", { .needs.caller = CALLER_USER } },
		{ "/x = client", { .needs.caller = CALLER_CLIENT } },
		{ "/x = all read", { .needs.all = "read" } },
		{ "/x = any  read   write", { .needs.any = "read write" } },
		{ "/x = user any read",
		    { .needs = { .caller = CALLER_USER, .any = "read" } } },
		{ "/x = client all write read realm The  house",
		    { .needs = { .caller = CALLER_CLIENT, .all = "write read",
			  .realm = "The  house" } } },
		{ "/x = token realm r", { .needs.realm = "r" } },
		{ "/x = user acr mfa", { .needs.acr = ACR_MFA,
			.needs.caller = CALLER_USER } },
		{ "/x = token max_age 5m", { .needs.max_age = 300 } },
		{ "/x = all read acr phr max_age 90 realm acr mfa",
		    { .needs = { .all = "read", .acr = ACR_PHR, .max_age = 90,
			  .realm = "acr mfa" } } },
		{ "/x = token resource",
		    { .needs.resource = "https://auth.example/x" } },
		{ "/x/y/ = all read max_age 5 resource realm r",
		    { .needs = { .all = "read", .max_age = 5, .realm = "r",
			  .resource = "https://auth.example/x/y" } } },
		{ "/ = user resource https://API.example/v1/",
		    { .needs = { .caller = CALLER_USER,
			  .resource = "https://API.example/v1/" } } },
		{ "/x = token resource http://[::1]:80 realm r",
		    { .needs = { .resource = "http://[::1]:80",
			  .realm = "r" } } },
		{ "/\xc3\xa4@b\"c = token resource",
		    { .needs.resource =
			    "https://auth.example/%C3%A4@b%22c" } },
		{ "realm = The site\n/x = token",
		    { .needs.realm = "The site" } },
		{ "/x = token\nrealm = The site",
		    { .needs.realm = "The site" } },
		{ "realm = The site\n/x = token realm r",
		    { .needs.realm = "r" } },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const struct rule *got = parse(rows[i].text)->rules;
		const struct rule *want = &rows[i].want;
		const char *texts[][2] = {
			{ got->needs.all, want->needs.all },
			{ got->needs.any, want->needs.any },
			{ got->needs.realm, want->needs.realm },
			{ got->needs.resource, want->needs.resource },
		};

		assert_int_equal(
		    got->needs.at_audiences, got->needs.resource == NULL);
		assert_int_equal(got->is_public, want->is_public);
		assert_int_equal(got->needs.caller, want->needs.caller);
		assert_int_equal(got->needs.acr, want->needs.acr);
		assert_int_equal(got->needs.max_age, want->needs.max_age);
		for (size_t j = 0; j < N(texts); j++) {
			if (texts[j][1] == NULL)
				assert_null(texts[j][0]);
			else
				assert_string_equal(texts[j][0], texts[j][1]);
		}
	}
}

/* RFC 3986 section 6.2: rules that name one URI have one resource, by any spelling. */
static void
resources_are_numbered_by_what_they_mean(void **state)
{
	struct buf b;
	char error[512] = "";
	const struct conf *cf = parse("/a = token resource\n"
				      "/b/c = token resource https://b.example\n"
				      "/b = token resource https://B.example:443/\n"
				      "/d = token\n");
	static const struct {
		const char *path;
		unsigned no;
	} rows[] = { { "/a", 1 }, { "/b", 2 }, { "/b/c", 2 }, { "/d", 0 } };
	const struct rule *ru;

	(void)state;
	assert_int_equal(cf->n_resources, 2);
	assert_string_equal(cf->resources[0]->prefix, "/a");
	assert_string_equal(cf->resources[1]->prefix, "/b/c");
	for (size_t i = 0; i < N(rows); i++) {
		rule_find(cf->rules, rows[i].path, "GET", &ru);
		assert_int_equal(ru->needs.resource_no, rows[i].no);
	}
	rule_find(cf->rules, "/b", "GET", &ru);
	assert_string_equal(ru->needs.resource, "https://b.example");
	buf_init(&b, fx.a, 4096);
	for (int i = 0; i < RESOURCES_MAX; i++)
		buf_printf(&b, "/x%d = token resource\n", i);
	assert_int_equal(parse(b.data)->n_resources, RESOURCES_MAX);
	buf_str(&b, "/x0/y = token resource https://auth.example/x1\n");
	assert_int_equal(parse(b.data)->n_resources, RESOURCES_MAX);
	buf_str(&b, "/y = token resource\n");
	assert_null(conf_parse(arena_printf(fx.a, HEAD "%s", b.data),
	    "/a/c.conf", error, sizeof(error)));
	assert_non_null(strstr(error, "more than 62 resources"));
}

static void
case_is_folded_where_the_server_folds_it(void **state)
{
	(void)state;
	parse("/A/b = token\nfold_case = yes\n");
	assert_string_equal(fx.cf->rules->prefix, "/a/b");
	assert_refused(
	    "fold_case = yes\n/A = token\n/a = user\n", FIRST + 2, "line 8");
	parse("/A = token\n/a = user\n");
	assert_int_equal(line_of("/a", "GET"), 1);
	assert_int_equal(line_of("/A", "GET"), 0);
}

static void
a_slash_at_the_end_of_a_prefix_does_not_matter(void **state)
{
	(void)state;
	parse("/a/ = token\n");
	assert_string_equal(fx.cf->rules->prefix, "/a");
	assert_refused("/a/ = token\n/a = token\n", FIRST + 1, "line 7");
}

static void
a_rule_that_is_none_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *rule, *words;
	} rows[] = {
		{ "/x =", "a rule is public" },
		{ "/x = read", "a rule is public" },
		{ "/x = realm x", "a rule is public" },
		{ "/x = public all read", "a rule is public" },
		{ "/x = public realm x", "a rule is public" },
		{ "/x = user client", "a rule is public" },
		{ "/x = token token", "a rule is public" },
		{ "/x = all", "all needs scopes after it" },
		{ "/x = any realm x", "any needs scopes after it" },
		{ "/x = all read any write", "any is a scope that" },
		{ "/x = all reed", "reed is a scope that" },
		{ "/x = user any *", "* is a scope that" },
		{ "/x = all read read", "read is named twice" },
		{ "/x = token realm", "realm needs a text" },
		{ "/x = acr mfa", "a rule is public" },
		{ "/x = public acr mfa", "a rule is public" },
		{ "/x = user acr", "acr needs pwd, mfa or phr" },
		{ "/x = user acr gold", "acr needs pwd, mfa or phr" },
		{ "/x = user max_age", "max_age needs a time" },
		{ "/x = user max_age 0", "max_age needs a time" },
		{ "/x = user max_age x", "max_age needs a time" },
		{ "/x = user max_age 5m acr mfa", "a rule is public" },
		{ "/x = all acr mfa", "all needs scopes after it" },
		{ "/x = token realm a\"b", "realm needs a text" },
		{ "/x = resource", "a rule is public" },
		{ "/x = public resource", "a rule is public" },
		{ "/x = all resource", "all needs scopes after it" },
		{ "/x = token resource max_age 5", "resource needs an https" },
		{ "/x = token resource /y", "resource needs an https" },
		{ "/x = token resource http://b.example", "resource needs an" },
		{ "/x = token resource https://b.example/?", "resource needs" },
		{ "/x = token resource https://b.example/#", "resource needs" },
		{ "/x = token resource https://u@b.example", "resource needs" },
		{ "/x = token resource https:", "resource needs an https" },
		{ "/x = token resource urn:x", "resource needs an https" },
		{ "/x = token resource https://b.example https://c.example",
		    "a rule is public" },
		{ "/x = token realm a\\b", "realm needs a text" },
		{ "GTE /x = token", "GTE is not a method" },
		{ "get /x = token", "get is not a method" },
		{ "GET, POST /x = token", "GET, is not a method" },
		{ "GET,,POST /x = token", "is not a method" },
		{ ",GET /x = token", "is not a method" },
		{ "GET POST /x = token", "matches no path" },
		{ "GET x/y = token", "matches no path" },
		{ "//x = token", "matches no path" },
		{ "/x//y = token", "matches no path" },
		{ "/x// = token", "matches no path" },
		{ "/x/./y = token", "matches no path" },
		{ "/x/../y = token", "matches no path" },
		{ "/../y = token", "matches no path" },
		{ "/x%20y = token", "matches no path" },
		{ "/x%zz = token", "matches no path" },
		{ "/x?y = token", "matches no path" },
		{ "/x#y = token", "matches no path" },
		{ "/x y = token", "matches no path" },
		{ "/x/* = token", "covers all that is below" },
		{ "GET /* = token", "covers all that is below" },
		{ "/x*y/z = public", "covers all that is below" },
		{ "/x;y = token", "matches no path" },
		{ "/x\\y = token", "matches no path" },
		{ "/x./y = token", "matches no path" },
		{ "https://h/x = token", "is not a method" },
		{ "realm = a\"b", "realm is a text" },
		{ "realm =", "realm is a text" },
		{ "fold_case = maybe", "fold_case is yes or no" },
		{ "folder = x", "unknown setting folder in [guard]" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		assert_refused(rows[i].rule, FIRST, rows[i].words);
}

/* A reader of two rules for one request cannot tell which one applies. */
static void
rules_that_overlap_are_refused_on_the_later_line(void **state)
{
	static const char *const rows[] = {
		"/x = token\n/x = token",
		"/x = token\n/x = public",
		"GET /x = token\n/x = all write",
		"/x = token\nPOST /x = user",
		"GET /x = token\nHEAD /x = token",
		"GET,POST /x = token\nPUT,POST /x = token",
		"HEAD /x = token\nGET /x = token",
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		assert_refused(rows[i], FIRST + 1, "a rule on line 7 already");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_longest_prefix_wins_in_any_order),
		TEST(what_no_prefix_covers_has_no_rule),
		TEST(a_method_chooses_among_the_rules_of_one_prefix_alone),
		TEST(a_rule_says_what_it_needs),
		TEST(resources_are_numbered_by_what_they_mean),
		TEST(case_is_folded_where_the_server_folds_it),
		TEST(a_slash_at_the_end_of_a_prefix_does_not_matter),
		TEST(a_rule_that_is_none_is_refused_with_its_line),
		TEST(rules_that_overlap_are_refused_on_the_later_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
