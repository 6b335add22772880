/*
 * test_store_ledger.c: a copy from before something was taken back is older
 * than the file knows.
 */
#include "tokens.h"

#include <time.h>

#include "db.h"
#include "store_code.h"
#include "store_consent.h"
#include "store_copy.h"
#include "store_ledger.h"

static struct store *other; /* as another process has it open */
static int64_t clock_s;
static int n_tokens;

/* In place of the C library's. */
time_t
time(time_t *out)
{
	if (out != NULL)
		*out = clock_s;
	return clock_s;
}

static int
setup(void **state)
{
	clock_s = NOW;
	n_tokens = 0;
	if (tokens_setup(state) < 0)
		return -1;
	store_close(fx.st);
	fx.pr.st = fx.st = store_open(fx.path, 1);
	other = store_open(fx.path, 1);
	return fx.st == NULL || other == NULL ? -1 : 0;
}

static int
end(void **state)
{
	store_close(other);
	return fixture_end(state);
}

/* Take something back at second s, by one of the two connections. */
static void
take_back(struct store *st, int64_t s)
{
	const char *name = arena_printf(fx.a, "t%d", n_tokens++);
	const struct id id = fixture_id(name);

	clock_s = s;
	add_access(name, NULL, NULL);
	assert_int_equal(store_access_revoke(st, &id, NOW), 1);
}

static int64_t
counted(void)
{
	struct ledger db, file;

	assert_int_equal(db_ledger_of(fx.st, &db), 0);
	db_ledger_read(fx.path, &file);
	assert_int_equal(db.taken_back, file.taken_back);
	assert_int_equal(db.minute, file.minute);
	return db.taken_back;
}

static void
the_first_of_a_second_is_counted(void **state)
{
	int64_t before = counted();

	(void)state;
	for (int i = 0; i < 10; i++)
		take_back(i % 2 ? fx.st : other, NOW);
	assert_int_equal(counted(), before + 1);
	take_back(fx.st, NOW + 1);
	assert_int_equal(counted(), before + 2);
	/* The clock goes back, and comes to the same second again. */
	take_back(other, NOW - 100);
	assert_int_equal(counted(), before + 3);
	take_back(fx.st, NOW + 1);
	assert_int_equal(counted(), before + 4);
}

static void
what_takes_nothing_back_is_not_counted(void **state)
{
	int64_t before = counted();

	(void)state;
	clock_s = NOW + 7;
	add_access("x", NULL, NULL);
	assert_int_equal(counted(), before);
}

/*
 * The refresh token has expired, and stays, revoked, for its access token: only
 * the access token is left to be revoked.
 */
static void
a_family_of_one_access_token_is_counted(void **state)
{
	const struct id family = fixture_id("f");
	int64_t before;

	(void)state;
	add_pair("p", "f");
	fixture_sql("UPDATE oauth_refresh_tokens SET revoked_at = 1");
	before = counted();
	assert_int_equal(store_begin(fx.st), 0);
	assert_int_equal(store_family_revoke(fx.st, &family, NOW), 0);
	assert_int_equal(store_commit(fx.st), 0);
	assert_true(access_is_revoked("p"));
	assert_int_equal(counted(), before + 1);
}

static int
add_code(const char *name)
{
	const struct auth_code c = { .digest = fixture_digest(name),
		.granted.family = fixture_id(name),
		.granted.client = cl->id,
		.granted.user = u->id,
		.granted.scope = "",
		.redirect_uri = "",
		.challenge = "",
		.expires_at = NOW + TTL };

	return store_code_add(fx.st, &c);
}

/* The user's app has only an access token left, or a code. */
static void
the_rest_of_an_app_is_counted(void **state)
{
	int64_t before;

	(void)state;
	for (int i = 0; i < 2; i++) {
		if (i == 0)
			add_pair("p", "f");
		else
			assert_int_equal(add_code("c"), 1);
		fixture_sql("UPDATE oauth_refresh_tokens SET revoked_at = 1");
		clock_s = NOW + 60 + i;
		before = counted();
		assert_int_equal(store_begin(fx.st), 0);
		assert_int_equal(
		    store_app_revoke(fx.st, u->id, cl->id, NOW), 0);
		assert_int_equal(store_commit(fx.st), 0);
		assert_int_equal(counted(), before + 1);
	}
}

/* A copy is put back: is it found to be older? */
static int
is_old(const char *copy)
{
	struct store *st = store_open_put_back(copy, 1);
	struct ledger db, file;

	assert_non_null(st);
	assert_int_equal(db_ledger_of(st, &db), 0);
	store_close(st);
	db_ledger_read(fx.path, &file);
	return db_ledger_is_old(&db, &file);
}

static const char *
copy(void)
{
	const char *path = arena_printf(fx.a, "%s/copy%d", fx.dir, n_tokens);

	assert_int_equal(store_copy(fx.st, path), 0);
	return path;
}

static void
what_follows_a_copy_in_the_same_second_is_counted(void **state)
{
	const char *path;

	(void)state;
	for (int i = 0; i < 4; i++) {
		take_back(fx.st, NOW);
		path = copy();
		assert_int_equal(is_old(path), 0);
		take_back(i % 2 ? fx.st : other, NOW);
		assert_int_equal(is_old(path), 1);
	}
}

static const sqlite3_io_methods *files; /* SQLite's own */

/*
 * Another process writes the header, and copies it to the database file.  If
 * the log has this many pages, it does so under the lock, and syncs the file.
 */
static void
write_header_of(int pages)
{
	struct store *st = store_open(fx.path, 1);

	assert_non_null(st);
	assert_int_equal(sqlite3_exec(st->own->handle,
			     "PRAGMA application_id = 1", NULL, NULL, NULL),
	    SQLITE_OK);
	st->own->checkpoint_pages = pages;
	st->own->checkpoint_at = 1;
	store_idle(st);
	store_close(st);
}

/* A power cut may undo what was not synced: the file must not count it. */
static void
a_header_that_is_not_on_disk_is_not_told(void **state)
{
	const uint32_t before = db_shared(other)->file_counter;

	(void)state;
	write_header_of(1000);
	assert_int_equal(db_ledger_state(other), LEDGER_FITS);
	assert_int_equal(db_shared(other)->file_counter, before);
	write_header_of(1);
	assert_true(db_shared(other)->file_counter > before);
}

/* The counter is read, and is old right after that. */
static int
read_and_write(sqlite3_file *f, void *out, int n, sqlite3_int64 at)
{
	const int rc = files->xRead(f, out, n, at);

	f->pMethods = files;
	write_header_of(1);
	return rc;
}

/*
 * The counter in the header and the file that knows it are read one after the
 * other. A process that writes in between has not overwritten the database.
 */
static void
a_write_in_between_overwrites_nothing(void **state)
{
	static sqlite3_io_methods slow;
	sqlite3_file *f = NULL;
	const uint32_t before = db_shared(other)->file_counter;

	(void)state;
	assert_int_equal(sqlite3_file_control(other->own->handle, "main",
			     SQLITE_FCNTL_FILE_POINTER, &f),
	    SQLITE_OK);
	files = f->pMethods;
	slow = *files;
	slow.xRead = read_and_write;
	f->pMethods = &slow;
	assert_int_equal(db_ledger_state(other), LEDGER_FITS);
	assert_true(db_shared(other)->file_counter > before);
	assert_int_equal(db_ledger_state(other), LEDGER_FITS);
}

/* The one connection answered before the copy, and tells the file after it. */
static void
a_commit_that_is_late_hides_nothing_from_a_copy(void **state)
{
	const struct id id = fixture_id("late");
	const char *path;

	(void)state;
	clock_s = NOW;
	add_access("late", NULL, NULL);
	assert_int_equal(store_begin(other), 0);
	assert_int_equal(store_access_revoke(other, &id, NOW), 1);
	assert_int_equal(db_ledger_step(other), 0);
	assert_int_equal(db_control(other, COMMIT), 0);
	path = copy();
	db_ledger_end(other);
	assert_int_equal(is_old(path), 0);
	take_back(fx.st, NOW);
	assert_int_equal(is_old(path), 1);
}

/* There may be copies of the restored database, from the same second. */
static void
what_was_accepted_is_counted(void **state)
{
	int64_t before;

	(void)state;
	take_back(fx.st, NOW);
	before = counted();
	assert_int_equal(store_ledger_accept(fx.st), 0);
	assert_true(counted() > before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    the_first_of_a_second_is_counted, setup, end),
		cmocka_unit_test_setup_teardown(
		    what_takes_nothing_back_is_not_counted, setup, end),
		cmocka_unit_test_setup_teardown(
		    a_family_of_one_access_token_is_counted, setup, end),
		cmocka_unit_test_setup_teardown(
		    the_rest_of_an_app_is_counted, setup, end),
		cmocka_unit_test_setup_teardown(
		    what_follows_a_copy_in_the_same_second_is_counted, setup,
		    end),
		cmocka_unit_test_setup_teardown(
		    a_commit_that_is_late_hides_nothing_from_a_copy, setup,
		    end),
		cmocka_unit_test_setup_teardown(
		    what_was_accepted_is_counted, setup, end),
		cmocka_unit_test_setup_teardown(
		    a_header_that_is_not_on_disk_is_not_told, setup, end),
		cmocka_unit_test_setup_teardown(
		    a_write_in_between_overwrites_nothing, setup, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
