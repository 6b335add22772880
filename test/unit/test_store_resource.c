/* test_store_resource.c: what is granted is stored with its resource (RFC 8707). */
#include "resources.h"

#include "scope.h"
#include "store_consent.h"
#include "store_token.h"

static struct refresh_token
refresh_for(const char *resource)
{
	return (struct refresh_token){ .digest = fixture_digest("token"),
		.granted.family = fixture_id("f"),
		.access_token = fixture_id("t"),
		.granted.client = cl->id,
		.granted.user = u->id,
		.granted.scope = "read-posts",
		.granted.resource = resource,
		.expires_at = NOW + 600 };
}

static void
what_is_granted_keeps_its_resource(void **state)
{
	struct refresh_token t = refresh_for(A), t_out;
	struct device_code dc = device_for(A), dc_out;
	struct auth_code c = code_for(A), c_out;

	(void)state;
	assert_int_equal(store_code_add(fx.st, &c), 1);
	assert_int_equal(store_code_find(fx.st, fx.a, &c.digest, &c_out), 1);
	assert_string_equal(c_out.granted.resource, A);
	assert_int_equal(store_device_add(fx.st, &dc), 1);
	assert_int_equal(
	    store_device_find(fx.st, fx.a, &dc.digest, &dc_out), 1);
	assert_string_equal(dc_out.granted.resource, A);
	memset(&dc_out, 0, sizeof(dc_out));
	assert_int_equal(
	    store_device_by_user_code(fx.st, fx.a, "BCDFGHJK", NOW, &dc_out),
	    1);
	assert_string_equal(dc_out.granted.resource, A);
	assert_int_equal(store_refresh_add(fx.st, &t), 1);
	assert_int_equal(store_refresh_find(fx.st, fx.a, &t.digest, &t_out), 1);
	assert_string_equal(t_out.granted.resource, A);
}

static const struct proof proof = {
	.at = NOW - 7, .amr = "pwd otp mfa", .acr = ACR_MFA,
};

static void
assert_proof(const struct proof *p)
{
	assert_int_equal(p->at, proof.at);
	assert_string_equal(p->amr, proof.amr);
	assert_int_equal(p->acr, proof.acr);
}

/* RFC 9068 section 2.2.1: a device has it from the user who decides. */
static void
what_is_granted_keeps_how_its_user_signed_in(void **state)
{
	struct refresh_token t = refresh_for(NULL), t_out;
	struct device_code dc = device_for(NULL), dc_out;
	struct auth_code c = code_for(NULL), c_out;
	struct granted g = { .user = u->id, .scope = "x", .proof = proof };

	(void)state;
	c.granted.proof = t.granted.proof = proof;
	assert_int_equal(store_code_add(fx.st, &c), 1);
	assert_int_equal(store_code_find(fx.st, fx.a, &c.digest, &c_out), 1);
	assert_proof(&c_out.granted.proof);
	assert_string_equal(c_out.redirect_uri, c.redirect_uri);
	assert_int_equal(store_device_add(fx.st, &dc), 1);
	assert_int_equal(
	    store_device_find(fx.st, fx.a, &dc.digest, &dc_out), 1);
	assert_int_equal(dc_out.granted.proof.at, 0);
	assert_null(dc_out.granted.proof.amr);
	assert_int_equal(dc_out.granted.proof.acr, ACR_NONE);
	assert_int_equal(
	    store_device_decide(fx.st, "BCDFGHJK", &g, 1, NOW), 1);
	assert_int_equal(
	    store_device_find(fx.st, fx.a, &dc.digest, &dc_out), 1);
	assert_proof(&dc_out.granted.proof);
	assert_int_equal(store_refresh_add(fx.st, &t), 1);
	assert_int_equal(store_refresh_find(fx.st, fx.a, &t.digest, &t_out), 1);
	assert_proof(&t_out.granted.proof);
}

/* Rows stay as small as they were. */
static void
where_none_was_named_there_is_none(void **state)
{
	struct refresh_token t = refresh_for(NULL), t_out;
	struct device_code dc = device_for(NULL), dc_out;
	struct auth_code c = code_for(NULL), c_out;

	(void)state;
	assert_int_equal(store_code_add(fx.st, &c), 1);
	assert_int_equal(store_code_find(fx.st, fx.a, &c.digest, &c_out), 1);
	assert_null(c_out.granted.resource);
	assert_int_equal(store_device_add(fx.st, &dc), 1);
	assert_int_equal(
	    store_device_find(fx.st, fx.a, &dc.digest, &dc_out), 1);
	assert_null(dc_out.granted.resource);
	assert_int_equal(store_refresh_add(fx.st, &t), 1);
	assert_int_equal(store_refresh_find(fx.st, fx.a, &t.digest, &t_out), 1);
	assert_null(t_out.granted.resource);
	assert_int_equal(
	    fixture_sql("SELECT (SELECT count(*) FROM oauth_auth_codes"
			"  WHERE resource IS NULL) + (SELECT count(*) FROM"
			"  oauth_device_codes WHERE resource IS NULL) + "
			"(SELECT count(*)"
			"  FROM oauth_refresh_tokens WHERE resource IS NULL)"),
	    3);
}

/* The scope that is remembered for that resource, or "none". */
static const char *
remembered(const char *resource)
{
	const char *scope = NULL;
	int rc =
	    store_consent_find(fx.st, fx.a, u->id, cl->id, resource, &scope);

	assert_in_range(rc, 0, 1);
	return rc == 1 ? scope : "none";
}

static void
grant(const char *resource, const char *words, int64_t at)
{
	fx.rq.now = at;
	assert_int_equal(scope_consent(&fx.rq, u->id, cl->id, resource,
			     scope_parse(fx.cf, words, NULL)),
	    1);
}

static void
a_consent_counts_for_its_resource_alone(void **state)
{
	(void)state;
	assert_string_equal(remembered(NULL), "none");
	grant(A, "read-posts", NOW);
	assert_string_equal(remembered(A), "read-posts");
	assert_string_equal(remembered(B), "none");
	assert_string_equal(remembered(NULL), "none");
	grant(A, "write-posts", NOW);
	assert_string_equal(remembered(A), "read-posts write-posts");
	grant(B, "admin", NOW);
	assert_string_equal(remembered(A), "read-posts write-posts");
	assert_string_equal(remembered(B), "admin");
	assert_string_equal(remembered(NULL), "none");
}

/* A code of this consent lets the client name any of the resources. */
static void
a_consent_for_none_in_particular_counts_for_each(void **state)
{
	(void)state;
	grant(NULL, "read-posts", NOW);
	assert_string_equal(remembered(A), "read-posts");
	assert_string_equal(remembered(NULL), "read-posts");
	grant(A, "write-posts", NOW);
	assert_non_null(strstr(remembered(A), "read-posts"));
	assert_non_null(strstr(remembered(A), "write-posts"));
	assert_string_equal(remembered(NULL), "read-posts");
	assert_string_equal(remembered(B), "read-posts");
}

/* The account page lists an app, and all that it may do. */
static void
consents_are_listed_and_taken_back_by_client(void **state)
{
	struct client *other =
	    fixture_client((struct client){ .client_id = "c2" });
	struct consent out[3];

	(void)state;
	grant(A, "read-posts", NOW + 1);
	grant(B, "write-posts", NOW + 3);
	assert_int_equal(scope_consent(&fx.rq, u->id, other->id, NULL, 0), 1);
	grant(NULL, "", NOW + 4);
	assert_int_equal(store_consent_used(fx.st, u->id, cl->id, NOW + 9), 3);
	assert_int_equal(
	    store_consent_list(fx.st, fx.a, u->id, out, N(out)), 2);
	assert_int_equal(out[0].client, cl->id);
	assert_string_equal(out[0].client_id, "c1");
	assert_int_equal(out[0].granted_at, NOW + 4);
	assert_int_equal(out[0].last_used_at, NOW + 9);
	assert_int_equal(scope_parse(fx.cf, out[0].scope, NULL),
	    scope_parse(fx.cf, "read-posts write-posts", NULL));
	assert_int_equal(out[1].client, other->id);
	assert_int_equal(out[1].last_used_at, 0);
	assert_int_equal(store_begin(fx.st), 0);
	assert_true(store_app_revoke(fx.st, u->id, cl->id, NOW) >= 0);
	assert_int_equal(store_commit(fx.st), 0);
	assert_string_equal(remembered(A), "none");
	assert_string_equal(remembered(B), "none");
	assert_int_equal(
	    store_consent_list(fx.st, fx.a, u->id, out, N(out)), 1);
}

#define TEST(name) TEST_IN(name, resources_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_granted_keeps_its_resource),
		TEST(what_is_granted_keeps_how_its_user_signed_in),
		TEST(where_none_was_named_there_is_none),
		TEST(a_consent_counts_for_its_resource_alone),
		TEST(a_consent_for_none_in_particular_counts_for_each),
		TEST(consents_are_listed_and_taken_back_by_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
