/* test_store.c: the database: install, open, lock; users, clients, posts. */
#include "fixture.h"
#include "store_post.h"
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

/* DESIGN: WAL, foreign keys, STRICT tables. */
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

static void
a_user_is_found_as_stored(void **state)
{
	struct user *u = fixture_user("a@b.example", "$y$hash", "read-posts");
	struct user *v = fixture_user("c@d.example", "x", NULL), out;

	(void)state;
	assert_int_equal(
	    store_user_by_email(fx.st, fx.a, "a@b.example", &out), 1);
	assert_int_equal(out.id, u->id);
	assert_string_equal(out.email, "a@b.example");
	assert_string_equal(out.name, "A user");
	assert_string_equal(out.password, "$y$hash");
	assert_string_equal(out.scope, "read-posts");
	assert_int_equal(out.created_at, NOW);
	assert_int_equal(out.disabled_at, 0);
	assert_int_equal(store_user_by_id(fx.st, fx.a, v->id, &out), 1);
	assert_string_equal(out.email, "c@d.example");
	assert_null(out.scope);
	assert_int_equal(
	    store_user_by_email(fx.st, fx.a, "A@b.example", &out), 0);
	assert_int_equal(
	    store_user_by_email(fx.st, fx.a, "' OR 1=1 --", &out), 0);
	assert_int_equal(store_user_by_id(fx.st, fx.a, 0, &out), 0);
	assert_int_equal(store_user_by_id(fx.st, fx.a, 99, &out), 0);
}

static void
an_email_is_taken_once(void **state)
{
	struct user again = { .email = "a@b.example",
		.name = "B",
		.password = "y",
		.created_at = NOW };

	(void)state;
	fixture_user("a@b.example", "x", NULL);
	assert_int_equal(store_user_add(fx.st, &again), 0);
	assert_int_equal(again.id, 0);
	again.email = NULL;
	assert_int_equal(store_user_add(fx.st, &again), -1);
}

static void
password_and_disabling_are_of_one_user(void **state)
{
	struct user *u = fixture_user("a@b.example", "x", NULL), out;
	struct user *v = fixture_user("c@d.example", "x", NULL);

	(void)state;
	assert_int_equal(store_user_set_password(fx.st, u->id, NULL, "new"), 1);
	assert_int_equal(store_user_set_disabled(fx.st, u->id, NOW), 1);
	assert_int_equal(store_user_by_id(fx.st, fx.a, u->id, &out), 1);
	assert_string_equal(out.password, "new");
	assert_int_equal(out.disabled_at, NOW);
	assert_int_equal(store_user_by_id(fx.st, fx.a, v->id, &out), 1);
	assert_string_equal(out.password, "x");
	assert_int_equal(out.disabled_at, 0);
	assert_int_equal(store_user_set_disabled(fx.st, u->id, 0), 1);
	assert_int_equal(store_user_by_id(fx.st, fx.a, u->id, &out), 1);
	assert_int_equal(out.disabled_at, 0);
	assert_int_equal(store_user_set_password(fx.st, 99, NULL, "new"), 0);
	assert_int_equal(store_user_set_disabled(fx.st, 99, NOW), 0);
}

/* What was checked before is checked again where it is written. */
static void
a_user_stands_while_enabled_and_with_that_password(void **state)
{
	struct user *u = fixture_user("a@b.example", "x", NULL);

	(void)state;
	assert_int_equal(store_user_set_password(fx.st, u->id, "y", "z"), 0);
	assert_int_equal(store_user_stands(fx.st, u->id, "x"), 1);
	assert_int_equal(store_user_set_password(fx.st, u->id, "x", "y"), 1);
	assert_int_equal(store_user_stands(fx.st, u->id, "x"), 0);
	assert_int_equal(store_user_stands(fx.st, u->id, "y"), 1);
	assert_int_equal(store_user_stands(fx.st, u->id, NULL), 1);
	assert_int_equal(store_user_stands(fx.st, 99, NULL), 0);
	assert_int_equal(store_user_set_disabled(fx.st, u->id, NOW), 1);
	assert_int_equal(store_user_stands(fx.st, u->id, "y"), 0);
	assert_int_equal(store_user_stands(fx.st, u->id, NULL), 0);
}

static void
users_are_listed_in_pages(void **state)
{
	struct user out[3];

	(void)state;
	assert_int_equal(store_user_list(fx.st, fx.a, 0, out, 3), 0);
	for (int i = 0; i < 5; i++)
		fixture_user(arena_printf(fx.a, "u%d@b", i), "x", NULL);
	assert_int_equal(store_user_list(fx.st, fx.a, 0, out, 3), 3);
	assert_string_equal(out[0].email, "u0@b");
	assert_string_equal(out[2].email, "u2@b");
	assert_int_equal(store_user_list(fx.st, fx.a, out[2].id, out, 3), 2);
	assert_string_equal(out[1].email, "u4@b");
}

static void
a_client_is_found_as_stored(void **state)
{
	struct client out,
	    *cl = fixture_client((struct client){ .client_id = "c1",
		.name = "One",
		.has_secret = 1,
		.secret = fixture_digest("s"),
		.grants = "password",
		.scope = "read-posts",
		.alg = "RS256",
		.access_ttl = 5,
		.refresh_ttl = 6,
		.role = "password" });

	(void)state;
	assert_int_equal(store_client_by_id(fx.st, fx.a, "c1", &out), 1);
	assert_int_equal(out.id, cl->id);
	assert_string_equal(out.name, "One");
	assert_int_equal(out.has_secret, 1);
	assert_int_equal(digest_equal(&out.secret, &cl->secret), 1);
	assert_null(out.secret_hash);
	assert_string_equal(out.grants, "password");
	assert_string_equal(out.scope, "read-posts");
	assert_string_equal(out.alg, "RS256");
	assert_int_equal(out.access_ttl, 5);
	assert_int_equal(out.refresh_ttl, 6);
	assert_string_equal(out.role, "password");
	assert_int_equal(out.revoked_at, 0);
	assert_int_equal(
	    store_client_by_role(fx.st, fx.a, "password", &out), 1);
	assert_int_equal(store_client_by_number(fx.st, fx.a, cl->id, &out), 1);
	assert_string_equal(out.client_id, "c1");
	assert_int_equal(store_client_by_id(fx.st, fx.a, "C1", &out), 0);
	assert_int_equal(
	    store_client_by_role(fx.st, fx.a, "personal", &out), 0);
	assert_int_equal(store_client_by_number(fx.st, fx.a, 9, &out), 0);
	assert_int_equal(store_client_add(fx.st, cl), -1); /* the id is taken */
}

/* One that lost its hash on the way would be a public client. */
static void
a_secret_brought_from_elsewhere_keeps_its_hash(void **state)
{
	struct digest d = fixture_digest("new");
	struct client out,
	    *cl = fixture_client((struct client){
		.client_id = "c1", .secret_hash = "$2y$04$hash" });

	(void)state;
	assert_int_equal(store_client_by_id(fx.st, fx.a, "c1", &out), 1);
	assert_int_equal(out.has_secret, 0);
	assert_string_equal(out.secret_hash, "$2y$04$hash");
	assert_int_equal(store_client_set_secret(fx.st, cl->id, &d), 1);
	assert_int_equal(store_client_by_id(fx.st, fx.a, "c1", &out), 1);
	assert_int_equal(out.has_secret, 1);
	assert_int_equal(digest_equal(&out.secret, &d), 1);
	assert_null(out.secret_hash);
	assert_int_equal(store_client_set_secret(fx.st, 99, &d), 0);
}

static void
a_client_is_revoked_once_and_leaves_its_role(void **state)
{
	struct client out,
	    *cl = fixture_client(
		(struct client){ .client_id = "c1", .role = "personal" });

	(void)state;
	assert_int_equal(store_client_revoke(fx.st, cl->id, NOW), 1);
	assert_int_equal(store_client_revoke(fx.st, cl->id, NOW + 1), 0);
	assert_int_equal(store_client_revoke(fx.st, 99, NOW), 0);
	assert_int_equal(store_client_by_id(fx.st, fx.a, "c1", &out), 1);
	assert_int_equal(out.revoked_at, NOW);
	assert_int_equal(
	    store_client_by_role(fx.st, fx.a, "personal", &out), 0);
}

static void
clients_are_listed_in_pages_and_public_ones_apart(void **state)
{
	struct client out[4], *gone;

	(void)state;
	fixture_client((struct client){ .client_id = "p1" });
	fixture_client((struct client){ .client_id = "s1", .has_secret = 1 });
	fixture_client(
	    (struct client){ .client_id = "h1", .secret_hash = "x" });
	fixture_client((struct client){ .client_id = "p2" });
	gone = fixture_client((struct client){ .client_id = "p3" });
	store_client_revoke(fx.st, gone->id, NOW);
	assert_int_equal(store_client_list(fx.st, fx.a, 0, out, 4), 4);
	assert_string_equal(out[1].client_id, "s1");
	assert_int_equal(store_client_list(fx.st, fx.a, out[3].id, out, 4), 1);
	assert_int_equal(store_client_list_public(fx.st, fx.a, 0, out, 4), 2);
	assert_string_equal(out[0].client_id, "p1");
	assert_string_equal(out[1].client_id, "p2");
}

static void
posts_are_stored_listed_and_deleted(void **state)
{
	struct user *u = fixture_user("a@b.example", "x", NULL);
	struct post p, out[3];

	(void)state;
	for (int i = 1; i <= 4; i++) {
		p = (struct post){ .user = i == 2 ? u->id : 0,
			.title = arena_printf(fx.a, "Title %d", i),
			.body = "Text",
			.created_at = NOW + i };
		assert_int_equal(store_post_add(fx.st, &p), 1);
		assert_int_equal(p.id, i);
	}
	assert_int_equal(store_post_list(fx.st, fx.a, 0, out, 3), 3);
	assert_string_equal(out[0].title, "Title 4");
	assert_int_equal(store_post_list(fx.st, fx.a, out[2].id, out, 3), 1);
	assert_string_equal(out[0].title, "Title 1");
	assert_int_equal(store_post_by_id(fx.st, fx.a, 2, &p), 1);
	assert_int_equal(p.user, u->id);
	assert_string_equal(p.body, "Text");
	assert_int_equal(p.created_at, NOW + 2);
	assert_int_equal(store_post_delete(fx.st, 2), 1);
	assert_int_equal(store_post_delete(fx.st, 2), 0);
	assert_int_equal(store_post_by_id(fx.st, fx.a, 2, &p), 0);
	p.user = 99;
	assert_int_equal(store_post_add(fx.st, &p), -1);
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

/* An older database becomes what a new one is, and keeps what it holds. */
static void
a_database_of_version_1_is_upgraded(void **state)
{
	const char *fresh = fixture_file("fresh.db");
	char *sql = arena_alloc(fx.a, 1 << 16);
	sqlite3 *db = NULL;
	struct user u;
	FILE *f;

	(void)state;
	assert_int_equal(store_install(fresh), 1);
	assert_non_null(f = fopen("test/unit/schema-1.sql", "r"));
	assert_true(fread(sql, 1, (1 << 16) - 1, f) > 1000);
	fclose(f);
	assert_int_equal(sqlite3_open(fx.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 1; INSERT INTO"
		" users (email, name, password, created_at) VALUES"
		" ('a@b.example', 'A', 'x', 1); INSERT INTO sessions VALUES"
		" (x'00', 1, '', '', 1, 1, 3, 99)", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	assert_null(store_open(fx.path, 1));
	assert_non_null(strstr(fx.log, "carnet install brings it up"));
	assert_int_equal(store_install(fx.path), 1);
	assert_int_equal(store_install(fx.path), 0);
	assert_string_equal(shape(fx.path), shape(fresh));
	assert_non_null(fx.st = store_open(fx.path, 1));
	assert_int_equal(
	    store_user_by_email(fx.st, fx.a, "a@b.example", &u), 1);
	assert_int_equal(fixture_sql("SELECT expires_at FROM sessions"), 99);
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
		DIR(what_is_no_database_is_refused),
		TEST(the_database_is_wal_with_foreign_keys_and_strict_tables),
		TEST(what_is_rolled_back_was_never_there),
		TEST(a_lock_held_by_another_makes_begin_fail_as_busy),
		TEST(a_database_deleted_or_replaced_is_gone),
		TEST(a_user_is_found_as_stored),
		TEST(an_email_is_taken_once),
		TEST(password_and_disabling_are_of_one_user),
		TEST(a_user_stands_while_enabled_and_with_that_password),
		TEST(users_are_listed_in_pages),
		TEST(a_client_is_found_as_stored),
		TEST(a_secret_brought_from_elsewhere_keeps_its_hash),
		TEST(a_client_is_revoked_once_and_leaves_its_role),
		TEST(clients_are_listed_in_pages_and_public_ones_apart),
		TEST(posts_are_stored_listed_and_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
