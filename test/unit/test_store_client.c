/* test_store_client.c: the programs that ask for tokens. */
#include "fixture.h"

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

/* A confidential client without a hash must not become a public one. */
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

#define TEST(name) TEST_IN(name, fixture_server)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_client_is_found_as_stored),
		TEST(a_secret_brought_from_elsewhere_keeps_its_hash),
		TEST(a_client_is_revoked_once_and_leaves_its_role),
		TEST(clients_are_listed_in_pages_and_public_ones_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
