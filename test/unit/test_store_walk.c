/* test_store_walk.c: all tokens are revoked, and none escapes that. */
#include "tokens.h"

#include "id.h"
#include "store_walk.h"

/*
 * A refresh between two batches stores its row at a place that the walk has
 * passed. It dies by the row that it replaced, which has the same family.
 */
static void
a_revocation_is_not_outrun_by_a_refresh(void **state)
{
	struct walk w = { .client = cl->id };
	const char *old = NULL, *new = NULL, *name;
	struct digest d;
	int more;

	(void)state;
	assert_int_equal(store_begin(fx.st), 0);
	for (int i = 0; i < 300; i++) {
		name = arena_printf(fx.a, "r%d", i);
		add_pair(name, arena_printf(fx.a, "f%d", i));
	}
	assert_int_equal(store_commit(fx.st), 0);
	while (w.after.len == 0)
		assert_int_equal(store_walk_revoke(fx.st, &w, NOW), 1);
	for (int i = 0; old == NULL || new == NULL; i++) {
		name = arena_printf(fx.a, "%c%d", i < 300 ? 'r' : 'n', i);
		d = fixture_digest(name);
		if (memcmp(d.byte, w.after.byte, DIGEST_LEN) > 0)
			old = i < 300 ? name : old;
		else
			new = i < 300 ? new : name;
	}
	assert_int_equal(spend(old, NOW, 0), 1);
	add_pair(new, arena_printf(fx.a, "f%s", old + 1));
	do
		more = store_walk_revoke(fx.st, &w, NOW);
	while (more == 1);
	assert_int_equal(more, 0);
	assert_int_equal(found(new).revoked_at, NOW);
	assert_int_equal(access_is_revoked(new), 1);
	assert_int_equal(w.refresh, 300);
	assert_int_equal(w.access, 300); /* old's was revoked by the refresh */
}

/*
 * Each token makes another one.  A token that was made at a place that the walk
 * has passed dies too.
 */
static void
a_revocation_is_not_outrun_by_personal_tokens(void **state)
{
	struct walk w = { .user = u->id };
	struct user *other = fixture_user("b@b.example", "x", NULL);
	struct access_token t = { .client = cl->id,
		.scope = "",
		.name = "late",
		.expires_at = NOW + TTL };
	int more;

	(void)state;
	assert_int_equal(store_begin(fx.st), 0);
	for (int i = 0; i < 300; i++)
		add_access(arena_printf(fx.a, "x%d", i), NULL, "early");
	assert_int_equal(store_commit(fx.st), 0);
	while (w.after.len == 0)
		assert_int_equal(store_walk_revoke(fx.st, &w, NOW), 1);
	for (int i = 0; i < 600; i++) {
		t.user = i % 2 ? other->id : u->id;
		id_make(NOW - 1, &t.id);
		assert_true(memcmp(t.id.byte, w.after.byte, ID_LEN) < 0);
		assert_int_equal(store_access_add(fx.st, &t), 1);
	}
	do
		more = store_walk_revoke(fx.st, &w, NOW);
	while (more == 1);
	assert_int_equal(more, 0);
	assert_int_equal(w.access, 600);
	assert_int_equal(fixture_sql("SELECT count(*) FROM oauth_access_tokens"
				     " WHERE revoked_at IS NULL"),
	    300); /* a token of another user */
}

#define TEST(name) TEST_IN(name, tokens_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_revocation_is_not_outrun_by_a_refresh),
		TEST(a_revocation_is_not_outrun_by_personal_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
