/*
 * test_changes.c: what changes an answer of the guard is counted before anybody can
 * see it (doc/guard.md, What is remembered).
 */
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <strings.h>
#include <sys/wait.h>
#include <time.h>

#include "db.h"
#include "query.h"
#include "store_changes.h"

/* ---- The table of statements ---- */

/*
 * Statements that change what the guard reads, and no answer of its: a row that is
 * deleted because it is expired or revoked was refused before; when a token was used
 * last is a fact for its owner.
 */
static const enum sql harmless[] = { SQL_PURGE_ACCESS_DELETE,
	SQL_PERSONAL_USED };

static int
is_harmless(enum sql which)
{
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (harmless[i] == which)
			return 1;
	return 0;
}

/* Does text have the word, with no letter before or after it? */
static int
has_word(const char *text, const char *word, size_t n)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		if ((at == text || strchr(letters, at[-1]) == NULL) &&
		    (at[n] == '\0' || strchr(letters, at[n]) == NULL))
			return 1;
	return 0;
}

/* The table behind these words, and its name in the statement that the guard reads. */
static const struct {
	const char *table;
	char alias;
} read_tables[] = { { "oauth_access_tokens", 't' }, { "oauth_clients", 'c' },
	{ "users", 'u' } };

/* Does the guard read the column of the table? */
static int
is_read(char alias, const char *column, size_t n)
{
	char name[80];

	snprintf(name, sizeof(name), "%c.%.*s", alias, (int)n, column);
	return has_word(sql_table[SQL_ACCESS_FIND].text, name, strlen(name));
}

/* Does a list "a = 1, b = 2 WHERE ..." set a column that the guard reads? */
static int
sets_one(char alias, const char *list)
{
	size_t n;
	int depth = 0;

	while (*list != '\0' && strncmp(list, "WHERE", 5) != 0) {
		n = strspn(list, "abcdefghijklmnopqrstuvwxyz_");
		if (depth == 0 && n > 0 && strncmp(list + n, " = ", 3) == 0 &&
		    is_read(alias, list, n))
			return 1;
		list += n;
		depth += *list == '(' ? 1 : *list == ')' ? -1 : 0;
		list += *list != '\0';
	}
	return 0;
}

static int
changes_what_is_read(const char *text)
{
	char head[64];

	for (size_t i = 0; i < sizeof(read_tables) / sizeof(read_tables[0]); i++) {
		snprintf(head, sizeof(head), "DELETE FROM %s ",
		    read_tables[i].table);
		if (strncmp(text, head, strlen(head)) == 0)
			return 1;
		snprintf(head, sizeof(head), "UPDATE %s SET ",
		    read_tables[i].table);
		if (strncmp(text, head, strlen(head)) == 0)
			return sets_one(read_tables[i].alias,
			    text + strlen(head));
		snprintf(head, sizeof(head), "INSERT INTO %s ",
		    read_tables[i].table);
		if (strncmp(text, head, strlen(head)) == 0)
			return strstr(text, "DO UPDATE") != NULL;
	}
	return 0;
}

/* A new statement that revokes something cannot be forgotten. */
static void
each_statement_that_changes_what_the_guard_reads_says_so(void **state)
{
	int found = 0;

	(void)state;
	for (int i = 0; i < SQL_COUNT; i++) {
		const int changes = changes_what_is_read(sql_table[i].text);

		found += changes;
		if (sql_table[i].guarded !=
		    (unsigned)(changes && !is_harmless((enum sql)i)))
			fail_msg("guarded is %u of: %.70s",
			    (unsigned)sql_table[i].guarded, sql_table[i].text);
	}
	assert_true(found > 15);
	/* The guard reads no other table. */
	for (const char *at = sql_table[SQL_ACCESS_FIND].text;
	     (at = strpbrk(at, "FJ")) != NULL; at++)
		if (strncmp(at, "FROM ", 5) == 0 || strncmp(at, "JOIN ", 5) == 0)
			assert_true(strncmp(at + 5, "oauth_access_tokens t", 21) == 0 ||
			    strncmp(at + 5, "oauth_clients c", 15) == 0 ||
			    strncmp(at + 5, "users u", 7) == 0);
}

/* The parser above sees what is meant. */
static void
a_statement_is_read_by_its_columns(void **state)
{
	(void)state;
	assert_true(changes_what_is_read(
	    "UPDATE users SET name = ?1, disabled_at = ?2 WHERE id = ?3"));
	assert_false(changes_what_is_read(
	    "UPDATE users SET password = ?1, credential = (SELECT max(scope)"
	    " FROM users o WHERE scope = ?2) WHERE scope = ?3"));
	assert_true(changes_what_is_read("DELETE FROM oauth_clients WHERE 1"));
	assert_false(changes_what_is_read("DELETE FROM oauth_codes WHERE 1"));
	assert_true(changes_what_is_read("INSERT INTO users (id) VALUES (1)"
	    " ON CONFLICT (id) DO UPDATE SET scope = ?1"));
	assert_false(changes_what_is_read("INSERT INTO users (id) VALUES (1)"));
}

/* ---- The count ---- */

static int
setup(void **state)
{
	return fixture_server(state);
}

static struct changes
count(void)
{
	struct store_changes ch;
	struct changes c;

	assert_int_equal(store_changes(fx.st, &ch), 1);
	assert_int_equal(pread(ch.fd, &c, sizeof(c), 0), sizeof(c));
	return c;
}

static void
is_count(int64_t begun, int64_t ended)
{
	const struct changes c = count();

	assert_int_equal(c.begun, begun);
	assert_int_equal(c.ended, ended);
}

static int
find_nothing(struct store *st, void *ctx)
{
	return store_user_set_disabled(st, *(int64_t *)ctx, 0);
}

static void
only_what_the_guard_reads_is_counted(void **state)
{
	struct user *u = fixture_user("ann@example.org", "hash", NULL);
	int64_t nobody = 77;

	(void)state;
	is_count(0, 0);
	assert_int_equal(store_user_set_password(fx.st, u->id, NULL, "h"), 1);
	is_count(0, 0);
	assert_int_equal(store_user_set_disabled(fx.st, u->id, NOW), 1);
	is_count(1, 1);
	/* Nothing was found, and nothing changed. */
	assert_int_equal(store_write(fx.st, find_nothing, &nobody), 0);
	is_count(1, 1);
}

static int
disable_and_fail(struct store *st, void *ctx)
{
	assert_int_equal(store_user_set_disabled(st, *(int64_t *)ctx, NOW), 1);
	return -1;
}

static void
what_was_undone_is_not_counted(void **state)
{
	struct user *u = fixture_user("ann@example.org", "hash", NULL);

	(void)state;
	assert_int_equal(store_write(fx.st, disable_and_fail, &u->id), -1);
	is_count(0, 0);
}

/* The numbers as they are when others see the commit, and it is not yet answered. */
static struct changes at_commit;
static int64_t disabled_at_commit;

static int
look_at_commit(void *ctx, sqlite3 *db, const char *name, int pages)
{
	(void)ctx;
	(void)db;
	(void)name;
	(void)pages;
	at_commit = count();
	disabled_at_commit =
	    fixture_sql("SELECT count(*) FROM users WHERE disabled_at > 0");
	return SQLITE_OK;
}

/* Who asks while it is under way does not remember the answer. */
static void
a_change_has_begun_before_it_is_seen(void **state)
{
	struct user *u = fixture_user("ann@example.org", "hash", NULL);

	(void)state;
	is_count(0, 0);
	sqlite3_wal_hook(fx.st->own->handle, look_at_commit, NULL);
	assert_int_equal(store_user_set_disabled(fx.st, u->id, NOW), 1);
	assert_int_equal(disabled_at_commit, 1);
	assert_int_equal(at_commit.begun, 1);
	assert_int_equal(at_commit.ended, 0);
	is_count(1, 1);
}

static int
die_at_commit(void *ctx, sqlite3 *db, const char *name, int pages)
{
	(void)ctx;
	(void)db;
	(void)name;
	(void)pages;
	raise(SIGKILL);
	return SQLITE_OK;
}

/* Until another transaction is over, nobody remembers anything. */
static void
a_process_that_is_killed_leaves_the_change_begun(void **state)
{
	struct user *u = fixture_user("ann@example.org", "hash", NULL);
	struct store *st;
	pid_t pid;
	int status;

	(void)state;
	is_count(0, 0);
	store_close(fx.st);
	fx.st = NULL;
	if ((pid = fork()) == 0) {
		st = store_open(fx.path, 0);
		sqlite3_wal_hook(st->own->handle, die_at_commit, NULL);
		(void)store_user_set_disabled(st, u->id, NOW);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	fx.pr.st = fx.st = store_open(fx.path, 0);
	is_count(1, 0);
	assert_int_equal(
	    fixture_sql("SELECT count(*) FROM users WHERE disabled_at > 0"), 1);
	fixture_user("bob@example.org", "hash", NULL);
	assert_int_equal(store_user_set_password(fx.st, u->id, NULL, "h"), 1);
	is_count(1, 1);
}

/* ---- The file ---- */

static const char *
file(void)
{
	return fixture_file("carnet.db-changes");
}

static void
is_refused(void)
{
	struct store_changes ch;

	assert_int_equal(store_changes(fx.st, &ch), 0);
}

static void
the_file_is_private(void **state)
{
	struct stat sb;

	(void)state;
	is_count(0, 0);
	assert_int_equal(stat(file(), &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0600);
}

static void
a_link_is_no_file_of_ours(void **state)
{
	struct user *u = fixture_user("ann@example.org", "hash", NULL);
	struct timespec before, after;

	(void)state;
	close(open(fixture_file("other"), O_CREAT | O_RDWR, 0600));
	assert_int_equal(symlink(fixture_file("other"), file()), 0);
	is_refused();
	/* Nobody can be told, so it is not answered before nobody remembers. */
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(store_user_set_disabled(fx.st, u->id, NOW), 1);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true((after.tv_sec - before.tv_sec) * 1000 +
		(after.tv_nsec - before.tv_nsec) / 1000000 >= 999);
	assert_non_null(strstr(fx.log, "cannot be written"));
}

static void
a_file_that_others_may_write_is_none(void **state)
{
	(void)state;
	close(open(file(), O_CREAT | O_RDWR, 0600));
	assert_int_equal(chmod(file(), 0620), 0);
	is_refused();
	assert_int_equal(chmod(file(), 0600), 0);
	is_count(0, 0);
}

static void
a_file_of_another_user_is_none(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	close(open(file(), O_CREAT | O_RDWR, 0600));
	assert_int_equal(chown(file(), 65534, 65534), 0);
	is_refused();
}

static void
a_short_file_is_made_long(void **state)
{
	struct stat sb;

	(void)state;
	close(open(file(), O_CREAT | O_RDWR, 0600));
	is_count(0, 0);
	assert_int_equal(stat(file(), &sb), 0);
	assert_int_equal(sb.st_size, sizeof(struct changes));
}

/* Once a second a program looks whether the file is still there: process.c. */
static void
another_file_means_another_connection(void **state)
{
	(void)state;
	is_count(0, 0);
	assert_int_equal(store_is_gone(fx.st), 0);
	assert_int_equal(unlink(file()), 0);
	assert_int_equal(store_is_gone(fx.st), 1);
	close(open(file(), O_CREAT | O_RDWR, 0600));
	assert_int_equal(store_is_gone(fx.st), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_statement_that_changes_what_the_guard_reads_says_so),
		cmocka_unit_test(a_statement_is_read_by_its_columns),
		TEST_IN(only_what_the_guard_reads_is_counted, setup),
		TEST_IN(what_was_undone_is_not_counted, setup),
		TEST_IN(a_change_has_begun_before_it_is_seen, setup),
		TEST_IN(a_process_that_is_killed_leaves_the_change_begun, setup),
		TEST_IN(the_file_is_private, setup),
		TEST_IN(a_link_is_no_file_of_ours, setup),
		TEST_IN(a_file_that_others_may_write_is_none, setup),
		TEST_IN(a_file_of_another_user_is_none, setup),
		TEST_IN(a_short_file_is_made_long, setup),
		TEST_IN(another_file_means_another_connection, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
