/* test_ticket.c: what a site says of who has signed in there, and its key. */
#include "fixture.h"

#include <fcntl.h>

#include "b64.h"
#include "keys_login.h"
#include "ticket.h"

#define ISSUER "https://auth.example"
#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define REST "\"aud\":\"" ISSUER "\",\"state\":\"S\",\"jti\":\"j\""
#define TIMES "\"iat\":1700000000,\"exp\":1700000060"

static struct login_keys keys;
static struct ticket got;

static int
setup(void **state)
{
	if (fixture_bare(state) < 0)
		return -1;
	keys.n = 1;
	memset(keys.key[0].byte, 7, DIGEST_LEN);
	return 0;
}

static const char *
encoded(const char *text)
{
	char *out = arena_alloc(fx.a, B64_LEN(strlen(text)) + 1);

	b64url_encode(text, strlen(text), out);
	return out;
}

/* A ticket with this header and these claims, signed with key. */
static const char *
ticket(const char *header, const char *claims, const struct digest *key)
{
	const char *text = arena_printf(
	    fx.a, "%s.%s", encoded(header), encoded(claims));
	char mac[B64_LEN(DIGEST_LEN) + 1];
	struct digest d;

	digest_seal(key, text, &d);
	b64url_encode(d.byte, DIGEST_LEN, mac);
	return arena_printf(fx.a, "%s.%s", text, mac);
}

static const char *
read_at(const char *text, int64_t now)
{
	return ticket_read(fx.a, text, &keys, ISSUER, now, &got);
}

/* The claims, but for braces; the reason why they do not count, or "". */
static const char *
why(const char *claims)
{
	const char *reason = read_at(ticket(HEADER,
	    arena_printf(fx.a, "{%s}", claims), &keys.key[0]), NOW);

	return reason == NULL ? "" : reason;
}

static void
it_says_who_has_signed_in(void **state)
{
	(void)state;
	assert_string_equal(why(REST "," TIMES
	    ",\"sub\":\"7\",\"email\":\"a@b\",\"email_verified\":true,"
	    "\"name\":\"Ada\",\"preferred_username\":\"ada\","
	    "\"groups\":[\"staff\",\"press\",\"two words\",\"\"],"
	    "\"claims\":{\"locale\":\"de\"},"
	    "\"auth_time\":1699999999,\"amr\":[\"pwd\",\"mfa\"]"), "");
	assert_string_equal(got.person.sub, "7");
	assert_string_equal(got.person.email, "a@b");
	assert_int_equal(got.person.email_verified, 1);
	assert_string_equal(got.person.name, "Ada");
	assert_string_equal(got.person.login, "ada");
	assert_string_equal(got.person.groups, "staff press");
	assert_string_equal(got.person.claims, "{\"locale\":\"de\"}");
	assert_string_equal(got.state, "S");
	assert_string_equal(got.jti, "j");
	assert_string_equal(got.amr, "pwd mfa");
	assert_int_equal(got.auth_time, NOW - 1);
	assert_int_equal(got.expires_at, NOW + 60);
	/* A number is an id, too; only true is true; a list of audiences. */
	assert_string_equal(why("\"aud\":[\"x\",\"" ISSUER "\"],\"state\":\"S\","
	    "\"jti\":\"j\",\"sub\":7,\"email_verified\":\"yes\"," TIMES), "");
	assert_string_equal(got.person.sub, "7");
	assert_null(got.amr);
	assert_string_equal(why(REST "," TIMES ",\"sub\":\"7\",\"amr\":\"p'\""), "");
	assert_null(got.amr);
	assert_string_equal(why(REST "," TIMES ",\"sub\":\"7\",\"amr\":[]"), "");
	assert_null(got.amr);
	assert_int_equal(got.person.email_verified, 0);
	assert_null(got.person.email);
	assert_int_equal(got.auth_time, 0);
}

/* RFC 7519 section 4.1.4; a clock may differ by five seconds. */
static void
its_times_are_held_to_the_second(void **state)
{
	const char *sub = ",\"sub\":\"7\"";
	const char *t = ticket(HEADER, arena_printf(fx.a, "{%s,%s%s}", REST,
	    TIMES, sub), &keys.key[0]);
	static const struct {
		const char *times, *why;
	} rows[] = {
		{ "\"iat\":1700000005,\"exp\":1700000065", "" },
		{ "\"iat\":1700000006,\"exp\":1700000066", "of the future" },
		{ "\"iat\":1700000000,\"exp\":1700000061", "exp is not" },
		{ "\"iat\":1700000000,\"exp\":1700000000", "exp is not" },
		{ "\"iat\":1700000000,\"exp\":8999999999999999", "exp is not" },
		{ "\"iat\":1700000000,\"exp\":9223372036854775807", "no iat" },
		{ "\"iat\":-9223372036854775807,\"exp\":1700000060", "no iat" },
		{ "\"exp\":1700000060", "no iat" },
		{ "\"iat\":1700000000", "no iat" },
		{ "\"iat\":\"1700000000\",\"exp\":1700000060", "no iat" },
		{ TIMES ",\"nbf\":1700000006", "of the future" },
		{ TIMES ",\"nbf\":\"x\"", "malformed nbf" },
		{ TIMES ",\"auth_time\":1700000006", "of the future" },
		{ TIMES ",\"auth_time\":-1", "malformed nbf" },
	};

	(void)state;
	assert_null(read_at(t, NOW + 64));
	assert_string_equal(read_at(t, NOW + 65), "expired 5 s ago by this clock");
	assert_int_equal(got.is_late, 1);
	assert_null(read_at(t, NOW - 5));
	assert_non_null(read_at(t, NOW - 6));
	assert_int_equal(got.is_late, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *is = why(arena_printf(
		    fx.a, "%s,%s%s", REST, rows[i].times, sub));

		if (*rows[i].why == '\0')
			assert_string_equal(is, "");
		else
			assert_non_null(strstr(is, rows[i].why));
	}
}

static void
what_it_must_say(void **state)
{
	static const struct {
		const char *claims, *why;
	} rows[] = {
		{ "\"aud\":\"" ISSUER "/\",\"state\":\"S\",\"jti\":\"j\"",
		    "aud is https://auth.example/, not the issuer" },
		{ "\"aud\":[],\"state\":\"S\",\"jti\":\"j\"", "aud is" },
		{ "\"aud\":[7,null,[\"" ISSUER "\"]],\"state\":\"S\"", "aud is" },
		{ "\"state\":\"S\",\"jti\":\"j\"", "no aud" },
		{ "\"aud\":\"" ISSUER "\",\"jti\":\"j\"", "no state" },
		{ "\"aud\":\"" ISSUER "\",\"state\":\"S\"", "no jti" },
		{ "\"aud\":\"" ISSUER "\",\"state\":\"S\",\"jti\":\"\"", "no jti" },
		{ "\"aud\":\"" ISSUER "\",\"state\":\"S\",\"jti\":7", "no jti" },
		{ REST ",\"jti\":\"k\"", "no JSON object" }, /* twice */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *is = why(arena_printf(
		    fx.a, "%s,\"sub\":\"7\",%s", rows[i].claims, TIMES));

		assert_non_null(strstr(is, rows[i].why));
	}
	assert_string_equal(why(REST "," TIMES), "no state or no sub");
	assert_string_equal(why(REST "," TIMES ",\"sub\":\"\""),
	    "no state or no sub");
	assert_string_equal(why(REST "," TIMES ",\"sub\":null"),
	    "no state or no sub");
	assert_string_equal(why(arena_printf(fx.a, "\"aud\":\"%s\",\"state\":"
	    "\"S\",\"jti\":\"%0256d\",\"sub\":\"7\",%s", ISSUER, 0, TIMES)),
	    "no jti of 1 to 255 bytes");
}

/* RFC 8725 section 3.1: the key decides the algorithm. */
static void
only_the_key_and_its_algorithm_count(void **state)
{
	static const char *const headers[] = { "{\"alg\":\"none\"}",
		"{\"alg\":\"HS512\"}", "{\"alg\":\"hs256\"}", "{\"alg\":\"ES256\"}",
		"{\"alg\":[\"HS256\"]}", "{}", "[]", "x",
		"{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
		"{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}" };
	const char *claims = "{" REST "," TIMES ",\"sub\":\"7\"}";
	const char *good = ticket(HEADER, claims, &keys.key[0]);
	struct digest other = keys.key[0];
	char *bad;

	(void)state;
	assert_null(read_at(good, NOW));
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		assert_non_null(
		    read_at(ticket(headers[i], claims, &keys.key[0]), NOW));
	other.byte[31] ^= 1;
	assert_string_equal(read_at(ticket(HEADER, claims, &other), NOW),
	    "not signed with login_key");
	/* No byte may be another one; nothing may be missing or added. */
	for (size_t i = 0; i < strlen(good); i++) {
		bad = arena_str(fx.a, good);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		assert_non_null(read_at(bad, NOW));
		bad[i] = '\0';
		assert_non_null(read_at(bad, NOW));
	}
	assert_non_null(read_at(arena_printf(fx.a, "%sA", good), NOW));
	assert_non_null(read_at(arena_printf(fx.a, "%s.", good), NOW));
	assert_non_null(read_at("", NOW));
	/* After a rotation either key counts. */
	keys.n = 2;
	keys.key[1] = other;
	assert_null(read_at(ticket(HEADER, claims, &other), NOW));
	assert_null(read_at(good, NOW));
}

static int
read_file(struct login_keys *out)
{
	const char *path = fixture_file("login.key");

	return keys_login_read(open(path, O_RDONLY), path, out);
}

static void
put(const char *text)
{
	FILE *f = fopen(fixture_file("login.key"), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
the_key_is_made_once_and_rotates(void **state)
{
	const char *path = fixture_file("login.key");
	struct login_keys a, b, c;
	struct stat sb;

	(void)state;
	assert_int_equal(read_file(&a), 0);
	assert_non_null(strstr(fx.log, "carnet keys login makes it"));
	assert_int_equal(keys_login_make(path, LOGIN_KEY_NEW), 1);
	assert_int_equal(stat(path, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0600);
	assert_int_equal(sb.st_size, SECRET_TEXT_LEN + 1);
	assert_int_equal(keys_login_make(path, LOGIN_KEY_NEW), 0);
	assert_int_equal(read_file(&a), 1);
	assert_int_equal(a.n, 1);
	assert_int_equal(keys_login_make(path, LOGIN_KEY_ROTATE), 1);
	assert_int_equal(read_file(&b), 1);
	assert_int_equal(b.n, 2);
	assert_true(digest_equal(&b.key[1], &a.key[0]));
	assert_false(digest_equal(&b.key[0], &a.key[0]));
	/* The next one ends the first. */
	assert_int_equal(keys_login_make(path, LOGIN_KEY_ROTATE), 1);
	assert_int_equal(read_file(&c), 1);
	assert_int_equal(c.n, 2);
	assert_true(digest_equal(&c.key[1], &b.key[0]));
	assert_int_equal(keys_login_make(path, LOGIN_KEY_FORCE), 1);
	assert_int_equal(read_file(&a), 1);
	assert_int_equal(a.n, 1);
	assert_int_equal(stat(path, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0600);
}

#define LINE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* 43 */

static void
a_file_that_has_no_key_is_told(void **state)
{
	static const char *const bad[] = { "", "\n", "short\n", LINE "A\n",
		LINE "\n" LINE "\n" LINE "\n", LINE " \n", "=" LINE "\n",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\n" };
	struct login_keys k;

	(void)state;
	put(LINE "\r\n" LINE);
	assert_int_equal(read_file(&k), 1);
	assert_int_equal(k.n, 2);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(bad[i]);
		fixture_log();
		assert_int_equal(read_file(&k), 0);
		assert_non_null(strstr(fx.log, "carnet keys login --force"));
	}
	put(arena_printf(fx.a, LINE "\n%300s", ""));
	assert_int_equal(read_file(&k), 0);
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_says_who_has_signed_in),
		TEST(its_times_are_held_to_the_second),
		TEST(what_it_must_say),
		TEST(only_the_key_and_its_algorithm_count),
		TEST(the_key_is_made_once_and_rotates),
		TEST(a_file_that_has_no_key_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
