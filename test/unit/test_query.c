/* test_query.c: values, rows, and steps in transactions. */
#include "tokens.h"

#include <sys/wait.h>

#include "engine.h"
#include "query.h"
#include "store_walk.h"
#include "store_purge.h"

#define ANNS "SELECT count(*) FROM users WHERE email = 'ann@example.org'"
#define EXPIRED "SELECT count(*) FROM oauth_access_tokens WHERE expires_at = 5"

static int
put_user(struct store *st, const char *email)
{
	const struct value v[] = { V_TEXT(email), V_TEXT(""), V_TEXT("hash"),
		V_TEXT(NULL), V_INT(NOW), V_NULL,
		V_NULL, V_NULL, V_NULL, V_NULL, V_NULL, V_NULL };
	int64_t id;

	return query_one(st, NULL, SQL_USER_ADD, v, 12, row_read_int, &id);
}

static void
take_user(const struct row *r, void *out)
{
	struct user *to = out;

	to->id = row_int(r, 0);
	to->email = row_text(r, 1);
	to->name = row_text(r, 2);
	to->scope = row_text(r, 4);
	to->disabled_at = row_int(r, 6);
}

static void
a_row_has_what_was_put_in(void **state)
{
	const struct value v[] = { V_TEXT("ann@example.org") };
	struct user got = { .id = 0 };

	(void)state;
	assert_int_equal(put_user(fx.st, "ann@example.org"), 1);
	assert_int_equal(put_user(fx.st, "ann@example.org"), 0);
	assert_int_equal(query_one(fx.st, fx.a, SQL_USER_BY_EMAIL, v, 1,
			     take_user, &got), 1);
	assert_true(got.id > 0);
	assert_string_equal(got.email, "ann@example.org");
	assert_string_equal(got.name, ""); /* an empty text is not NULL */
	assert_null(got.scope);
	assert_int_equal(got.disabled_at, 0);
}

static void
no_row_is_0_and_changes_nothing(void **state)
{
	const struct value v[] = { V_TEXT("nobody@example.org") };
	struct user got = { .id = 77 };

	(void)state;
	assert_int_equal(query_one(fx.st, fx.a, SQL_USER_BY_EMAIL, v, 1,
			     take_user, &got), 0);
	assert_int_equal(got.id, 77);
}

static void
a_list_has_at_most_max_rows(void **state)
{
	const struct value v[] = { V_INT(u->id), V_INT(10) };
	struct user list[3];

	(void)state;
	memset(list, 0xff, sizeof(list));
	assert_int_equal(put_user(fx.st, "a@example.org"), 1);
	assert_int_equal(put_user(fx.st, "b@example.org"), 1);
	assert_int_equal(query_list(fx.st, fx.a, SQL_USER_LIST, v, 2,
			     take_user, list, sizeof(list[0]), 3), 2);
	assert_string_equal(list[1].email, "b@example.org");
	assert_null(list[1].password); /* zeroed before it was read */
	assert_int_equal(query_list(fx.st, fx.a, SQL_USER_LIST, v, 2,
			     take_user, list, sizeof(list[0]), 1), 1);
}

static void
ids_digests_and_keys_come_back_whole(void **state)
{
	const struct id id = fixture_id("r1"), family = fixture_id("f1");
	const struct value v[] = { V_ID(&id), V_INT(0), V_INT(0), V_INT(5),
		V_INT(NOW) };
	const struct value none[] = { V_KEY(&((struct rowkey) { .len = 0 })),
		V_INT(0), V_INT(0), V_INT(5), V_INT(NOW) };
	struct granted g;
	struct rowkey keys[5];

	(void)state;
	add_pair("r1", "f1");
	assert_int_equal(store_family_find(fx.st, fx.a, &id, &g), 1);
	assert_memory_equal(&g.family, &family, sizeof(family));
	assert_int_equal(query_list(fx.st, NULL, SQL_ALL_ACCESS_KEYS, v, 5,
			     row_read_key, keys, sizeof(keys[0]), 5), 0);
	assert_int_equal(query_list(fx.st, NULL, SQL_ALL_ACCESS_KEYS, none, 5,
			     row_read_key, keys, sizeof(keys[0]), 5), 1);
	assert_int_equal(keys[0].len, ID_LEN);
	assert_memory_equal(keys[0].byte, id.byte, ID_LEN);
}

/*
 * SQLite takes a missing value as NULL; another engine refuses it at run time.
 */
static void
a_wrong_number_of_values_is_a_bug(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	fflush(NULL);
	if ((pid = fork()) == 0) {
		query_run(fx.st, SQL_POST_DELETE, VALUES(V_INT(1), V_INT(2)));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 111);
}

static int
add_and_return(struct store *st, void *ctx)
{
	assert_int_equal(put_user(st, "ann@example.org"), 1);
	return *(const int *)ctx;
}

static void
a_step_that_fails_is_undone(void **state)
{
	int result = -1;

	(void)state;
	assert_int_equal(store_write(fx.st, add_and_return, &result), -1);
	assert_int_equal(fixture_sql(ANNS), 0);
	result = 7;
	assert_int_equal(store_write(fx.st, add_and_return, &result), 7);
	assert_int_equal(fixture_sql(ANNS), 1);
}

static int
add_token(struct store *st, void *ctx)
{
	const struct access_token t = { .id = fixture_id(ctx), .client = cl->id,
		.scope = "", .created_at = NOW, .expires_at = NOW + 60 };

	return store_access_add(st, &t);
}

static int
change_nothing(struct store *st, void *ctx)
{
	(void)st;
	(void)ctx;
	return 0;
}

/*
 * One of 24 transactions that add rows purges access tokens; others purge
 * nothing.
 */
static void
what_adds_rows_that_expire_purges_some(void **state)
{
	(void)state;
	add_pair("r1", "f1");
	add_pair("r2", "f1");
	fixture_sql("UPDATE oauth_access_tokens SET expires_at = 5");
	for (int i = 0; i < 4 * STORE_PURGE_TABLES; i++)
		assert_int_equal(store_write(fx.st, add_token,
		    arena_printf(fx.a, "x%d", i)), 1);
	assert_int_equal(fixture_sql(EXPIRED), 2); /* the time is not known */
	store_set_now(fx.st, NOW);
	for (int i = 0; i < 4 * STORE_PURGE_TABLES; i++)
		assert_int_equal(store_write(fx.st, change_nothing, NULL), 0);
	assert_int_equal(fixture_sql(EXPIRED), 2);
	for (int i = 0; i < 4 * STORE_PURGE_TABLES; i++)
		assert_int_equal(store_write(fx.st, add_token,
		    arena_printf(fx.a, "y%d", i)), 1);
	assert_int_equal(fixture_sql(EXPIRED), 0);
}

/*
 * An engine that fails as one with many writers does: again says how many times
 * another transaction was faster.
 */
static struct engine fast_others;
static int again, runs;

static int
commit_again(struct store *st)
{
	if (again == 0)
		return engine_sqlite.commit(st);
	again--;
	st->fault = FAULT_AGAIN;
	return -1;
}

static int
put_ann(struct store *st, void *ctx)
{
	(void)ctx;
	runs++;
	return put_user(st, "ann@example.org");
}

static void
with_faster_others(int times)
{
	fixture_is_in_files(); /* the engine below is made of SQLite's */
	fast_others = engine_sqlite;
	fast_others.commit = commit_again;
	fx.st->engine = &fast_others;
	again = times;
	runs = 0;
}

/*
 * Each run of the step finds what the first run found: nothing of its own is
 * left.
 */
static void
a_step_is_run_again_where_the_engine_asks(void **state)
{
	(void)state;
	with_faster_others(2);
	assert_int_equal(store_write(fx.st, put_ann, NULL), 1);
	assert_int_equal(runs, 3);
	assert_int_equal(fixture_sql(ANNS), 1);
	assert_false(store_is_busy(fx.st));
}

/* A run that was undone has had no turn of the purge. */
static void
what_runs_twice_purges_all_the_same(void **state)
{
	(void)state;
	add_pair("r1", "f1");
	fixture_sql("UPDATE oauth_access_tokens SET expires_at = 5");
	store_set_now(fx.st, NOW);
	fx.st->purge_turn = 4;
	for (int i = 0; i < 4 * STORE_PURGE_TABLES; i++) {
		with_faster_others(1);
		assert_int_equal(store_write(fx.st, add_token,
		    arena_printf(fx.a, "z%d", i)), 1);
	}
	assert_int_equal(fixture_sql(EXPIRED), 0);
}

static void
a_step_is_not_run_again_for_ever(void **state)
{
	(void)state;
	with_faster_others(1000);
	assert_int_equal(store_write(fx.st, put_ann, NULL), -1);
	assert_in_range(runs, 2, 100);
	assert_true(store_is_busy(fx.st));
	assert_int_equal(fixture_sql(ANNS), 0);
}

/* Another run would not mend an error. */
static int
fail_lastingly(struct store *st, void *ctx)
{
	(void)ctx;
	runs++;
	st->fault = FAULT_LASTS;
	return -1;
}

static void
a_step_that_fails_is_not_run_again(void **state)
{
	(void)state;
	with_faster_others(0);
	assert_int_equal(store_write(fx.st, fail_lastingly, NULL), -1);
	assert_int_equal(runs, 1);
}

/* A user, and a token of a client that there is not, which the engine may send later. */
static int
add_what_cannot_be(struct store *st, void *ctx)
{
	const struct access_token t = { .id = fixture_id("t"), .client = 777,
		.scope = "a", .created_at = NOW, .expires_at = NOW + TTL };
	const int *result = ctx;

	if (put_user(st, "ann@example.org") < 0 ||
	    store_access_add(st, &t) < 0)
		return -1;
	return *result;
}

/* sql.h, later: a statement that fails when the step has ended undoes the step, too. */
static void
a_row_that_cannot_be_undoes_the_step(void **state)
{
	char after[][2] = { "0", "1" };
	int result = 1;

	(void)state;
	for (; result >= -1; result -= 2) {
		assert_int_equal(
		    store_write(fx.st, add_what_cannot_be, &result), -1);
		assert_int_equal(fixture_sql(ANNS), 0);
		assert_int_equal(
		    store_write(fx.st, add_token, after[result == 1]), 1);
	}
	add_pair("of one", "that there is");
	assert_int_equal(spend("of one", NOW, GRACE), REFRESH_FIRST);
	assert_int_equal(live("that there is"), 0);
	assert_int_equal(fixture_sql("SELECT count(*) FROM"
	    " oauth_access_tokens WHERE revoked_at IS NULL"), 2);
}

static int
begins(const struct statement *sql, const char *verb)
{
	return strncmp(sql->text, verb, strlen(verb)) == 0;
}

/* What a row says of its statement agrees with the statement's text. */
static void
each_row_says_what_fits_its_statement(void **state)
{
	const struct statement *sql;

	(void)state;
	for (int i = 0; i < SQL_COUNT; i++) {
		sql = &sql_table[i];
		if (sql->adds && !begins(sql, "INSERT INTO "))
			fail_msg("adds: %s", sql->text);
		/* A table of what ended is added to. */
		if (sql->takes_back && !begins(sql, "UPDATE ") &&
		    !begins(sql, "DELETE ") && strstr(sql->text, "_ends ") == NULL)
			fail_msg("takes back: %s", sql->text);
		if (sql->locks && strstr(sql->text, "SELECT ") == NULL)
			fail_msg("locks: %s", sql->text);
		if (sql->later && (begins(sql, "SELECT ") || sql->takes_back ||
				      strstr(sql->text, "RETURNING") != NULL))
			fail_msg("later: %s", sql->text);
	}
}

/*
 * Each revocation is counted.  That a rotation ends the old pair is no
 * revocation.
 */
static void
what_revokes_takes_something_back(void **state)
{
	(void)state;
	for (int i = 0; i < SQL_COUNT; i++)
		if (strstr(sql_table[i].text, " SET revoked_at = ") != NULL &&
		    i != SQL_REFRESH_PAIR_REVOKE &&
		    i != SQL_REFRESH_SHARED_REVOKE && !sql_table[i].takes_back)
			fail_msg("revokes: %s", sql_table[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_says_what_fits_its_statement),
		cmocka_unit_test(what_revokes_takes_something_back),
		TEST_IN(a_row_has_what_was_put_in, tokens_setup),
		TEST_IN(no_row_is_0_and_changes_nothing, tokens_setup),
		TEST_IN(a_list_has_at_most_max_rows, tokens_setup),
		TEST_IN(ids_digests_and_keys_come_back_whole, tokens_setup),
		TEST_IN(a_wrong_number_of_values_is_a_bug, tokens_setup),
		TEST_IN(a_step_that_fails_is_undone, tokens_setup),
		TEST_IN(a_row_that_cannot_be_undoes_the_step, tokens_setup),
		TEST_IN(what_adds_rows_that_expire_purges_some, tokens_setup),
		TEST_IN(a_step_is_run_again_where_the_engine_asks,
		    tokens_setup),
		TEST_IN(what_runs_twice_purges_all_the_same, tokens_setup),
		TEST_IN(a_step_is_not_run_again_for_ever, tokens_setup),
		TEST_IN(a_step_that_fails_is_not_run_again, tokens_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
