/* test_registration.c: what a client may be (RFC 6749 sections 2.1, 3.1.2). */
#include "fixture.h"

#include "registration.h"

/* What is asked for, and a part of the refusal. */
static void
what_a_client_may_not_be_is_said(void **state)
{
	static const struct {
		struct registration r;
		const char *why; /* a part of the refusal; NULL: it is taken */
	} rows[] = {
		{ { .name = "a", .grants = "password" }, NULL },
		{ { .name = "a", .grants = "device_code,introspect" }, NULL },
		{ { .name = "", .grants = "password" }, "a client's name" },
		{ { .name = "a\nb", .grants = "password" }, "a client's name" },
		{ { .name = "a", .grants = "" }, "no grant given" },
		{ { .name = "a", .grants = " , " }, "no grant given" },
		{ { .name = "a", .grants = "Password" }, "is no grant" },
		{ { .name = "a", .grants = "password implicit" },
		    "implicit is no grant" },
		{ { .name = "a", .grants = "authorization_code" },
		    "needs a redirect URI" },
		{ { .name = "a", .grants = "authorization_code",
		      .redirect_uris = "https://a.example/" },
		    NULL },
		{ { .name = "a", .grants = "authorization_code",
		      .redirect_uris = "https://a.example/ http://b.example/" },
		    "http://b.example/ is no redirect URI" },
		{ { .name = "a", .grants = "password", .scope = "read-posts" },
		    NULL },
		{ { .name = "a", .grants = "password", .scope = "nothing" },
		    "names a scope" },
		{ { .name = "a", .grants = "password", .alg = "EdDSA" }, NULL },
		{ { .name = "a", .grants = "password", .alg = "none" },
		    "none is no algorithm" },
		{ { .name = "a", .grants = "password", .is_public = 1 },
		    "keeps no secret" },
		{ { .name = "a", .grants = "client_credentials",
		      .is_public = 1 },
		    "keeps no secret" },
		{ { .name = "a", .grants = "device_code", .is_public = 1 },
		    NULL },
		{ { .name = "a", .grants = "device_code", .refresh = "keep" },
		    NULL },
		{ { .name = "a", .grants = "device_code", .refresh = "lose" },
		    "keep or rotate" },
		{ { .name = "a", .grants = "device_code", .refresh = "keep",
		      .is_public = 1 },
		    "refresh tokens rotate" },
		{ { .name = "a", .grants = "password", .pkce = "optional" },
		    NULL },
		{ { .name = "a", .grants = "password", .pkce = "no" },
		    "required or optional" },
		{ { .name = "a", .grants = "device_code", .pkce = "optional",
		      .is_public = 1 },
		    "always uses PKCE" },
		{ { .name = "a", .grants = "authorization_code",
		      .redirect_uris = "http://localhost/", .is_trusted = 1 },
		    NULL },
		{ { .name = "a", .grants = "authorization_code",
		      .redirect_uris = "https://a.example/", .is_trusted = 1,
		      .is_public = 1 },
		    NULL },
		{ { .name = "a", .grants = "authorization_code",
		      .redirect_uris = "https://a.example/ http://localhost/",
		      .is_trusted = 1, .is_public = 1 },
		    "only https redirect URIs" },
		{ { .name = "a", .grants = "authorization_code",
		      .redirect_uris = "com.example.a:/", .is_trusted = 1,
		      .is_public = 1 },
		    "only https redirect URIs" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct client cl = REGISTRATION_NEW;
		const char *why = registration_apply(
		    fx.cf, fx.a, &rows[i].r, &cl);

		if ((why == NULL) != (rows[i].why == NULL) ||
		    (why != NULL && strstr(why, rows[i].why) == NULL))
			fail_msg("row %zu: %s", i, why == NULL ? "-" : why);
	}
}

/*
 * A grant has its name on the wire.  A client that gets tokens of users may
 * refresh them.
 */
static void
grants_are_stored_by_their_names(void **state)
{
	static const char *const rows[][2] = {
		{ "password", "password refresh_token" },
		{ "client_credentials", "client_credentials" },
		{ "client_credentials,introspect",
		    "client_credentials introspect" },
		{ "device_code", "urn:ietf:params:oauth:grant-type:device_code"
				 " refresh_token" },
		{ "refresh_token password", "refresh_token password" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct client cl = REGISTRATION_NEW;
		const struct registration r = {
			.name = "a", .grants = rows[i][0],
		};

		assert_null(registration_apply(fx.cf, fx.a, &r, &cl));
		assert_string_equal(cl.grants, rows[i][1]);
	}
}

static void
what_is_not_said_stays(void **state)
{
	const struct client before = { .name = "a", .grants = "refresh_token",
		.redirect_uris = "https://a.example/", .scope = "read-posts",
		.alg = "ES256", .access_ttl = 1, .refresh_ttl = 2,
		.refresh_keep = 1, .pkce_optional = 1, .is_trusted = 1,
		.has_secret = 1, .secret_hash = "x" };
	struct client cl = before;
	struct registration r = { .name = NULL };

	(void)state;
	assert_null(registration_apply(fx.cf, fx.a, &r, &cl));
	assert_memory_equal(&cl, &before, sizeof(cl));
	r = (struct registration) { .name = "b", .access_ttl = 3,
		.refresh = "rotate", .pkce = "required", .is_public = 1 };
	assert_null(registration_apply(fx.cf, fx.a, &r, &cl));
	assert_string_equal(cl.name, "b");
	assert_string_equal(cl.scope, "read-posts");
	assert_int_equal(cl.access_ttl, 3);
	assert_int_equal(cl.refresh_ttl, 2);
	assert_int_equal(cl.refresh_keep, 0);
	assert_int_equal(cl.pkce_optional, 0);
	assert_int_equal(cl.is_trusted, 1);
	assert_int_equal(cl.has_secret, 0);
	assert_null(cl.secret_hash);
}

/*
 * The built-in client is left as it is: carnet install would make another one.
 */
static void
what_install_made_keeps_grants_and_kind(void **state)
{
	struct client cl = { .client_id = "x", .name = "a", .has_secret = 1,
		.grants = "password", .redirect_uris = "", .role = "password" };
	struct registration r = { .grants = "password" };

	(void)state;
	assert_non_null(registration_apply(fx.cf, fx.a, &r, &cl));
	r = (struct registration) { .is_public = 1 };
	assert_non_null(registration_apply(fx.cf, fx.a, &r, &cl));
	assert_int_equal(cl.has_secret, 1);
	r = (struct registration) { .name = "b" };
	assert_null(registration_apply(fx.cf, fx.a, &r, &cl));
}

/* A confidential client gets a new secret; its digest is stored. */
static void
a_new_client_is_found_with_its_secret(void **state)
{
	struct client cl = REGISTRATION_NEW, open = REGISTRATION_NEW, found;
	char secret[SECRET_TEXT_LEN + 1] = "";
	struct digest d;

	(void)state;
	cl.name = open.name = "a";
	cl.grants = open.grants = "";
	open.has_secret = 0;
	assert_int_equal(
	    registration_add(fx.st, fx.a, NOW, &cl, secret), 1);
	assert_int_equal(strlen(secret), SECRET_TEXT_LEN);
	assert_int_equal(
	    registration_add(fx.st, fx.a, NOW, &open, NULL), 1);
	assert_string_not_equal(cl.client_id, open.client_id);
	assert_int_equal(
	    store_client_by_id(fx.st, fx.a, cl.client_id, &found), 1);
	digest_of(secret, strlen(secret), &d);
	assert_true(digest_equal(&found.secret, &d));
	assert_int_equal(found.created_at, NOW);
	assert_int_equal(
	    store_client_by_id(fx.st, fx.a, open.client_id, &found), 1);
	assert_int_equal(found.has_secret, 0);
}

#define TEST(name) TEST_IN(name, fixture_server)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_client_may_not_be_is_said),
		TEST(grants_are_stored_by_their_names),
		TEST(what_is_not_said_stays),
		TEST(what_install_made_keeps_grants_and_kind),
		TEST(a_new_client_is_found_with_its_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
