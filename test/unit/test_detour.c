/* test_detour.c: a sign-in elsewhere: the state is one browser's, for an hour. */
#include "fixture.h"

#include "detour.h"

#define NAME "__Host-carnet-ZE2J8ayaFIfC-site="

/* A new request of a browser with this cookie. */
static struct req *
request(const char *cookie)
{
	return REQUEST(arena_printf(fx.a, "HTTP_COOKIE=%s%s", NAME, cookie));
}

/* The cookie that the answer sets, or NULL. */
static const char *
cookie(void)
{
	const char *at = strstr(fx.headers.data, "Set-Cookie: " NAME);

	if (at == NULL)
		return NULL;
	at += strlen("Set-Cookie: " NAME);
	assert_non_null(strstr(at, "; Path=/; HttpOnly; SameSite=Lax; Max-Age="));
	return arena_dup(fx.a, at, strcspn(at, ";"));
}

static const char *
begin(const char *sent, const char *to, int64_t since, const char **set)
{
	const struct detour dt = { .to = to, .since = since };
	const char *state = detour_begin(request(sent), &dt);

	*set = cookie();
	return state;
}

static int
end(const char *sent, const char *state, struct detour *out)
{
	return detour_end(request(sent), state, out);
}

static void
a_browser_comes_back_to_where_it_was_going(void **state)
{
	const char *s, *c, *again;
	struct detour d;

	(void)state;
	s = begin("", "/oauth/device?user_code=AB;C,\"|", 77, &c);
	assert_int_equal(end(c, s, &d), 1);
	assert_string_equal(d.to, "/oauth/device?user_code=AB%3BC%2C%22%7C");
	assert_int_equal(d.since, 77);
	/* The way is taken out; the secret stays, for other tabs. */
	again = cookie();
	assert_int_equal(strlen(again), SECRET_TEXT_LEN);
	assert_memory_equal(again, c, SECRET_TEXT_LEN);
	assert_int_equal(end(again, s, &d), 1);
	assert_string_equal(d.to, "/account");
}

static void
two_tabs_have_ways_of_their_own(void **state)
{
	const char *one, *two, *c;
	struct detour d;

	(void)state;
	one = begin("", "/oauth/device", 0, &c);
	two = begin(c, "/account", 0, &c);
	assert_string_not_equal(one, two);
	assert_int_equal(end(c, one, &d), 1);
	assert_string_equal(d.to, "/oauth/device");
	c = cookie();
	assert_int_equal(end(c, two, &d), 1);
	assert_string_equal(d.to, "/account");
}

static void
the_state_of_another_browser_does_not_count(void **state)
{
	const char *s, *c, *other;
	struct detour d;
	char *bad;

	(void)state;
	s = begin("", "/account", 5, &c);
	(void)begin("", "/account", 5, &other);
	assert_int_equal(end(other, s, &d), 0);
	assert_int_equal(end("", s, &d), 0);
	assert_int_equal(end("x", s, &d), 0);
	for (size_t i = 0; i < strlen(s); i++) {
		bad = arena_str(fx.a, s);
		bad[i] = bad[i] == '1' ? '2' : '1';
		assert_int_equal(end(c, bad, &d), 0);
		bad[i] = '\0';
		assert_int_equal(end(c, bad, &d), 0);
	}
	assert_int_equal(end(c, arena_printf(fx.a, "%s1", s), &d), 0);
	assert_int_equal(end(c, arena_printf(fx.a, "%0500d", 0), &d), 0);
	assert_int_equal(end(c, s, &d), 1);
}

static void
a_state_lasts_for_an_hour(void **state)
{
	const char *s, *c;
	struct detour d;

	(void)state;
	s = begin("", "/account", 0, &c);
	request(c)->now = NOW + 3600;
	assert_int_equal(detour_end(&fx.rq, s, &d), 1);
	request(c)->now = NOW + 3601;
	assert_int_equal(detour_end(&fx.rq, s, &d), 0);
	request(c)->now = NOW - 6;
	assert_int_equal(detour_end(&fx.rq, s, &d), 0);
}

/* RFC 6265 section 6.1: a browser keeps 4096 bytes. */
static void
a_cookie_stays_short(void **state)
{
	const char *first, *c = "", *s = NULL;
	char *to = arena_printf(fx.a, "/account?%0700d", 0);
	struct detour d;

	(void)state;
	first = begin(c, to, 0, &c);
	for (int i = 0; i < 9; i++) {
		s = begin(c, to, 0, &c);
		assert_true(strlen(c) <= 2048);
	}
	assert_int_equal(end(c, s, &d), 1);
	assert_string_equal(d.to, to);
	assert_int_equal(end(c, first, &d), 1); /* whose way is forgotten */
	assert_string_equal(d.to, "/account");
	assert_non_null(begin(c, arena_printf(fx.a, "/account?%03400d", 0), 0, &c));
	assert_true(strlen(c) < 3700);
	assert_null(begin(c, arena_printf(fx.a, "/account?%03600d", 0), 0, &c));
	assert_null(c);
}

static void
a_way_that_leads_elsewhere_leads_to_the_account(void **state)
{
	const char *s, *c;
	struct detour d;

	(void)state;
	s = begin("", "//evil.example/", 0, &c);
	assert_int_equal(end(c, s, &d), 1);
	assert_string_equal(d.to, "/account");
}

#define TEST(name) TEST_IN(name, fixture_bare)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_browser_comes_back_to_where_it_was_going),
		TEST(two_tabs_have_ways_of_their_own),
		TEST(the_state_of_another_browser_does_not_count),
		TEST(a_state_lasts_for_an_hour),
		TEST(a_cookie_stays_short),
		TEST(a_way_that_leads_elsewhere_leads_to_the_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
