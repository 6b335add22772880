/* test_confine.c: a program can open only what its configuration names. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "confine.h"
#include "req.h"

#define NO_LANDLOCK 77
#define ALL (USES_STORE | USES_KEYS | USES_PAGES | USES_SIGNING)

/* It takes the place of carnet.conf in the directory of the test. */
static struct conf *
parse(const char *text)
{
	char error[256] = "";
	struct conf *cf = conf_parse(arena_printf(fx.a,
					 "issuer = https://a.example\n%s", text),
	    fixture_file("carnet.conf"), error, sizeof(error));

	if (cf == NULL)
		fprintf(stderr, "%s\n", error);
	return cf;
}

/* Does the configuration text need a directory that c does not have? */
static int
out_of(struct confined *c, const char *text)
{
	struct conf *cf = parse(text);
	int is_out = cf == NULL || confined_from(c, cf, ALL) != NULL;

	conf_free(cf);
	return is_out;
}

static int
can_open(const char *name, int flags)
{
	int fd = open(fixture_file(name), flags | O_CLOEXEC, 0600);

	return fd >= 0 && close(fd) == 0;
}

/* Run it in a process of its own; it returns what check failed, or 0. */
static void
alone(int (*run)(void))
{
	static const char *const dirs[] = { "data", "keys", "keys/verify",
		"other", "pages" };
	static const char *const files[] = { "other/file", "keys/ES256.pem",
		"keys/verify/seal.key" };
	int status;
	pid_t pid;
	FILE *f;

	for (size_t i = 0; i < N(dirs); i++)
		assert_int_equal(mkdir(fixture_file(dirs[i]), 0700), 0);
	for (size_t i = 0; i < N(files); i++) {
		assert_non_null(f = fopen(fixture_file(files[i]), "w"));
		fclose(f);
	}
	fflush(NULL);
	if ((pid = fork()) == 0)
		_exit(run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_LANDLOCK) {
		print_message("no Landlock here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define PLACES "database = data/carnet.db\nkeys = keys\n"

static int
opens_what_is_named(void)
{
	if (confine_files(parse(PLACES "templates = pages\n"), ALL, 0) == NULL)
		return NO_LANDLOCK;
	if (!can_open("data/carnet.db-wal", O_RDWR | O_CREAT))
		return 1;
	if (!can_open("keys", O_RDONLY) || !can_open("pages", O_RDONLY))
		return 2;
	if (!can_open("carnet.conf", O_RDONLY) && errno != ENOENT)
		return 3;
	/* Beside the configuration nothing is written. */
	if (can_open("new", O_RDWR | O_CREAT) || errno != EACCES)
		return 4;
	if (can_open("keys/new", O_RDWR | O_CREAT) || errno != EACCES)
		return 5;
	return open("/etc/passwd", O_RDONLY) >= 0 ? 6 : 0;
}

/* carnet.conf in a directory of its own: by it nothing else can be read. */
static struct conf *
parse_apart(void)
{
	char error[256] = "";

	return conf_parse(arena_printf(fx.a,
			      "issuer = https://a.example\ndatabase = %s\n"
			      "keys = %s\ntemplates = %s\n",
			      fixture_file("data/carnet.db"), fixture_file("keys"),
			      fixture_file("pages")),
	    fixture_file("other/carnet.conf"), error, sizeof(error));
}

static int
is_shut(const char *name, int flags)
{
	return !can_open(name, flags) && errno == EACCES;
}

static int
uses_nothing(void)
{
	if (confine_files(parse_apart(), 0, 0) == NULL)
		return NO_LANDLOCK;
	if (!can_open("other/file", O_RDONLY) || can_open("other/file", O_RDWR))
		return 1;
	return is_shut("data", O_RDONLY) && is_shut("keys", O_RDONLY) &&
		is_shut("pages", O_RDONLY) &&
		is_shut("data/carnet.db", O_RDWR | O_CREAT)
	    ? 0
	    : 2;
}

static int
uses_the_keys(void)
{
	if (confine_files(parse_apart(), USES_KEYS, 0) == NULL)
		return NO_LANDLOCK;
	return can_open("keys/verify", O_RDONLY) &&
		can_open("keys/verify/seal.key", O_RDONLY) &&
		is_shut("keys/verify/new", O_RDWR | O_CREAT) &&
		is_shut("keys", O_RDONLY) &&
		is_shut("keys/ES256.pem", O_RDONLY) &&
		is_shut("data", O_RDONLY) && is_shut("pages", O_RDONLY)
	    ? 0
	    : 1;
}

static int
uses_the_private_keys(void)
{
	if (confine_files(parse_apart(), USES_SIGNING, 0) == NULL)
		return NO_LANDLOCK;
	return can_open("keys", O_RDONLY) &&
		can_open("keys/ES256.pem", O_RDONLY) &&
		can_open("keys/verify/seal.key", O_RDONLY) &&
		is_shut("keys/new", O_RDWR | O_CREAT) &&
		is_shut("data", O_RDONLY) && is_shut("pages", O_RDONLY)
	    ? 0
	    : 1;
}

/* The keys are below the directory of carnet.conf, and stay closed. */
static int
has_a_porter(void)
{
	if (confine_files(parse(PLACES), USES_KEYS, 1) == NULL)
		return NO_LANDLOCK;
	return can_open("keys/verify/seal.key", O_RDONLY) &&
		is_shut("keys/ES256.pem", O_RDONLY) &&
		is_shut("other/file", O_RDONLY) && is_shut("data", O_RDONLY)
	    ? 0
	    : 1;
}

static int
uses_the_store(void)
{
	if (confine_files(parse_apart(), USES_STORE, 0) == NULL)
		return NO_LANDLOCK;
	return can_open("data/carnet.db", O_RDWR | O_CREAT) &&
		is_shut("keys", O_RDONLY) && is_shut("pages", O_RDONLY)
	    ? 0
	    : 1;
}

static int
knows_what_it_has_not(void)
{
	struct confined *c = confine_files(parse(PLACES), ALL, 0);

	if (c == NULL)
		return NO_LANDLOCK;
	if (out_of(c, PLACES "access_ttl = 1h\n"))
		return 1;
	if (out_of(c, PLACES "templates = pages\n")) /* beside carnet.conf */
		return 2;
	if (out_of(c, "database = data/other.db\nkeys = other\n"))
		return 3;
	if (!out_of(c, "database = other/carnet.db\nkeys = keys\n"))
		return 4;
	if (!out_of(c, PLACES "templates = /etc\n"))
		return 5;
	if (!out_of(c, PLACES "audit_log = other/audit.log\n"))
		return 6;
	if (!out_of(c, PLACES "templates = pages/../../etc\n"))
		return 7;
	return out_of(c, "database = data/../other/carnet.db\nkeys = keys\n")
	    ? 0
	    : 8;
}

/*
 * A database that is a link: SQLite keeps its log where the link leads.  The
 * same for a file of the audit trail.
 */
static int
follows_a_link(void)
{
	const char *link = fixture_file("data/carnet.db");

	if (symlink("../other/carnet.db", link) != 0 ||
	    !can_open("other/carnet.db", O_RDWR | O_CREAT))
		return 1;
	if (mkdir(fixture_file("logs"), 0700) != 0 ||
	    symlink("../logs/strangers",
		fixture_file("data/audit.log.strangers")) != 0 ||
	    !can_open("logs/strangers", O_RDWR | O_CREAT))
		return 4;
	if (confine_files(parse(PLACES), ALL, 0) == NULL)
		return NO_LANDLOCK;
	if (!can_open("data/audit.log.strangers", O_RDWR))
		return 5;
	if (!can_open("other/carnet.db-wal", O_RDWR | O_CREAT))
		return 2;
	return can_open("data/audit.log", O_RDWR | O_CREAT) ? 0 : 3;
}

/* A sandbox made now would close a directory that is made later. */
static int
waits_for_what_is_missing(void)
{
	if (confine_files(parse(PLACES "audit_log = later/a\n"), ALL, 0) != NULL ||
	    !can_open("new", O_RDWR | O_CREAT))
		return 1;
	if (mkdir(fixture_file("later"), 0700) != 0)
		return 2;
	return confine_files(parse(PLACES "audit_log = later/a\n"), ALL, 0) == NULL
	    ? NO_LANDLOCK
	    : 0;
}

static void
what_the_configuration_names_is_open(void **state)
{
	(void)state;
	alone(opens_what_is_named);
}

static void
what_a_program_does_not_use_is_shut(void **state)
{
	(void)state;
	alone(uses_nothing);
}

static void
who_verifies_has_no_private_key(void **state)
{
	(void)state;
	alone(uses_the_keys);
}

static void
with_a_porter_what_is_beside_the_file_is_shut(void **state)
{
	(void)state;
	alone(has_a_porter);
}

/* If a site's files are below the directory, no program may read it. */
static void
when_a_porter_is_needed(void **state)
{
	struct conf *beside = parse(PLACES), *apart;
	FILE *f;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
		    mkdir(fixture_file(i == 0 ? "data" : "other"), 0700), 0);
	apart = parse_apart();
	assert_non_null(f = fopen(apart->path, "w"));
	fclose(f);
	assert_int_equal(confine_needs_porter(beside), 1);
	assert_int_equal(mkdir(fixture_file("keys"), 0700), 0);
	assert_int_equal(confine_needs_porter(beside), 1);
	assert_int_equal(confine_needs_porter(apart), 0);
	apart->audit_log = fixture_file("other/audit.log");
	assert_int_equal(confine_needs_porter(apart), 1);
	conf_free(beside);
	conf_free(apart);
}

static void
keys_alone_can_be_used(void **state)
{
	(void)state;
	alone(uses_the_private_keys);
}

static void
the_database_alone_can_be_used(void **state)
{
	(void)state;
	alone(uses_the_store);
}

/* The documents read the database only to find whose scripts may read them. */
static void
what_is_used_depends_on_the_configuration(void **state)
{
	const struct endpoint documents = { .cors = 1 }, pages = { .uses = 4 };
	struct conf *cf = parse(""), *named = parse("cors_origins =\n");

	(void)state;
	assert_int_equal(confine_uses(&documents, cf), USES_LOOKUP);
	assert_int_equal(confine_uses(&documents, named), 0);
	assert_int_equal(confine_uses(&pages, cf), USES_PAGES);
	conf_free(cf);
	conf_free(named);
}

static void
another_configuration_may_need_more(void **state)
{
	(void)state;
	alone(knows_what_it_has_not);
}

static void
where_a_link_leads_is_open_too(void **state)
{
	(void)state;
	alone(follows_a_link);
}

static void
until_all_is_there_nothing_is_shut(void **state)
{
	(void)state;
	alone(waits_for_what_is_missing);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN(what_the_configuration_names_is_open, fixture_dir),
		TEST_IN(what_a_program_does_not_use_is_shut, fixture_dir),
		TEST_IN(who_verifies_has_no_private_key, fixture_dir),
		TEST_IN(keys_alone_can_be_used, fixture_dir),
		TEST_IN(with_a_porter_what_is_beside_the_file_is_shut, fixture_dir),
		TEST_IN(when_a_porter_is_needed, fixture_dir),
		TEST_IN(the_database_alone_can_be_used, fixture_dir),
		TEST_IN(what_is_used_depends_on_the_configuration, fixture_dir),
		TEST_IN(another_configuration_may_need_more, fixture_dir),
		TEST_IN(where_a_link_leads_is_open_too, fixture_dir),
		TEST_IN(until_all_is_there_nothing_is_shut, fixture_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
