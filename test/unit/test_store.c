/* test_store.c: the database: install, open, lock. */
#include "fixture.h"

#include "engine.h"
#include "store_fold.h"
#include "store_token.h"

static mode_t
mode_of(const char *path)
{
	struct stat sb;

	assert_int_equal(stat(path, &sb), 0);
	return sb.st_mode & 07777;
}

/*
 * The file has our mode from its first byte: SQLite gives it to the files
 * beside it.
 */
static void
a_new_database_is_readable_by_its_owner_alone(void **state)
{
	struct stat sb;

	(void)state;
	fixture_is_in_files();
	umask(0);
	assert_int_equal(store_install(fx.path), 1);
	assert_int_equal(mode_of(fx.path), 0600);
	assert_non_null(fx.st = store_open(fx.path, 1));
	assert_int_equal(store_begin(fx.st), 0);
	fixture_user("a@b.example", "x", NULL);
	assert_int_equal(store_commit(fx.st), 0);
	assert_int_equal(mode_of(fixture_file("carnet.db-wal")), 0600);
	assert_int_equal(stat(fixture_file("carnet.db-shm"), &sb), 0);
	umask(022);
}

static void
installing_again_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(store_install(fx.path), 1);
	assert_int_equal(store_install(fx.path), 0);
	assert_non_null(fx.st = store_open(fx.path, 0));
	fixture_user("a@b.example", "x", NULL);
	assert_int_equal(store_install(fx.path), 0);
	assert_int_equal(fixture_sql("SELECT count(*) FROM users"), 1);
	assert_string_equal(fx.log, "");
}

static void
a_database_of_another_version_is_refused(void **state)
{
	(void)state;
	fixture_is_in_files();
	assert_int_equal(store_install(fx.path), 1);
	fixture_sql("PRAGMA user_version = 99");
	assert_null(store_open(fx.path, 1));
	assert_non_null(strstr(fx.log, "it is newer than this program"));
	fixture_log();
	assert_int_equal(store_install(fx.path), -1);
	assert_non_null(strstr(fx.log, "version 99 is newer"));
	fixture_sql("PRAGMA user_version = 0");
	fixture_log();
	assert_null(store_open(fx.path, 1));
	assert_non_null(strstr(fx.log, "carnet install brings it up"));
}

static void
what_is_no_database_is_refused(void **state)
{
	FILE *f;

	(void)state;
	fixture_is_in_files();
	assert_null(store_open(fx.path, 1));
	assert_non_null(strstr(fx.log, "carnet install makes it"));
	assert_int_equal(access(fx.path, F_OK), -1); /* nor made by opening */
	assert_int_equal(store_install(fixture_file("no/such.db")), -1);
	f = fopen(fx.path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("no database ", f);
	fclose(f);
	assert_null(store_open(fx.path, 1));
	assert_int_equal(store_install(fx.path), -1);
}

/* doc/architecture.md, Storage: WAL, foreign keys, STRICT tables. */
static void
the_database_is_wal_with_foreign_keys_and_strict_tables(void **state)
{
	struct access_token t = { .id = fixture_id("t"),
		.client = 77,
		.scope = "",
		.created_at = NOW,
		.expires_at = NOW };

	(void)state;
	fixture_is_in_files();
	assert_int_equal(fixture_sql("SELECT journal_mode = 'wal'"
				     " FROM pragma_journal_mode"),
	    1);
	assert_int_equal(fixture_sql("SELECT count(*) FROM pragma_table_list"
				     " WHERE schema = 'main' AND NOT strict"
				     " AND name NOT LIKE 'sqlite_%'"),
	    0);
	assert_int_equal(store_access_add(fx.st, &t), -1);
	assert_non_null(strstr(fx.log, "FOREIGN KEY"));
	assert_int_equal(store_is_busy(fx.st), 0);
}

static void
what_is_rolled_back_was_never_there(void **state)
{
	(void)state;
	assert_int_equal(store_begin(fx.st), 0);
	fixture_user("a@b.example", "x", NULL);
	assert_int_equal(fixture_sql("SELECT count(*) FROM users"), 0);
	store_rollback(fx.st);
	assert_int_equal(fixture_sql("SELECT count(*) FROM users"), 0);
	store_rollback(fx.st); /* nothing to roll back: no error */
	assert_int_equal(store_begin(fx.st), 0);
	fixture_user("a@b.example", "x", NULL);
	assert_int_equal(store_commit(fx.st), 0);
	assert_int_equal(fixture_sql("SELECT count(*) FROM users"), 1);
	assert_int_equal(store_commit(fx.st), -1); /* nothing was begun */
	assert_string_not_equal(fx.log, "");
}

/* This test takes the five seconds of the busy timeout. */
static void
a_lock_held_by_another_makes_begin_fail_as_busy(void **state)
{
	struct user u;
	sqlite3 *other;

	(void)state;
	fixture_is_in_files();
	assert_int_equal(sqlite3_open(fx.path, &other), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(store_is_busy(fx.st), 0);
	assert_int_equal(store_begin(fx.st), -1);
	assert_int_equal(store_is_busy(fx.st), 1);
	assert_ptr_equal(oerr_machine(&fx.rq), &oerr_busy);
	/* Reading goes on meanwhile. */
	assert_int_equal(store_user_by_id(fx.st, fx.a, 1, &u), 0);
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	assert_int_equal(store_begin(fx.st), 0);
	assert_int_equal(store_commit(fx.st), 0);
}

static void
a_database_deleted_or_replaced_is_gone(void **state)
{
	(void)state;
	fixture_is_in_files();
	assert_int_equal(store_is_gone(fx.st), 0);
	assert_int_equal(rename(fx.path, fixture_file("old.db")), 0);
	assert_int_equal(store_is_gone(fx.st), 1);
	assert_int_equal(store_install(fx.path), 1);
	assert_int_equal(store_is_gone(fx.st), 1);
	store_close(NULL);
}

/* A program of the old version would write rows without the new columns. */
static void
a_database_of_another_version_is_gone(void **state)
{
	(void)state;
	fixture_is_in_files();
	assert_int_equal(store_is_gone(fx.st), 0);
	fixture_sql("PRAGMA user_version = 99");
	assert_int_equal(store_is_gone(fx.st), 1);
	assert_null(store_open(fx.path, 1));
}

/* The schema: tables and indexes, and the columns of each. */
static const char *
shape(void)
{
	static const char sql[] =
	    "SELECT group_concat(x, char(10)) FROM (SELECT m.name || ' ' ||"
	    " coalesce(group_concat(c.name || ' ' || c.type || c.\"notnull\" ||"
	    " c.pk), '') AS x FROM sqlite_master m, pragma_table_xinfo(m.name) c"
	    " WHERE m.name NOT LIKE 'sqlite%' GROUP BY m.name"
	    " UNION ALL SELECT name || ' ' || coalesce(sql, '') FROM"
	    " sqlite_master WHERE type = 'index' ORDER BY 1)";
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;
	const char *text;

	assert_int_equal(sqlite3_open(fx.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	text = arena_str(fx.a, (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	sqlite3_close(db);
	return text;
}

/* Versions that come after this one, made up. */
static const struct upgrade made_up[] = {
	[SCHEMA_VERSION] = { .script =
	    "ALTER TABLE users ADD COLUMN shoe_size INTEGER;"
	    " UPDATE users SET shoe_size = id + 40" },
	[SCHEMA_VERSION + 1] = { .script =
	    "CREATE TABLE shoes (size INTEGER PRIMARY KEY) STRICT;"
	    " INSERT INTO shoes SELECT shoe_size FROM users", .also = store_fold },
	[SCHEMA_VERSION + 2] = { .script = "INSERT INTO no_such_table VALUES (1)" },
};

/* Upgrade from one version to another, in a transaction. */
struct journey {
	int from, to;
};

static int
upgrade(struct store *st, void *ctx)
{
	const struct journey *j = ctx;

	return store_upgrade(st, j->from, j->to, made_up);
}

static int64_t
version(void)
{
	return fixture_sql("SELECT user_version FROM pragma_user_version");
}

/* The upgrades run one after the other, from any version; rows stay. */
static void
an_older_database_is_upgraded_step_by_step(void **state)
{
	const char *at_once;
	struct user u;

	(void)state;
	fixture_is_in_files();
	fixture_user("a@b.example", "x", NULL);
	assert_int_equal(version(), SCHEMA_VERSION);
	assert_int_equal(store_write(fx.st, upgrade, &(struct journey) {
		SCHEMA_VERSION, SCHEMA_VERSION + 1 }), 0);
	assert_int_equal(version(), SCHEMA_VERSION + 1);
	assert_int_equal(fixture_sql("SELECT shoe_size FROM users"), 41);
	assert_int_equal(fixture_sql("SELECT count(*) FROM sqlite_master"
		" WHERE name = 'shoes'"), 0);
	assert_int_equal(store_write(fx.st, upgrade, &(struct journey) {
		SCHEMA_VERSION + 1, SCHEMA_VERSION + 2 }), 0);
	assert_int_equal(version(), SCHEMA_VERSION + 2);
	assert_int_equal(fixture_sql("SELECT size FROM shoes"), 41);
	assert_int_equal(
	    store_user_by_email(fx.st, fx.a, "a@b.example", &u), 1);
	at_once = shape();
	store_close(fx.st);
	/* This program refuses the newer version, and does not change it. */
	assert_null(fx.st = store_open(fx.path, 1));
	assert_int_equal(store_install(fx.path), -1);
	assert_string_equal(shape(), at_once);
}

/* Both upgrades in one transaction give the same. */
static void
an_upgrade_over_two_versions_comes_to_the_same(void **state)
{
	const char *one_by_one;

	(void)state;
	fixture_is_in_files();
	fixture_user("a@b.example", "x", NULL);
	for (int v = SCHEMA_VERSION; v < SCHEMA_VERSION + 2; v++)
		assert_int_equal(store_write(fx.st, upgrade,
				     &(struct journey) { v, v + 1 }), 0);
	one_by_one = shape();
	store_close(fx.st);
	assert_int_equal(unlink(fx.path), 0);
	unlink(fixture_file("carnet.db-wal"));
	unlink(fixture_file("carnet.db-shm"));
	unlink(fixture_file("carnet.db-sync"));
	assert_int_equal(store_install(fx.path), 1);
	assert_non_null(fx.st = store_open(fx.path, 1));
	fixture_user("a@b.example", "x", NULL);
	assert_int_equal(store_write(fx.st, upgrade, &(struct journey) {
		SCHEMA_VERSION, SCHEMA_VERSION + 2 }), 0);
	assert_string_equal(shape(), one_by_one);
	assert_int_equal(version(), SCHEMA_VERSION + 2);
	assert_int_equal(fixture_sql("SELECT size FROM shoes"), 41);
}

/* All upgrades are done, or none. */
static void
an_upgrade_that_fails_changes_nothing(void **state)
{
	const char *before;

	(void)state;
	fixture_is_in_files();
	before = shape();
	assert_int_equal(store_write(fx.st, upgrade, &(struct journey) {
		SCHEMA_VERSION, SCHEMA_VERSION + 3 }), -1);
	assert_non_null(strstr(fx.log, "no_such_table"));
	assert_string_equal(shape(), before);
	assert_int_equal(version(), SCHEMA_VERSION);
}

/*
 * Addresses get the form that is compared now.  If two users would have the
 * same address, both stay as they are, and the log names them.
 */
static void
an_upgrade_folds_addresses_and_merges_nobody(void **state)
{
	struct user u;

	(void)state;
	fixture_is_in_files();
	fixture_sql("INSERT INTO users (email, name, password, created_at)"
	    " VALUES ('a@b.example', 'A', 'x', 1),"
	    " ('j\xc3\xb6rg@b\xc3\xbc" "cher.example', 'J', 'x', 1),"
	    " ('\xc3\x84@c.example', 'B', 'x', 1),"
	    " ('\xc3\xa4@c.example', 'C', 'x', 1),"
	    " ('\xe2\x99\xa5@c.example', 'D', 'x', 1)");
	assert_int_equal(store_write(fx.st, upgrade, &(struct journey) {
		SCHEMA_VERSION, SCHEMA_VERSION + 2 }), 0);
	assert_int_equal(store_user_by_email(fx.st, fx.a,
		"j\xc3\xb6rg@xn--bcher-kva.example", &u), 1);
	assert_int_equal(u.id, 2);
	assert_int_equal(store_user_by_email(fx.st, fx.a,
		"\xc3\xa4@c.example", &u), 1);
	assert_int_equal(u.id, 4);
	assert_int_equal(fixture_sql("SELECT count(*) FROM users"), 5);
	assert_non_null(strstr(fx.log, "user 3: "));
	assert_non_null(strstr(fx.log, "is the address of another user"));
	assert_non_null(strstr(fx.log, "user 5: "));
	assert_null(strstr(fx.log, "user 2: "));
	assert_null(strstr(fx.log, "user 4: "));
}

/*
 * SQLite keeps the text of each statement, and a plain CGI program reads all of
 * it.
 */
static void
no_comment_of_the_schema_is_kept(void **state)
{
	(void)state;
	fixture_is_in_files();
	assert_int_equal(fixture_sql("SELECT count(*) FROM sqlite_master"
		" WHERE sql LIKE 'CREATE TABLE%'") > 10, 1);
	assert_int_equal(fixture_sql("SELECT count(*) FROM sqlite_master"
		" WHERE sql LIKE '%--%' OR sql LIKE '%/*%'"), 0);
}

#define DIR(name) TEST_IN(name, fixture_dir)
#define TEST(name) TEST_IN(name, fixture_server)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DIR(a_new_database_is_readable_by_its_owner_alone),
		DIR(installing_again_changes_nothing),
		DIR(a_database_of_another_version_is_refused),
		DIR(what_is_no_database_is_refused),
		TEST(the_database_is_wal_with_foreign_keys_and_strict_tables),
		TEST(what_is_rolled_back_was_never_there),
		TEST(a_lock_held_by_another_makes_begin_fail_as_busy),
		TEST(a_database_deleted_or_replaced_is_gone),
		TEST(a_database_of_another_version_is_gone),
		TEST(an_older_database_is_upgraded_step_by_step),
		TEST(an_upgrade_over_two_versions_comes_to_the_same),
		TEST(an_upgrade_that_fails_changes_nothing),
		TEST(an_upgrade_folds_addresses_and_merges_nobody),
		TEST(no_comment_of_the_schema_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
