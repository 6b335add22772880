/* test_store_purge.c: expired rows are deleted, and rows in use stay. */
#include "tokens.h"

#include "store_consent.h"
#include "store_purge.h"

/* Spent rows stay until they expire: they show a replay. */
static void
a_purge_deletes_what_expired_and_at_most_n_of_a_kind(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		add_pair(arena_printf(fx.a, "r%d", i), "f1");
	assert_int_equal(spend("r0", NOW, 0), 1);
	assert_int_equal(store_expired_delete(fx.st, NOW + TTL, 10), 0);
	fixture_sql("UPDATE oauth_access_tokens SET expires_at = 5"
		    " WHERE substr(id, 1, 2) <> x'7234'"); /* all but r4 */
	fixture_sql("UPDATE oauth_refresh_tokens SET expires_at = 5"
		    " WHERE substr(access_token, 1, 2) <> x'7234'");
	assert_int_equal(store_expired_delete(fx.st, 5, 10), 0);
	assert_int_equal(store_expired_delete(fx.st, 6, 0), 0);
	assert_int_equal(store_expired_delete(fx.st, 6, 3), 6);
	assert_int_equal(store_expired_delete(fx.st, 6, 3), 2);
	assert_int_equal(store_expired_delete(fx.st, 6, 3), 0);
	assert_int_equal(found("r4").spent_at, 0);
	assert_int_equal(access_is_revoked("r4"), 0);
}

static int
one_turn(struct store *st)
{
	int gone;

	assert_int_equal(store_begin(st), 0);
	assert_true((gone = store_expired_turn(st, 6)) >= 0);
	assert_int_equal(store_commit(st), 0);
	return gone;
}

/*
 * Of 32 requests each kind of row gets one, of 64 rows at most.  A plain CGI
 * program draws the kind.
 */
static void
each_kind_has_its_turn_of_a_purge(void **state)
{
	struct store *st;
	int sum = 0, turns = 0, gone;

	(void)state;
	for (int i = 0; i < 100; i++)
		add_pair(arena_printf(fx.a, "r%d", i), "f1");
	fixture_sql("UPDATE oauth_access_tokens SET expires_at = 5");
	fixture_sql("UPDATE oauth_refresh_tokens SET expires_at = 5");
	for (int i = 0; i < 4 * STORE_PURGE_TABLES; i++) {
		sum += gone = one_turn(fx.st);
		turns += gone > 0;
	}
	assert_int_equal(sum, 2 * 64);
	assert_int_equal(turns, 2);
	turns = 0;
	for (int tries = 0; sum < 2 * 100 && tries < 10000; tries++) {
		assert_non_null(st = store_open(fx.path, 0));
		store_serve_one(st);
		gone = one_turn(st);
		store_close(st);
		sum += gone;
		turns += gone > 0;
	}
	assert_int_equal(sum, 2 * 100);
	assert_int_equal(turns, 2);
}

static int
place(void)
{
	return (int)fixture_sql("SELECT length(access_token) FROM purge_place");
}

/*
 * Rows that live long do not keep the purge from others, and a new process goes
 * on where the last one was.
 */
static void
a_purge_goes_on_where_another_process_was(void **state)
{
	struct store *st;

	(void)state;
	for (int i = 0; i < 9; i++)
		add_pair(arena_printf(fx.a, "r%d", i), "f1");
	fixture_sql("DELETE FROM oauth_refresh_tokens");
	fixture_sql("UPDATE oauth_access_tokens SET expires_at = 5"
		    " WHERE substr(id, 1, 2) IN (x'7231', x'7235', x'7238')");
	for (int i = 0; i < 4; i++) {
		assert_non_null(st = store_open(fx.path, 0));
		assert_int_equal(store_begin(st), 0);
		assert_int_equal(store_expired_delete(st, 6, 3), i < 3);
		assert_int_equal(store_commit(st), 0);
		store_close(st);
		assert_int_equal(place(), i < 3 ? ID_LEN : 0);
	}
	/* The walk begins at the start again. */
	fixture_sql("UPDATE oauth_access_tokens SET expires_at = 5"
		    " WHERE substr(id, 1, 2) IN (x'7230', x'7237')");
	fixture_sql("UPDATE purge_place SET access_token = x''");
	assert_int_equal(store_expired_delete(fx.st, 6, 3), 1);
	assert_int_equal(place(), ID_LEN);
	assert_int_equal(store_expired_delete(fx.st, 6, 7), 1);
	assert_int_equal(place(), 0);
}

/*
 * Refresh tokens may live shorter than access tokens.  A family is revoked by
 * its refresh tokens, so one of them stays as long as the access token.
 */
static void
a_purge_keeps_what_a_living_access_token_is_found_by(void **state)
{
	struct id family = fixture_id("f1");

	(void)state;
	add_pair("r1", "f1");
	add_pair("r2", "f2");
	add_pair("r3", "f3");
	fixture_sql("UPDATE oauth_refresh_tokens SET expires_at = 5");
	fixture_sql("UPDATE oauth_access_tokens SET revoked_at = 5"
		    " WHERE substr(id, 1, 2) = x'7233'"); /* r3 */
	assert_int_equal(store_expired_delete(fx.st, NOW, 4), 1);
	assert_int_equal(store_expired_delete(fx.st, NOW, 4), 0);
	/* It gives no tokens, although its row is still there. */
	assert_int_equal(spend("r1", NOW, GRACE), 0);
	assert_int_equal(found("r1").revoked_at, NOW);
	store_family_revoke(fx.st, &family, NOW);
	assert_int_equal(access_is_revoked("r1"), 1);
	assert_int_equal(access_is_revoked("r2"), 0);
	assert_int_equal(store_begin(fx.st), 0);
	assert_true(store_app_revoke(fx.st, u->id, cl->id, NOW) >= 0);
	assert_int_equal(store_commit(fx.st), 0);
	assert_int_equal(access_is_revoked("r2"), 1);
	/* Then both kinds go: two refresh tokens and three access tokens. */
	assert_int_equal(store_expired_delete(fx.st, NOW + TTL + 1, 4), 5);
}

/* Each of these rows is kept, and does not keep the purge from others. */
static void
a_purge_that_keeps_rows_reaches_those_behind_them(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++)
		add_pair(arena_printf(fx.a, "k%d", i), "f1");
	fixture_sql("UPDATE oauth_refresh_tokens SET expires_at = 5");
	add_pair("r1", "f1");
	fixture_sql("UPDATE oauth_refresh_tokens SET expires_at = 6"
		    " WHERE expires_at > 6");
	fixture_sql("UPDATE oauth_access_tokens SET expires_at = 5"
		    " WHERE substr(id, 1, 2) = x'7231'");
	assert_int_equal(store_expired_delete(fx.st, NOW, 4), 0); /* four are kept */
	assert_int_equal(store_expired_delete(fx.st, NOW, 4), 2); /* two, and the pair */
	assert_int_equal(store_expired_delete(fx.st, NOW, 4), 0);
}

/* Between two batches another writer need not wait. */
static void
a_purge_in_batches_leaves_room_for_writers_and_ends(void **state)
{
	struct purge p = { .table = 0 };
	int more, batches = 0;

	(void)state;
	assert_int_equal(store_begin(fx.st), 0);
	for (int i = 0; i < 600; i++)
		add_pair(arena_printf(fx.a, "r%d", i), "f1");
	add_pair("live", "f2");
	assert_int_equal(store_commit(fx.st), 0);
	fixture_sql("UPDATE oauth_access_tokens SET revoked_at = 5"
		    " WHERE substr(id, 1, 1) = x'72'");
	fixture_sql("UPDATE oauth_refresh_tokens SET revoked_at = 5"
		    " WHERE substr(access_token, 1, 1) = x'72'");
	do {
		more = store_purge_batch(fx.st, NOW, &p);
		assert_true(more >= 0);
		fixture_sql("UPDATE users SET name = 'x'");
		batches++;
	} while (more);
	assert_in_range(batches, 14, 30);
	for (size_t i = 0; i < STORE_PURGE_TABLES; i++)
		assert_int_equal(p.gone[i],
		    strstr(store_purge_table(i), "_tokens") != NULL ? 600 : 0);
	assert_int_equal(access_is_revoked("live"), 0);
	assert_int_equal(found("live").revoked_at, 0);
}

#define TEST(name) TEST_IN(name, tokens_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_purge_deletes_what_expired_and_at_most_n_of_a_kind),
		TEST(each_kind_has_its_turn_of_a_purge),
		TEST(a_purge_goes_on_where_another_process_was),
		TEST(a_purge_keeps_what_a_living_access_token_is_found_by),
		TEST(a_purge_that_keeps_rows_reaches_those_behind_them),
		TEST(a_purge_in_batches_leaves_room_for_writers_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
