/* test_client.c: client authentication (RFC 6749 section 2.3). */
#include "fixture.h"

#include "client.h"

/* RFC 6749 section 2.3.1. */
#define RFC_BASIC "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"
#define RFC_ID "s6BhdRkqt3"
#define RFC_SECRET "7Fjfp0ZBr1KtDRbnfVdmIw"

/* The example of crypt_blowfish for "U*U". */
#define BCRYPT "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

static int
setup(void **state)
{
	if (fixture_server(state) < 0)
		return -1;
	fixture_client((struct client){ .client_id = RFC_ID,
	    .has_secret = 1,
	    .secret = fixture_digest(RFC_SECRET) });
	fixture_client((struct client){ .client_id = "public" });
	fixture_client(
	    (struct client){ .client_id = "old", .secret_hash = BCRYPT });
	fixture_client((struct client){ .client_id = "a b:+%",
	    .has_secret = 1,
	    .secret = fixture_digest("p:\xc3\xa4&=") });
	store_client_revoke(fx.st,
	    fixture_client((struct client){ .client_id = "gone",
			       .has_secret = 1,
			       .secret = fixture_digest("x") })
		->id,
	    NOW);
	return 0;
}

/* Authenticate with this header (NULL: none), and this in the body. */
static const struct oerr *
authenticate(const char *header, const char *id, const char *secret,
    const struct client **out)
{
	if (header == NULL)
		REQUEST(NULL);
	else
		REQUEST(arena_printf(fx.a, "HTTP_AUTHORIZATION=%s", header));
	fx.rq.param[PARAM_CLIENT_ID] = id;
	fx.rq.param[PARAM_CLIENT_SECRET] = secret;
	*out = NULL;
	return client_authenticate(&fx.rq, out);
}

static int
challenged(void)
{
	return strcmp(fx.headers.data,
		   "WWW-Authenticate: Basic realm=\"carnet\"\r\n") == 0;
}

static void
every_method_authenticates(void **state)
{
	static const struct {
		const char *header, *id, *secret, *who;
	} rows[] = {
		/* client_secret_basic */
		{ RFC_BASIC, NULL, NULL, RFC_ID },
		{ "basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3", NULL,
		    NULL, RFC_ID },
		{ "BASIC   czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3", NULL,
		    NULL, RFC_ID },
		/* the same client named in the body too */
		{ RFC_BASIC, RFC_ID, NULL, RFC_ID },
		/* form-encoded: "a+b%3A%2B%25:p%3A%C3%A4%26%3D" */
		{ "Basic "
		  "YStiJTNBJTJCJTI1OnAlM0ElQzMlQTQlMjYlM0Q=",
		    NULL, NULL, "a b:+%" },
		/* "old:U*U" */
		{ "Basic b2xkOlUqVQ==", NULL, NULL, "old" },
		/* "public:": Basic with an empty secret is a public client */
		{ "Basic cHVibGljOg==", NULL, NULL, "public" },
		/* client_secret_post */
		{ NULL, RFC_ID, RFC_SECRET, RFC_ID },
		{ NULL, "old", "U*U", "old" },
		{ NULL, "a b:+%", "p:\xc3\xa4&=", "a b:+%" },
		/* a scheme that is not for client authentication */
		{ "Bearer x", RFC_ID, RFC_SECRET, RFC_ID },
		/* none */
		{ NULL, "public", NULL, "public" },
	};
	const struct client *cl;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		if (authenticate(rows[i].header, rows[i].id, rows[i].secret,
			&cl) != NULL)
			fail_msg("row %zu: %s", i, fx.rq.trail.why);
		assert_string_equal(cl->client_id, rows[i].who);
		assert_string_equal(fx.rq.trail.client_id, rows[i].who);
		assert_string_equal(fx.headers.data, "");
	}
}

/* RFC 6749 section 5.2: invalid_client, with a challenge for the header. */
static void
what_fails_is_invalid_client_and_alike(void **state)
{
	static const struct {
		const char *header, *id, *secret, *why;
	} rows[] = {
		{ NULL, NULL, NULL, "no client named" },
		{ "Bearer x", NULL, NULL, "no client named" },
		{ "Digest x", NULL, NULL, "no client named" },
		{ NULL, RFC_ID, "wrong", "wrong secret" },
		{ NULL, RFC_ID, RFC_SECRET " ", "wrong secret" },
		{ NULL, RFC_ID, NULL, "no secret" },
		{ NULL, "old", "U*", "wrong secret" },
		{ NULL, "old", BCRYPT, "wrong secret" },
		{ NULL, "old", NULL, "no secret" },
		{ NULL, "unknown", "x", "unknown client" },
		{ NULL, "unknown", NULL, "unknown client" },
		{ NULL, "s6bhdrkqt3", RFC_SECRET, "unknown client" },
		{ NULL, "gone", "x", "revoked client" },
		{ NULL, "gone", "y", "wrong secret" },
		{ NULL, "public", "x", "a secret from a client that has none" },
		/* "s6BhdRkqt3:wrong", "s6BhdRkqt3:", "gone:x" */
		{ "Basic czZCaGRSa3F0Mzp3cm9uZw==", NULL, NULL,
		    "wrong secret" },
		{ "Basic czZCaGRSa3F0Mzo=", NULL, NULL, "wrong secret" },
		{ "Basic Z29uZTp4", NULL, NULL, "revoked client" },
		/* no colon; no base64; padding removed; a NUL; ":x"; "%zz:x" */
		{ "Basic czZCaGRSa3F0Mw==", NULL, NULL, "malformed Basic" },
		{ "Basic !!!!", NULL, NULL, "malformed Basic" },
		{ "Basic ", NULL, NULL, "malformed Basic" },
		{ "Basic czZCaGRSa3F0Mzo", NULL, NULL, "malformed Basic" },
		{ "Basic YTpiAGM=", NULL, NULL, "malformed Basic" },
		{ "Basic Ong=", NULL, NULL, "unknown client" },
		{ "Basic JXp6Ong=", NULL, NULL, "malformed Basic" },
		/* "a%00:x", "a:%00": a NUL behind the percent sign */
		{ "Basic YSUwMDp4", NULL, NULL, "malformed Basic" },
		{ "Basic YTolMDA=", NULL, NULL, "malformed Basic" },
	};
	const struct client *cl;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const struct oerr *e = authenticate(
		    rows[i].header, rows[i].id, rows[i].secret, &cl);

		if (e != &oerr_invalid_client)
			fail_msg("row %zu: %s", i, e == NULL ? "" : e->error);
		assert_string_equal(fx.rq.trail.why, rows[i].why);
		assert_int_equal(challenged(), rows[i].header != NULL);
		assert_null(cl);
	}
}

/* RFC 6749 section 2.3: not more than one method in each request. */
static void
two_methods_at_once_are_an_invalid_request(void **state)
{
	const struct client *cl;
	const struct oerr *e;

	(void)state;
	e = authenticate(RFC_BASIC, RFC_ID, RFC_SECRET, &cl);
	assert_string_equal(e->error, "invalid_request");
	assert_int_equal(e->status, 400);
	e = authenticate(RFC_BASIC, NULL, RFC_SECRET, &cl);
	assert_string_equal(e->error, "invalid_request");
	e = authenticate("Basic !!!!", NULL, "x", &cl);
	assert_string_equal(e->error, "invalid_request");
	/* The header names one client and the body another. */
	e = authenticate(RFC_BASIC, "public", NULL, &cl);
	assert_string_equal(e->error, "invalid_request");
	assert_null(cl);
}

/* The names under which Apache passes the header on; a host that removes it. */
static void
the_header_is_found_under_its_other_names(void **state)
{
	static const char *const names[] = { "HTTP_AUTHORIZATION",
		"REDIRECT_HTTP_AUTHORIZATION",
		"REDIRECT_REDIRECT_HTTP_AUTHORIZATION", "HTTP_X_MY_AUTH" };
	const struct client *cl;

	(void)state;
	for (size_t i = 0; i < N(names); i++) {
		fixture_conf("auth_header = X-My-Auth\n");
		REQUEST(arena_printf(fx.a, "%s=%s", names[i], RFC_BASIC));
		assert_null(client_authenticate(&fx.rq, &cl));
		REQUEST(arena_printf(fx.a, "%s=%s", names[i], RFC_BASIC),
		    "HTTP_AUTHORIZATION=");
		assert_null(client_authenticate(&fx.rq, &cl));
	}
	fixture_conf("");
	REQUEST("HTTP_X_MY_AUTH=" RFC_BASIC);
	assert_ptr_equal(
	    client_authenticate(&fx.rq, &cl), &oerr_invalid_client);
}

static void
an_unknown_client_has_no_secret_that_fits(void **state)
{
	static const struct client none = { .client_id = "x" };

	(void)state;
	assert_int_equal(client_secret_fits(NULL, ""), 0);
	assert_int_equal(client_secret_fits(NULL, "x"), 0);
	assert_int_equal(client_secret_fits(&none, ""), 0);
	assert_int_equal(client_is_public(&none), 1);
}

/* If the database fails, the client is not called unknown. */
static void
a_database_error_is_not_invalid_client(void **state)
{
	const struct client *cl;

	(void)state;
	fixture_sql("ALTER TABLE oauth_clients RENAME TO x");
	assert_ptr_equal(
	    authenticate(NULL, RFC_ID, RFC_SECRET, &cl), &oerr_server_error);
}

static void
the_methods_are_those_registered(void **state)
{
	static const char *const want[] = { "client_secret_basic",
		"client_secret_post", "private_key_jwt", "tls_client_auth",
		"self_signed_tls_client_auth", "none" };
	const struct client_method *m;
	size_t n;

	(void)state;
	m = client_methods(&n);
	assert_int_equal(n, N(want));
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(m[i].name, want[i]);
		assert_int_equal(m[i].has_proof, i < n - 1);
	}
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_method_authenticates),
		TEST(what_fails_is_invalid_client_and_alike),
		TEST(two_methods_at_once_are_an_invalid_request),
		TEST(the_header_is_found_under_its_other_names),
		TEST(an_unknown_client_has_no_secret_that_fits),
		TEST(a_database_error_is_not_invalid_client),
		TEST(the_methods_are_those_registered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
