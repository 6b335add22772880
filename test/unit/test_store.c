/* test_store.c: the database: install, open, lock. */
#include "fixture.h"
#include "store_code.h"
#include "store_consent.h"
#include "store_device.h"
#include "store_purge.h"
#include "store_token.h"

static mode_t
mode_of(const char *path)
{
	struct stat sb;

	assert_int_equal(stat(path, &sb), 0);
	return sb.st_mode & 07777;
}

/* Ours from its first byte: SQLite's files beside it take its mode. */
static void
a_new_database_is_readable_by_its_owner_alone(void **state)
{
	struct stat sb;

	(void)state;
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
	store_rollback(fx.st); /* none to roll back: fine */
	assert_int_equal(store_begin(fx.st), 0);
	fixture_user("a@b.example", "x", NULL);
	assert_int_equal(store_commit(fx.st), 0);
	assert_int_equal(fixture_sql("SELECT count(*) FROM users"), 1);
	assert_int_equal(store_commit(fx.st), -1); /* nothing begun */
	assert_string_not_equal(fx.log, "");
}

/* Takes the five seconds of the busy timeout; all other tests are quick. */
static void
a_lock_held_by_another_makes_begin_fail_as_busy(void **state)
{
	struct user u;
	sqlite3 *other;

	(void)state;
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
	assert_int_equal(store_is_gone(fx.st), 0);
	assert_int_equal(rename(fx.path, fixture_file("old.db")), 0);
	assert_int_equal(store_is_gone(fx.st), 1);
	assert_int_equal(store_install(fx.path), 1);
	assert_int_equal(store_is_gone(fx.st), 1);
	store_close(NULL);
}

/* A program of the old one would write rows without what the new one needs. */
static void
a_database_of_another_version_is_gone(void **state)
{
	(void)state;
	assert_int_equal(store_is_gone(fx.st), 0);
	fixture_sql("PRAGMA user_version = 99");
	assert_int_equal(store_is_gone(fx.st), 1);
	assert_null(store_open(fx.path, 1));
}

/* What there is: tables and indexes, and the columns of each. */
static const char *
shape(const char *path)
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

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	text = arena_str(fx.a, (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	sqlite3_close(db);
	return text;
}

/* Make the database of an older version, with these rows in it. */
static void
make_old(int version, const char *rows)
{
	const char *name = arena_printf(
	    fx.a, "test/unit/schema-%d.sql", version);
	char *sql = arena_alloc(fx.a, 1 << 16);
	sqlite3 *db = NULL;
	FILE *f;

	assert_non_null(f = fopen(name, "r"));
	assert_true(fread(sql, 1, (1 << 16) - 1, f) > 1000);
	fclose(f);
	assert_int_equal(sqlite3_open(fx.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sql = arena_printf(fx.a, "PRAGMA user_version = %d; PRAGMA"
	    " foreign_keys = ON; INSERT INTO users (email, name, password,"
	    " created_at) VALUES ('a@b.example', 'A', 'x', 1); INSERT INTO"
	    " oauth_clients (client_id, name, grants, redirect_uris,"
	    " created_at) VALUES ('c1', 'C', '', '', 1), ('c2', 'D', '', '',"
	    " 1); %s", version, rows);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static const char *
hex(const struct digest *d)
{
	char *text = arena_alloc(fx.a, 2 * DIGEST_LEN + 1);

	for (int i = 0; i < DIGEST_LEN; i++)
		snprintf(text + 2 * i, 3, "%02x", d->byte[i]);
	return text;
}

/* An older database becomes what a new one is, and keeps what it holds. */
static void
a_database_of_version_1_is_upgraded(void **state)
{
	const char *fresh = fixture_file("fresh.db");
	struct user u;

	(void)state;
	assert_int_equal(store_install(fresh), 1);
	make_old(1, "INSERT INTO sessions VALUES"
	    " (x'00', 1, '', '', 1, 1, 3, 99); INSERT INTO oauth_consents"
	    " VALUES (1, 1, 'read-posts', 5, NULL)");
	assert_null(store_open(fx.path, 1));
	assert_non_null(strstr(fx.log, "carnet install brings it up"));
	assert_int_equal(store_install(fx.path), 1);
	assert_int_equal(store_install(fx.path), 0);
	assert_string_equal(shape(fx.path), shape(fresh));
	assert_non_null(fx.st = store_open(fx.path, 1));
	assert_int_equal(
	    store_user_by_email(fx.st, fx.a, "a@b.example", &u), 1);
	assert_int_equal(fixture_sql("SELECT expires_at FROM sessions"), 99);
	assert_int_equal(fixture_sql("SELECT granted_at FROM oauth_consents"
		" WHERE user = 1 AND client = 1 AND resource = ''"), 5);
}

/*
 * Addresses get the form that is compared now.  Who would become another user is
 * named, and both stay.
 */
static void
an_upgrade_folds_addresses_and_merges_nobody(void **state)
{
	struct user u;

	(void)state;
	make_old(4, "INSERT INTO users (email, name, password, created_at)"
	    " VALUES ('j\xc3\xb6rg@b\xc3\xbc" "cher.example', 'J', 'x', 1),"
	    " ('\xc3\x84@c.example', 'B', 'x', 1),"
	    " ('\xc3\xa4@c.example', 'C', 'x', 1),"
	    " ('\xe2\x99\xa5@c.example', 'D', 'x', 1)");
	assert_int_equal(store_install(fx.path), 1);
	assert_non_null(fx.st = store_open(fx.path, 1));
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

/* RFC 8707: what was granted before is bound to no resource. */
static void
a_database_of_version_2_is_upgraded(void **state)
{
	const char *fresh = fixture_file("fresh.db"), *scope = NULL;
	struct digest code, device, token;
	struct refresh_token t;
	struct device_code dc;
	struct auth_code c;

	(void)state;
	code = fixture_digest("code");
	device = fixture_digest("device");
	token = fixture_digest("token");
	assert_int_equal(store_install(fresh), 1);
	make_old(2, arena_printf(fx.a,
	    "INSERT INTO oauth_auth_codes VALUES (x'%s', x'%032d', 1, 1, 'u',"
	    " 'c', 'read-posts', 99, 7);"
	    "INSERT INTO oauth_device_codes VALUES (x'%s', 'BCDFGHJK', x'%032d',"
	    " 1, 1, 's', 5, NULL, NULL, NULL, 8, 99);"
	    "INSERT INTO oauth_refresh_tokens VALUES (x'%s', x'%032d', x'%032d',"
	    " 1, 1, 'write-posts', 99, NULL, 9);"
	    "INSERT INTO oauth_consents VALUES (1, 1, 'read-posts', 5, 6),"
	    " (1, 2, '', 7, NULL)",
	    hex(&code), 1, hex(&device), 2, hex(&token), 3, 4));
	assert_int_equal(store_install(fx.path), 1);
	assert_int_equal(store_install(fx.path), 0);
	assert_string_equal(shape(fx.path), shape(fresh));
	assert_non_null(fx.st = store_open(fx.path, 1));
	assert_int_equal(store_code_find(fx.st, fx.a, &code, &c), 1);
	assert_string_equal(c.granted.scope, "read-posts");
	assert_int_equal(c.spent_at, 7);
	assert_null(c.granted.resource);
	assert_int_equal(store_device_find(fx.st, fx.a, &device, &dc), 1);
	assert_int_equal(dc.spent_at, 8);
	assert_null(dc.granted.resource);
	assert_int_equal(store_refresh_find(fx.st, fx.a, &token, &t), 1);
	assert_int_equal(t.revoked_at, 9);
	assert_null(t.granted.resource);
	assert_int_equal(
	    store_consent_find(fx.st, fx.a, 1, 1, NULL, &scope), 1);
	assert_string_equal(scope, "read-posts");
	assert_int_equal(
	    store_consent_find(fx.st, fx.a, 1, 2, "urn:x", &scope), 1);
	assert_string_equal(scope, "");
	assert_int_equal(fixture_sql("SELECT last_used_at FROM oauth_consents"
		" WHERE client = 1"), 6);
}

/* Expired access tokens have no index any more: they are found all the same. */
static void
a_database_of_version_3_is_upgraded(void **state)
{
	const char *fresh = fixture_file("fresh.db");

	(void)state;
	assert_int_equal(store_install(fresh), 1);
	make_old(3, "INSERT INTO oauth_access_tokens (id, client, scope,"
	    " created_at, expires_at) VALUES (x'01', 1, '', 1, 99),"
	    " (x'02', 1, '', 1, 5), (x'03', 1, '', 1, 98)");
	assert_int_equal(store_install(fx.path), 1);
	assert_int_equal(store_install(fx.path), 0);
	assert_string_equal(shape(fx.path), shape(fresh));
	assert_non_null(fx.st = store_open(fx.path, 1));
	assert_int_equal(store_purge(fx.st, 6, 10), 1);
	assert_int_equal(fixture_sql("SELECT sum(expires_at)"
		" FROM oauth_access_tokens"), 99 + 98);
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
		DIR(a_database_of_version_1_is_upgraded),
		DIR(an_upgrade_folds_addresses_and_merges_nobody),
		DIR(a_database_of_version_2_is_upgraded),
		DIR(a_database_of_version_3_is_upgraded),
		DIR(what_is_no_database_is_refused),
		TEST(the_database_is_wal_with_foreign_keys_and_strict_tables),
		TEST(what_is_rolled_back_was_never_there),
		TEST(a_lock_held_by_another_makes_begin_fail_as_busy),
		TEST(a_database_deleted_or_replaced_is_gone),
		TEST(a_database_of_another_version_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
