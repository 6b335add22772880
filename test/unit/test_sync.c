/*
 * test_sync.c: processes that commit at once share a sync, and each is answered
 * only after a sync that began after its commit.
 *
 * The disk is slow here: a sync of the log takes some milliseconds, so that
 * syncs and commits overlap.  When it begins, a sync notes how long the log is.
 */
#include "fixture.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "db.h"
#include "store_token.h"

#define PROCESSES 8
#define COMMITS 12
#define SYNC_MS 10
#define FRAME (4096 + 24)
#define LOG_HEADER 32

/* Shared by all processes. */
static struct seen {
	_Atomic int syncs, answered, early;
	_Atomic int64_t safe;	  /* bytes of the log that are on disk */
	_Atomic int fails;	  /* how many of the next syncs fail */
	_Atomic int shares;	  /* a sync lasts until others have committed */
	_Atomic int signal_at;	  /* raised by the n-th sync; 0: none */
	_Atomic int signal;
	_Atomic int naps;	  /* for a lock */
} *seen;

static sqlite3_vfs slow, *real;
static sqlite3_io_methods methods;
static int (*real_sync)(sqlite3_file *, int);

static void
nap(long ms)
{
	const struct timespec t = { .tv_nsec = ms * 1000000 };

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

/* In place of the C library's, which waits for a lock. */
int
nanosleep(const struct timespec *t, struct timespec *left)
{
	(void)left;
	seen->naps++;
	return clock_nanosleep(CLOCK_MONOTONIC, 0, t, NULL);
}

static int
slow_sync(sqlite3_file *f, int flags)
{
	sqlite3_int64 size = 0, now;
	int64_t safe;

	(void)flags;
	if (f->pMethods->xFileSize(f, &size) != SQLITE_OK)
		return SQLITE_IOERR_FSTAT;
	if (++seen->syncs == seen->signal_at)
		raise(seen->signal);
	nap(SYNC_MS);
	/*
	 * On a busy machine the others may be late; the last one has nobody to
	 * wait for.
	 */
	for (int i = 0; seen->shares && i < 5 && f->pMethods->xFileSize(f, &now) ==
	    SQLITE_OK && now < size + 3 * FRAME; i++)
		nap(SYNC_MS);
	if (seen->fails > 0) {
		seen->fails--;
		return SQLITE_IOERR_FSYNC;
	}
	for (safe = seen->safe; safe < size;)
		if (atomic_compare_exchange_weak(&seen->safe, &safe, size))
			break;
	return SQLITE_OK;
}

static int
slow_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags,
    int *out)
{
	int rc = real->xOpen(real, path, f, flags, out);

	(void)vfs;
	if (rc == SQLITE_OK && (flags & SQLITE_OPEN_WAL) != 0) {
		methods = *f->pMethods;
		real_sync = methods.xSync;
		methods.xSync = slow_sync;
		f->pMethods = &methods;
	}
	return rc;
}

static int
setup(void **state)
{
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(seen != MAP_FAILED);
	real = sqlite3_vfs_find("unix");
	slow = *real;
	slow.zName = "slow";
	slow.xOpen = slow_open;
	assert_int_equal(sqlite3_vfs_register(&slow, 1), SQLITE_OK);
	if (fixture_dir(state) < 0 || store_install(fx.path) != 1)
		return -1;
	assert_non_null(fx.st = store_open(fx.path, 1));
	fixture_client((struct client){ .client_id = "c1" });
	store_close(fx.st);
	fx.st = NULL;
	seen->syncs = 0;
	return 0;
}

static int
teardown(void **state)
{
	int rc = fixture_end(state);

	sqlite3_vfs_unregister(&slow);
	munmap(seen, sizeof(*seen));
	return rc;
}

static int
commit(struct store *st, int who, int n)
{
	char name[ID_LEN];
	struct access_token row = { .client = 1, .scope = "read-posts",
		.created_at = NOW, .expires_at = NOW + 1000 };

	snprintf(name, sizeof(name), "p%d.%d", who, n);
	row.id = fixture_id(name);
	if (store_begin(st) < 0 || store_access_add(st, &row) != 1 ||
	    store_commit(st) < 0) {
		store_rollback(st);
		return -1;
	}
	seen->answered++;
	if (seen->safe < LOG_HEADER + (int64_t)st->own->log_pages * FRAME)
		seen->early++;
	return 0;
}

/* A process that commits n times; it ends with 0 if all went well. */
static pid_t
start(int who, int n)
{
	struct store *st;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if ((st = store_open(fx.path, 1)) == NULL)
		_exit(2);
	for (int i = 0; i < n; i++)
		if (commit(st, who, i) < 0) {
			fprintf(stderr, "%s", fx.log);
			_exit(1);
		}
	_exit(0);
}

static int
ends_well(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		print_message("a process ended with status %x\n", status);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int
run(int processes, int commits)
{
	pid_t pid[PROCESSES];
	int well = 0;

	for (int i = 0; i < processes; i++)
		pid[i] = start(i, commits);
	for (int i = 0; i < processes; i++)
		well += ends_well(pid[i]);
	return well;
}

static void
one_sync_serves_many_and_none_too_early(void **state)
{
	(void)state;
	seen->shares = 1;
	assert_int_equal(run(PROCESSES, COMMITS), PROCESSES);
	assert_int_equal(seen->answered, PROCESSES * COMMITS);
	assert_int_equal(seen->early, 0);
	print_message("%d commits, %d syncs\n", seen->answered, seen->syncs);
	assert_true(seen->syncs < PROCESSES * COMMITS / 2);
}

/* The sync of a killed process counts for nothing, and its lock is free. */
static void
a_leader_that_is_killed_is_followed_by_another(void **state)
{
	(void)state;
	seen->signal = SIGKILL;
	seen->signal_at = 5;
	assert_int_equal(run(PROCESSES, COMMITS), PROCESSES - 1);
	assert_true(seen->answered >= (PROCESSES - 1) * COMMITS);
	assert_int_equal(seen->early, 0);
}

static void
a_leader_that_stands_still_stops_nobody(void **state)
{
	pid_t still, other;
	int status;

	(void)state;
	seen->signal = SIGSTOP;
	seen->signal_at = 3; /* the first is for the log's header */
	still = start(0, 2);
	assert_int_equal(waitpid(still, &status, WUNTRACED), still);
	assert_true(WIFSTOPPED(status));
	other = start(1, 1);
	assert_true(ends_well(other));
	assert_int_equal(seen->answered, 2);
	kill(still, SIGCONT);
	assert_true(ends_well(still));
	assert_int_equal(seen->early, 0);
}

/*
 * The kernel reports a lost write once, and not to a process that opens the
 * file later.  So what one process knows, all must know.
 */
static void
a_log_with_a_gap_is_trusted_by_no_process(void **state)
{
	struct store *st = store_open(fx.path, 1), *reader, *late;

	(void)state;
	assert_non_null(st);
	assert_int_equal(commit(st, 0, 0), 0);
	assert_non_null(reader = store_open(fx.path, 1));
	assert_int_equal(store_read_begin(reader), 0);
	assert_true(store_client_by_role(reader, fx.a, "none",
			&(struct client){ 0 }) == 0); /* the snapshot begins */
	sqlite3_busy_timeout(st->own->handle, 0);
	seen->fails = 1;
	assert_int_equal(commit(st, 0, 1), -1); /* cannot begin anew */
	assert_non_null(late = store_open(fx.path, 1));
	sqlite3_busy_timeout(late->own->handle, 0);
	assert_int_equal(commit(late, 1, 0), -1);
	store_read_end(reader);
	assert_int_equal(commit(late, 1, 1), 0);
	assert_int_equal(commit(st, 0, 2), 0);
	assert_non_null(strstr(fx.log, "could not be synced"));
	store_close(reader);
	store_close(late);
	store_close(st);
}

/*
 * A row that is revoked already may have been revoked by a process that was
 * killed before its sync.
 */
static void
what_changes_nothing_is_on_disk_too(void **state)
{
	struct store *st = store_open(fx.path, 1);
	const struct id none = fixture_id("none");
	int before;

	(void)state;
	assert_non_null(st);
	assert_int_equal(commit(st, 0, 0), 0);
	before = seen->syncs;
	assert_int_equal(store_begin(st), 0);
	assert_int_equal(store_access_revoke(st, &none, NOW), 0);
	assert_int_equal(store_commit(st), 0);
	assert_int_equal(seen->syncs, before + 1);
	store_close(st);
}

/*
 * A reader that stays, as a backup does, keeps the log from beginning anew;
 * nobody waits for it.
 */
static void
a_reader_that_stays_does_not_stop_writers(void **state)
{
	struct store *st = store_open(fx.path, 0), *reader;

	(void)state;
	assert_non_null(st);
	assert_int_equal(commit(st, 0, 0), 0);
	assert_non_null(reader = store_open(fx.path, 1));
	for (int i = 1; st->own->log_top < 3 * st->own->checkpoint_pages; i++) {
		assert_int_equal(commit(st, 0, i), 0);
		store_idle(st);
		if (i % 20 == 0) { /* a reader that is almost up to date */
			store_read_end(reader);
			assert_int_equal(store_read_begin(reader), 0);
			assert_true(store_client_by_role(reader, fx.a, "none",
					&(struct client){ 0 }) == 0);
		}
	}
	assert_in_range(seen->naps, 1, 150);
	store_read_end(reader);
	for (int i = 0; i < 1000 && st->own->log_top > st->own->checkpoint_pages; i++) {
		assert_int_equal(commit(st, 1, i), 0);
		store_idle(st);
	}
	assert_true(st->own->log_top <= st->own->checkpoint_pages);
	store_close(reader);
	store_close(st);
}

/* As after a restore from a dump. */
static void
a_database_in_another_mode_is_put_into_wal(void **state)
{
	struct store *st;
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(fx.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL,
			     NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_non_null(st = store_open(fx.path, 1));
	assert_int_equal(commit(st, 0, 0), 0);
	assert_int_equal(seen->early, 0);
	assert_true(seen->syncs > 0);
	store_close(st);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_sync_serves_many_and_none_too_early),
		TEST(a_leader_that_is_killed_is_followed_by_another),
		TEST(a_leader_that_stands_still_stops_nobody),
		TEST(a_log_with_a_gap_is_trusted_by_no_process),
		TEST(what_changes_nothing_is_on_disk_too),
		TEST(a_reader_that_stays_does_not_stop_writers),
		TEST(a_database_in_another_mode_is_put_into_wal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
