/* test_store_passkey.c: the passkeys of users, and what works one time. */
#include "fixture.h"

#include "store_erase.h"
#include "store_expired.h"
#include "store_passkey.h"
#include "store_seal.h"
#include "store_used.h"

static int
add_step(struct store *st, void *ctx)
{
	return store_passkey_add(st, ctx);
}

static int
add(int64_t user, const char *credential, int64_t count)
{
	return store_write(fx.st, add_step,
	    &(struct passkey) { .user = user, .credential = credential,
		.key = "key", .name = "Phone", .transports = "usb nfc",
		.count = count, .created_at = NOW, .may_sync = 1 });
}

static struct passkey
find(const char *credential)
{
	struct passkey p;

	assert_int_equal(
	    store_passkey_find(fx.st, fx.a, credential, &p), 1);
	return p;
}

static void
a_passkey_is_found_as_stored(void **state)
{
	struct user *u = fixture_user("a@b.example", "x", NULL);
	struct passkey p;

	(void)state;
	assert_int_equal(add(u->id, "one", 7), 1);
	p = find("one");
	assert_int_equal(p.user, u->id);
	assert_string_equal(p.credential, "one");
	assert_string_equal(p.key, "key");
	assert_string_equal(p.name, "Phone");
	assert_string_equal(p.transports, "usb nfc");
	assert_int_equal(p.count, 7);
	assert_int_equal(p.created_at, NOW);
	assert_int_equal(p.last_used_at, 0);
	assert_int_equal(p.may_sync, 1);
	assert_int_equal(p.is_synced, 0);
	assert_int_equal(store_passkey_find(fx.st, fx.a, "ONE", &p), 0);
}

/* WebAuthn section 7.1 step 22: whoever else has it. */
static void
a_credential_is_taken_once(void **state)
{
	struct user *u = fixture_user("a@b.example", "x", NULL);
	struct user *v = fixture_user("c@d.example", "x", NULL);

	(void)state;
	assert_int_equal(add(u->id, "one", 0), 1);
	assert_int_equal(add(u->id, "one", 0), 0);
	assert_int_equal(add(v->id, "one", 0), 0);
	assert_int_equal(find("one").user, u->id);
	assert_int_equal(add(99, "two", 0), 0);
}

static void
a_user_has_so_many_at_most(void **state)
{
	struct user *u = fixture_user("a@b.example", "x", NULL);
	struct user *v = fixture_user("c@d.example", "x", NULL);
	struct passkey p[PASSKEYS_MAX + 1];

	(void)state;
	for (int i = 0; i < PASSKEYS_MAX; i++)
		assert_int_equal(
		    add(u->id, arena_printf(fx.a, "k%d", i), 0), 1);
	assert_int_equal(add(u->id, "more", 0), 0);
	assert_int_equal(add(v->id, "more", 0), 1);
	assert_int_equal(
	    store_passkey_list(fx.st, fx.a, u->id, p, N(p)), PASSKEYS_MAX);
	assert_string_equal(p[0].credential, "k0");
	assert_int_equal(store_passkey_list(fx.st, fx.a, v->id, p, N(p)), 1);
	assert_string_equal(p[0].credential, "more");
}

/* Section 7.2 step 21: it rises, or stays 0. */
static void
counters_rise(void **state)
{
	static const struct {
		int64_t before, count;
		int is_taken;
	} rows[] = {
		{ 0, 0, 1 }, { 0, 1, 1 }, { 7, 8, 1 }, { 7, UINT32_MAX, 1 },
		{ 7, 7, 0 }, { 7, 6, 0 }, { 7, 0, 0 }, { 1, 0, 0 },
		{ UINT32_MAX, UINT32_MAX, 0 },
	};
	struct user *u = fixture_user("a@b.example", "x", NULL);

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const char *name = arena_printf(fx.a, "k%zu", i);
		struct passkey p;

		assert_int_equal(add(u->id, name, rows[i].before), 1);
		p = find(name);
		p.count = rows[i].count;
		p.is_synced = 1;
		p.last_used_at = NOW + 1;
		assert_int_equal(
		    store_passkey_used(fx.st, &p), rows[i].is_taken);
		p = find(name);
		assert_int_equal(p.count,
		    rows[i].is_taken ? rows[i].count : rows[i].before);
		assert_int_equal(p.is_synced, rows[i].is_taken);
		assert_int_equal(
		    p.last_used_at, rows[i].is_taken ? NOW + 1 : 0);
	}
}

static void
only_its_user_changes_it(void **state)
{
	struct user *u = fixture_user("a@b.example", "x", NULL);
	struct user *v = fixture_user("c@d.example", "x", NULL);
	struct passkey p;

	(void)state;
	add(u->id, "one", 0);
	add(u->id, "two", 0);
	p = find("one");
	assert_int_equal(store_passkey_rename(fx.st, v->id, p.id, "No"), 0);
	assert_int_equal(store_passkey_delete(fx.st, v->id, p.id), 0);
	assert_int_equal(store_passkey_rename(fx.st, u->id, p.id, "Key"), 1);
	assert_string_equal(find("one").name, "Key");
	assert_string_equal(find("two").name, "Phone");
	assert_int_equal(store_passkey_delete(fx.st, u->id, p.id), 1);
	assert_int_equal(store_passkey_delete(fx.st, u->id, p.id), 0);
	assert_int_equal(store_passkey_find(fx.st, fx.a, "one", &p), 0);
	find("two");
	assert_int_equal(store_passkey_used(fx.st, &p), 0);
}

static int
erase(struct store *st, void *ctx)
{
	return store_erase_user(st, *(const int64_t *)ctx);
}

static void
they_go_with_their_user(void **state)
{
	struct user *u = fixture_user("a@b.example", "x", NULL);
	struct user *v = fixture_user("c@d.example", "x", NULL);
	struct passkey p;

	(void)state;
	add(u->id, "one", 0);
	add(v->id, "two", 0);
	assert_int_equal(store_write(fx.st, erase, &u->id), 1);
	assert_int_equal(store_passkey_find(fx.st, fx.a, "one", &p), 0);
	find("two");
	assert_int_equal(store_passkey_delete_all(fx.st, v->id), 1);
	assert_int_equal(store_passkey_delete_all(fx.st, v->id), 0);
}

static int
spend_step(struct store *st, void *ctx)
{
	const struct digest d = fixture_digest(ctx);

	return store_used_add(st, &d, NOW + 300);
}

static int
spend(const char *text)
{
	return store_write(fx.st, spend_step, arena_str(fx.a, text));
}

static void
what_is_spent_is_spent_until_it_expires(void **state)
{
	(void)state;
	assert_int_equal(spend("a"), 1);
	assert_int_equal(spend("a"), 0);
	assert_int_equal(spend("b"), 1);
	/* The purge has a turn for it: those of the first two lines are gone. */
	store_set_now(fx.st, NOW + 301);
	fixture_sql("UPDATE used_once SET expires_at = 1");
	for (int i = 0; i < 4 * STORE_EXPIRED_KINDS; i++)
		spend(arena_printf(fx.a, "c%d", i));
	assert_int_equal(
	    fixture_sql("SELECT count(*) FROM used_once WHERE expires_at = 1"), 0);
	assert_int_equal(spend("a"), 1);
}

static void
the_seal_key_is_made_once(void **state)
{
	struct digest one, again, zero = { { 0 } };

	(void)state;
	assert_int_equal(store_seal_key(fx.st, &one), 1);
	assert_int_equal(digest_equal(&one, &zero), 0);
	assert_int_equal(store_seal_key(fx.st, &again), 1);
	assert_int_equal(digest_equal(&one, &again), 1);
	assert_int_equal(fixture_sql("SELECT count(*) FROM seal_key"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN(a_passkey_is_found_as_stored, fixture_server),
		TEST_IN(a_credential_is_taken_once, fixture_server),
		TEST_IN(a_user_has_so_many_at_most, fixture_server),
		TEST_IN(counters_rise, fixture_server),
		TEST_IN(only_its_user_changes_it, fixture_server),
		TEST_IN(they_go_with_their_user, fixture_server),
		TEST_IN(what_is_spent_is_spent_until_it_expires, fixture_server),
		TEST_IN(the_seal_key_is_made_once, fixture_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
