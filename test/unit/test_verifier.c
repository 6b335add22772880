/* test_verifier.c: a program of the site's says whether a password is right. */
#include "fixture.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "porter.h"
#include "record.h"
#include "verifier.h"

#define NOBODY 65534

/* It answers one question, and keeps it. */
static struct {
	int listener;
	char asked[1024];
	ssize_t n;
	const char *answer;
	size_t len;
	pthread_t thread;
} server;

static void *
serve(void *unused)
{
	const int c = accept(server.listener, NULL, NULL);
	ssize_t n;

	/* It comes in one piece, or whole in a few. */
	do {
		n = recv(c, server.asked + server.n,
		    sizeof(server.asked) - (size_t)server.n, 0);
		server.n += n > 0 ? n : 0;
	} while (n > 0 && server.asked[server.n - 1] != '\n' && server.n < 19);
	(void)!write(c, server.answer, server.len);
	close(c);
	return unused;
}

static const char *
listen_at(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const char *path = fixture_file(name);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	server.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(server.listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(server.listener, 4), 0);
	return path;
}

static void
answer_with(const char *answer, size_t len)
{
	server.answer = answer;
	server.len = len;
	server.n = 0;
	memset(server.asked, 0, sizeof(server.asked));
	assert_int_equal(
	    pthread_create(&server.thread, NULL, serve, NULL), 0);
}

/* Ask at the address, which has an answer waiting, by a porter of its own if so. */
static int
ask(const char *address, int by_porter, struct record *said)
{
	struct verifier *v = verifier_new(address, NULL);
	int rc;

	if (by_porter)
		verifier_begin(v);
	rc = verifier_ask(v, fx.a, "ada", "a \"word\"", said);
	assert_int_equal(v->porter >= 0, by_porter);
	verifier_free(v);
	pthread_join(server.thread, NULL);
	return rc;
}

static void
a_path_is_whole_and_fits(void **state)
{
	const char *full = "unix:/" /* 107 bytes and a NUL are all that fit */
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

	(void)state;
	assert_string_equal(verifier_path("unix:/run/x"), "/run/x");
	assert_string_equal(verifier_path("saslauthd:/run/x"), "/run/x");
	assert_null(verifier_path("/run/x"));
	assert_null(verifier_path("unix:run/x"));
	assert_null(verifier_path("tcp:/run/x"));
	assert_int_equal(strlen(full), strlen("unix:") + 107);
	assert_non_null(verifier_path(full));
	assert_null(verifier_path(arena_printf(fx.a, "%sx", full)));
}

static void
an_owner_is_a_name_or_a_number(void **state)
{
	uid_t uid;

	(void)state;
	assert_int_equal(verifier_owner("1234", &uid), 0);
	assert_int_equal(uid, 1234);
	assert_int_equal(verifier_owner("root", &uid), 0);
	assert_int_equal(uid, 0);
	assert_int_equal(verifier_owner("daemon", &uid), 0);
	assert_int_equal(uid, 1);
	assert_int_equal(verifier_owner("no such user", &uid), -1);
	assert_int_equal(verifier_owner("", &uid), -1);
	assert_int_equal(verifier_owner("99999999999999999999", &uid), -1);
}

/* doc/users.md, A daemon of your own; also by a porter. */
static void
a_line_goes_each_way(void **state)
{
	static const char yes[] = "{\"ok\":true,\"sub\":17}\nmore";
	static const char no[] = "{\"ok\":false,\"sub\":\"17\"}";
	const char *path = listen_at("sock");
	struct record said;

	(void)state;
	for (int by_porter = 0; by_porter < 2; by_porter++) {
		answer_with(yes, strlen(yes));
		assert_int_equal(ask(arena_printf(fx.a, "unix:%s", path),
				     by_porter, &said), 1);
		assert_string_equal(server.asked,
		    "{\"login\":\"ada\",\"password\":\"a \\\"word\\\"\"}\n");
		assert_string_equal(record_get(&said, "sub"), "17");
	}
	answer_with(no, strlen(no));
	assert_int_equal(
	    ask(arena_printf(fx.a, "unix:%s", path), 0, &said), 0);
	assert_null(record_get(&said, "sub"));
	assert_string_equal(fx.log, "");
	close(server.listener);
}

/* saslauthd(8): four strings, each with its length in two bytes, and one back. */
static void
strings_are_counted(void **state)
{
	static const char asked[] =
	    "\0\3ada\0\10a \"word\"\0\6carnet\0\0";
	const char *path = listen_at("sock");
	struct record said;

	(void)state;
	answer_with("\0\2OK", 4);
	assert_int_equal(
	    ask(arena_printf(fx.a, "saslauthd:%s", path), 1, &said), 1);
	assert_int_equal(server.n, sizeof(asked) - 1);
	assert_memory_equal(server.asked, asked, sizeof(asked) - 1);
	answer_with("\0\7NO such", 9);
	assert_int_equal(
	    ask(arena_printf(fx.a, "saslauthd:%s", path), 0, &said), 0);
	answer_with("\0\7OKAY so", 9);
	assert_int_equal(
	    ask(arena_printf(fx.a, "saslauthd:%s", path), 0, &said), -1);
	assert_non_null(strstr(fx.log, "neither OK nor NO"));
	close(server.listener);
}

static void
a_socket_of_another_user_is_not_asked(void **state)
{
	const char *path = listen_at("sock");
	const char *address = arena_printf(fx.a, "unix:%s", path);
	struct verifier *v = verifier_new(address, NULL);
	struct record said;

	(void)state;
	assert_true(verifier_is_trusted(v, 0));
	assert_true(verifier_is_trusted(v, geteuid()));
	assert_false(verifier_is_trusted(v, NOBODY));
	v->owner = NOBODY;
	assert_true(verifier_is_trusted(v, NOBODY));
	v->owner = 0;
	if (geteuid() == 0) {
		assert_int_equal(chown(path, NOBODY, (gid_t)-1), 0);
		assert_int_equal(
		    verifier_ask(v, fx.a, "ada", "word", &said), -1);
		assert_non_null(strstr(fx.log, "owned by user 65534"));
	}
	verifier_free(v);
	close(server.listener);
}

static void
a_link_is_not_followed(void **state)
{
	const char *path = listen_at("real"), *link = fixture_file("sock");
	struct verifier *v;
	struct record said;

	(void)state;
	assert_int_equal(symlink(path, link), 0);
	v = verifier_new(arena_printf(fx.a, "unix:%s", link), NULL);
	verifier_begin(v);
	assert_int_equal(verifier_ask(v, fx.a, "ada", "word", &said), -1);
	assert_non_null(strstr(fx.log, "a symbolic link"));
	verifier_free(v);
	close(server.listener);
}

/* What a process began with is settled: process.c. */
static void
it_knows_what_it_was_made_from(void **state)
{
	struct verifier *v = verifier_new("unix:/x", NULL);

	(void)state;
	assert_true(verifier_is(v, "unix:/x", NULL));
	assert_false(verifier_is(v, "unix:/y", NULL));
	assert_false(verifier_is(v, "unix:/x", "root"));
	verifier_free(v);
	v = verifier_new("unix:/x", "root");
	assert_true(verifier_is(v, "unix:/x", "root"));
	assert_false(verifier_is(v, "unix:/x", "daemon"));
	assert_false(verifier_is(NULL, "unix:/x", "root"));
	verifier_free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN(a_path_is_whole_and_fits, fixture_dir),
		TEST_IN(an_owner_is_a_name_or_a_number, fixture_dir),
		TEST_IN(a_line_goes_each_way, fixture_dir),
		TEST_IN(strings_are_counted, fixture_dir),
		TEST_IN(a_socket_of_another_user_is_not_asked, fixture_dir),
		TEST_IN(a_link_is_not_followed, fixture_dir),
		TEST_IN(it_knows_what_it_was_made_from, fixture_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
