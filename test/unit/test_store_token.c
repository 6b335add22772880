/* test_store_token.c: access and refresh tokens, families, who wins a race. */
#include "tokens.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

static void
the_holder_of_a_token_is_found_with_client_and_user(void **state)
{
	struct id id = fixture_id("t1"), other = fixture_id("t2");
	struct access_token own = { .id = fixture_id("t3"),
		.client = cl->id,
		.scope = "",
		.created_at = NOW,
		.expires_at = NOW + 1 };
	struct access h;

	(void)state;
	add_access("t1", "f1", NULL);
	assert_int_equal(store_access_find(fx.st, fx.a, &id, &h), 1);
	assert_int_equal(h.client, cl->id);
	assert_int_equal(h.user, u->id);
	assert_string_equal(h.client_id, "c1");
	assert_string_equal(h.email, "a@b.example");
	assert_string_equal(h.user_name, "A user");
	assert_string_equal(h.scope, "read-posts");
	assert_int_equal(h.has_family, 1);
	assert_string_equal(h.family.byte, "f1");
	assert_int_equal(h.created_at, NOW);
	assert_int_equal(h.expires_at, NOW + TTL);
	assert_null(h.name);
	assert_int_equal(
	    h.token_revoked + h.client_revoked + h.user_disabled, 0);
	assert_int_equal(store_access_find(fx.st, fx.a, &other, &h), 0);
	/* A client's own token has no user and no family. */
	assert_int_equal(store_access_add(fx.st, &own), 1);
	assert_int_equal(store_access_find(fx.st, fx.a, &own.id, &h), 1);
	assert_int_equal(h.user, 0);
	assert_null(h.email);
	assert_int_equal(h.has_family, 0);
	assert_int_equal(store_access_add(fx.st, &own), -1);
}

/* RFC 7009 section 2: a revoked token stays revoked, and no other token is. */
static void
token_client_and_user_end_a_token_each(void **state)
{
	struct id id = fixture_id("t1");
	struct access h;

	(void)state;
	add_access("t1", NULL, NULL);
	add_access("t2", NULL, NULL);
	store_user_set_disabled(fx.st, u->id, NOW);
	store_access_find(fx.st, fx.a, &id, &h);
	assert_int_equal(h.user_disabled, 1);
	assert_int_equal(h.client_revoked + h.token_revoked, 0);
	store_client_revoke(fx.st, cl->id, NOW);
	store_access_find(fx.st, fx.a, &id, &h);
	assert_int_equal(h.client_revoked, 1);
	assert_int_equal(h.token_revoked, 0);
	assert_int_equal(store_access_revoke(fx.st, &id, NOW), 1);
	assert_int_equal(store_access_revoke(fx.st, &id, NOW), 0);
	assert_int_equal(access_is_revoked("t1"), 1);
	assert_int_equal(access_is_revoked("t2"), 0);
	id = fixture_id("unknown");
	assert_int_equal(store_access_revoke(fx.st, &id, NOW), 0);
}

static void
an_unspent_token_is_spent_with_the_access_token_of_its_pair(void **state)
{
	(void)state;
	add_pair("r1", "f1");
	add_pair("x1", "f2");
	assert_int_equal(found("r1").spent_at, 0);
	assert_int_equal(spend("r1", NOW, 0), 1);
	assert_int_equal(found("r1").spent_at, NOW);
	assert_int_equal(access_is_revoked("r1"), 1);
	assert_int_equal(live("f1"), 0);
	/* Another family is not touched. */
	assert_int_equal(live("f2"), 1);
	assert_int_equal(access_is_revoked("x1"), 0);
	assert_int_equal(found("x1").spent_at, 0);
}

/*
 * The truth table.  r1 was spent at NOW for r2, which was stored.  A row says
 * which token is presented, for which next one, when, and with which grace;
 * then the result, and whether the access token that came with r2 is revoked
 * afterwards.
 */
static void
a_spent_token_gives_its_next_one_again_within_the_grace(void **state)
{
	static const struct {
		const char *name, *next;
		int64_t after, grace_s;
		int want, r2_revoked;
	} rows[] = {
		/* a second use: within the grace, at its end, after it */
		{ "r1", "r2", 0, GRACE, REFRESH_AGAIN, 0 },
		{ "r1", "r2", GRACE, GRACE, REFRESH_AGAIN, 0 },
		{ "r1", "r2", GRACE + 1, GRACE, REFRESH_REPLAYED, 0 },
		/* the same after the clock was set back */
		{ "r1", "r2", -GRACE, GRACE, REFRESH_AGAIN, 0 },
		{ "r1", "r2", -GRACE - 1, GRACE, REFRESH_REPLAYED, 0 },
		{ "r1", "r2", -3600, GRACE, REFRESH_REPLAYED, 0 },
		/*
		 * no grace: any second use is a replay, even in the same second
		 */
		{ "r1", "r2", 0, 0, REFRESH_REPLAYED, 0 },
		{ "r1", "r2", 1, 0, REFRESH_REPLAYED, 0 },
		/* the next token is not there, or is of another family */
		{ "r1", "r9", 1, GRACE, REFRESH_REPLAYED, 0 },
		{ "r1", "x1", 1, GRACE, REFRESH_REPLAYED, 0 },
		/* the live one itself, with a grace and without */
		{ "r2", "r3", 1, GRACE, REFRESH_FIRST, 1 },
		{ "r2", "r3", 1, 0, REFRESH_FIRST, 1 },
		{ "r2", "r3", TTL - 1, 0, REFRESH_FIRST, 1 },
		/* RFC 6749 section 6: an expired one is refused */
		{ "r2", "r3", TTL, GRACE, REFRESH_REPLAYED, 0 },
		{ "r2", "r3", TTL + 1, 0, REFRESH_REPLAYED, 0 },
		{ "r1", "r2", TTL, 2 * TTL, REFRESH_REPLAYED, 0 },
		{ "unknown", "r2", 1, GRACE, REFRESH_REPLAYED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		add_pair("r1", "f1");
		assert_int_equal(
		    spend_for("r1", "r2", NOW, GRACE), REFRESH_FIRST);
		add_pair("r2", "f1");
		add_pair("x1", "f2");
		if (spend_for(rows[i].name, rows[i].next, NOW + rows[i].after,
			rows[i].grace_s) != rows[i].want)
			fail_msg("row %zu", i);
		assert_int_equal(live("f1"), !rows[i].r2_revoked);
		assert_int_equal(
		    access_is_revoked("r2"), rows[i].r2_revoked);
		assert_int_equal(live("f2"), 1);
		assert_int_equal(access_is_revoked("x1"), 0);
		fixture_sql("DELETE FROM oauth_refresh_tokens");
		fixture_sql("DELETE FROM oauth_access_tokens");
	}
}

/* One more access token that came with next, as by another use. */
static void
add_shared(const char *name, const char *family, const char *next)
{
	struct refresh_token t = { .digest = fixture_digest(name),
		.granted.family = fixture_id(family),
		.access_token = fixture_id(name),
		.granted.client = cl->id,
		.granted.user = u->id,
		.granted.scope = "read-posts",
		.came_with = fixture_digest(next),
		.has_came_with = 1,
		.spent_at = NOW,
		.expires_at = NOW + TTL };

	add_access(name, family, NULL);
	assert_int_equal(store_refresh_add(fx.st, &t), 1);
}

/* The first use of a refresh token ends all access tokens that came with it. */
static void
what_came_with_a_token_ends_with_its_first_use(void **state)
{
	(void)state;
	add_pair("r1", "f1");
	assert_int_equal(spend_for("r1", "r2", NOW, GRACE), REFRESH_FIRST);
	add_pair("r2", "f1");
	assert_int_equal(spend_for("r1", "r2", NOW + 1, GRACE), REFRESH_AGAIN);
	add_shared("s1", "f1", "r2");
	add_shared("s2", "f1", "other");
	assert_int_equal(access_is_revoked("r2"), 0);
	assert_int_equal(access_is_revoked("s1"), 0);
	assert_int_equal(spend_for("r2", "r3", NOW + 2, GRACE), REFRESH_FIRST);
	assert_int_equal(access_is_revoked("r2"), 1);
	assert_int_equal(access_is_revoked("s1"), 1);
	assert_int_equal(access_is_revoked("s2"), 0);
	add_pair("r3", "f1");
	/* A late use of the first token gives its next one, which is spent. */
	assert_int_equal(
	    spend_for("r1", "r2", NOW + GRACE, GRACE), REFRESH_AGAIN);
	assert_int_equal(found("r2").spent_at, NOW + 2);
	assert_int_equal(access_is_revoked("r3"), 0);
	assert_int_equal(live("f1"), 1);
}

/* An owner and a thief who take turns do not make the grace longer. */
static void
the_grace_is_counted_from_the_first_use(void **state)
{
	(void)state;
	add_pair("r1", "f1");
	assert_int_equal(spend_for("r1", "r2", NOW, GRACE), REFRESH_FIRST);
	add_pair("r2", "f1");
	assert_int_equal(
	    spend_for("r1", "r2", NOW + 20, GRACE), REFRESH_AGAIN);
	assert_int_equal(found("r1").spent_at, NOW);
	assert_int_equal(
	    spend_for("r1", "r2", NOW + GRACE + 1, GRACE), REFRESH_REPLAYED);
}

/* FAPI 2.0: a refresh token that is kept lives on, and its time is extended. */
static void
a_kept_token_lives_on(void **state)
{
	struct digest d = fixture_digest("r1"), none = fixture_digest("none");
	struct id family = fixture_id("f1");

	(void)state;
	add_pair("r1", "f1");
	assert_int_equal(store_refresh_keep(fx.st, &none, NOW, NOW + 1), 0);
	assert_int_equal(store_refresh_keep(fx.st, &d, NOW, NOW + 1), 1);
	assert_int_equal(found("r1").expires_at, NOW + TTL);
	assert_int_equal(
	    store_refresh_keep(fx.st, &d, NOW + 1, NOW + TTL + 1), 1);
	assert_int_equal(found("r1").expires_at, NOW + TTL + 1);
	assert_int_equal(found("r1").spent_at, 0);
	assert_int_equal(access_is_revoked("r1"), 0);
	assert_int_equal(
	    store_refresh_keep(fx.st, &d, NOW + TTL + 1, NOW + 2 * TTL), 0);
	store_family_revoke(fx.st, &family, NOW + 2);
	assert_int_equal(store_refresh_keep(fx.st, &d, NOW + 2, NOW + TTL), 0);
}

/* RFC 9700 section 4.14.2. */
static void
a_revoked_family_gives_nothing_even_within_the_grace(void **state)
{
	struct id family = fixture_id("f1");

	(void)state;
	add_pair("r1", "f1");
	assert_int_equal(spend_for("r1", "r2", NOW, GRACE), REFRESH_FIRST);
	add_pair("r2", "f1");
	assert_int_equal(store_begin(fx.st), 0);
	assert_int_equal(store_family_revoke(fx.st, &family, NOW), 2);
	assert_int_equal(store_commit(fx.st), 0);
	assert_int_equal(spend_for("r1", "r2", NOW + 1, GRACE), 0);
	assert_int_equal(spend("r2", NOW + 1, GRACE), 0);
	assert_int_equal(live("f1"), 0);
	assert_int_equal(found("r2").spent_at, 0);
}

/* RFC 6749 section 10.4, RFC 9700 section 4.14.2. */
static void
revoking_a_family_takes_its_tokens_and_no_others(void **state)
{
	struct id family = fixture_id("f1"), none = fixture_id("none");

	(void)state;
	add_pair("r1", "f1");
	spend("r1", NOW, 0);
	add_pair("r2", "f1");
	add_pair("x1", "f2");
	add_access("personal", NULL, "laptop");
	add_access("own", NULL, NULL);
	assert_int_equal(store_family_revoke(fx.st, &none, NOW), 0);
	assert_int_equal(store_family_revoke(fx.st, &family, NOW + 5), 2);
	assert_int_equal(found("r1").revoked_at, NOW + 5);
	assert_int_equal(found("r2").revoked_at, NOW + 5);
	assert_int_equal(access_is_revoked("r1"), 1);
	assert_int_equal(access_is_revoked("r2"), 1);
	assert_int_equal(found("x1").revoked_at, 0);
	assert_int_equal(access_is_revoked("x1"), 0);
	assert_int_equal(access_is_revoked("personal"), 0);
	assert_int_equal(access_is_revoked("own"), 0);
	assert_int_equal(store_family_revoke(fx.st, &family, NOW + 9), 0);
	assert_int_equal(found("r2").revoked_at, NOW + 5);
}

static void
a_refresh_token_is_found_as_stored(void **state)
{
	struct digest d = fixture_digest("unknown");
	struct refresh_token t;

	(void)state;
	add_pair("r1", "f1");
	t = found("r1");
	assert_string_equal(t.granted.family.byte, "f1");
	assert_string_equal(t.access_token.byte, "r1");
	assert_int_equal(t.granted.client, cl->id);
	assert_int_equal(t.granted.user, u->id);
	assert_string_equal(t.granted.scope, "read-posts");
	assert_int_equal(t.expires_at, NOW + TTL);
	assert_int_equal(t.spent_at, 0);
	assert_int_equal(t.revoked_at, 0);
	assert_int_equal(store_refresh_find(fx.st, fx.a, &d, &t), 0);
	t = found("r1");
	assert_int_equal(store_refresh_add(fx.st, &t), -1); /* a second time */
}

static void
personal_tokens_are_listed_and_revoked_by_their_owner(void **state)
{
	struct user *other = fixture_user("c@d.example", "x", NULL);
	struct id id = fixture_id("p1"), app = fixture_id("app");
	struct access_token out[4];
	struct access h;

	(void)state;
	add_access("p1", NULL, "laptop");
	add_access("p2", NULL, "phone");
	add_access("app", "f1", NULL);
	assert_int_equal(
	    store_personal_list(fx.st, fx.a, u->id, NOW, NULL, out, 4), 2);
	assert_string_equal(out[0].name, "phone"); /* newest first */
	assert_string_equal(out[1].name, "laptop");
	assert_int_equal(out[1].last_used_at, 0);
	assert_int_equal(store_access_used(fx.st, &id, NOW + 7), 1);
	assert_int_equal(store_access_find(fx.st, fx.a, &id, &h), 1);
	assert_int_equal(h.last_used_at, NOW + 7);
	assert_non_null(h.name);
	assert_int_equal(
	    store_personal_list(fx.st, fx.a, u->id, NOW, NULL, out, 1), 1);
	assert_int_equal(
	    store_personal_list(fx.st, fx.a, other->id, NOW, NULL, out, 4), 0);
	assert_int_equal(
	    store_personal_list(fx.st, fx.a, u->id, NOW + TTL, NULL, out, 4), 0);
	assert_int_equal(store_personal_revoke(fx.st, other->id, &id, NOW), 0);
	assert_int_equal(store_personal_revoke(fx.st, u->id, &app, NOW), 0);
	assert_int_equal(
	    store_personal_revoke(fx.st, u->id, &id, NOW + TTL), 0);
	assert_int_equal(store_personal_revoke(fx.st, u->id, &id, NOW), 1);
	assert_int_equal(store_personal_revoke(fx.st, u->id, &id, NOW), 0);
	assert_int_equal(
	    store_personal_list(fx.st, fx.a, u->id, NOW, NULL, out, 4), 1);
}

#define ROUNDS 100

struct race {
	atomic_int ready[ROUNDS];
	int result[2][ROUNDS];
};

static int
spend_step(struct store *st, void *ctx)
{
	const struct digest *d = ctx;

	return store_refresh_spend(st, d, d, NOW, 0);
}

/* One of two processes, each with a connection of its own; never returns. */
static void
racer(struct race *race, int me)
{
	struct store *st = store_open(fx.path, 0);
	struct digest d;

	alarm(60); /* it must not wait forever for a process that died */
	for (int i = 0; st != NULL && i < ROUNDS; i++) {
		d = fixture_digest(arena_printf(fx.a, "r%d", i));
		atomic_fetch_add(&race->ready[i], 1);
		while (atomic_load(&race->ready[i]) < 2)
			sched_yield();
		race->result[me][i] = store_write(st, spend_step, &d);
	}
	store_close(st);
	_exit(st == NULL);
}

/* Of any number of concurrent uses exactly one wins. */
static void
of_two_processes_that_spend_one_token_one_gets_it(void **state)
{
	struct race *race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid[2];
	int status;

	(void)state;
	assert_ptr_not_equal(race, MAP_FAILED);
	assert_int_equal(store_begin(fx.st), 0);
	for (int i = 0; i < ROUNDS; i++)
		add_pair(arena_printf(fx.a, "r%d", i), "f1");
	assert_int_equal(store_commit(fx.st), 0);
	store_close(fx.st); /* a connection must not be used after a fork */
	fx.st = NULL;
	for (int me = 0; me < 2; me++) {
		assert_true((pid[me] = fork()) >= 0);
		if (pid[me] == 0)
			racer(race, me);
	}
	for (int me = 0; me < 2; me++) {
		assert_int_equal(waitpid(pid[me], &status, 0), pid[me]);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < ROUNDS; i++)
		assert_int_equal(race->result[0][i] + race->result[1][i], 1);
	assert_int_equal(live("f1"), 0);
	munmap(race, sizeof(*race));
}

#define TEST(name) TEST_IN(name, tokens_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_holder_of_a_token_is_found_with_client_and_user),
		TEST(token_client_and_user_end_a_token_each),
		TEST(
		    an_unspent_token_is_spent_with_the_access_token_of_its_pair),
		TEST(a_spent_token_gives_its_next_one_again_within_the_grace),
		TEST(what_came_with_a_token_ends_with_its_first_use),
		TEST(the_grace_is_counted_from_the_first_use),
		TEST(a_kept_token_lives_on),
		TEST(a_revoked_family_gives_nothing_even_within_the_grace),
		TEST(revoking_a_family_takes_its_tokens_and_no_others),
		TEST(a_refresh_token_is_found_as_stored),
		TEST(personal_tokens_are_listed_and_revoked_by_their_owner),
		TEST(of_two_processes_that_spend_one_token_one_gets_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
