/* test_grant.c: the table of grants, from parameters to stored tokens. */
#include "fixture.h"

#include "crypt_spy.h"
#include "grant.h"
#include "json.h"
#include "scope.h"
#include "session.h"
#include "store_code.h"
#include "store_consent.h"
#include "store_device.h"
#include "user.h"

/* crypt_blowfish's example, for the password "U*U": cheap, and stale. */
#define BCRYPT "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
/* and for "U*" */
#define BCRYPT_OTHER \
    "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"
#define DEVICE "urn:ietf:params:oauth:grant-type:device_code"
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" /* RFC 7636 */
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static struct client *cl, *other;
static struct user *u;

static int
setup(void **state)
{
	if (fixture_server(state) < 0 ||
	    keys_make(fx.cf->keys, ALG_ES256, 0, 0) != 1)
		return -1;
	cl = fixture_client((struct client){ .client_id = "c1",
	    .has_secret = 1,
	    .grants = "password refresh_token authorization_code " DEVICE });
	other = fixture_client((struct client){ .client_id = "c2" });
	u = fixture_user("a@b.example", BCRYPT, NULL);
	crypt_spy.at_call = NULL;
	return 0;
}

static struct req *
request(int64_t now)
{
	REQUEST(NULL);
	fx.rq.now = now;
	return &fx.rq;
}

/* Take and issue with what stands in the parameters; the answer, or NULL. */
static struct json_object *
redeem(const char *name, const struct client *who, const struct oerr **e)
{
	struct subject sub = { .user = NULL };
	const struct grant *g;

	fx.rq.param[PARAM_GRANT_TYPE] = name;
	if ((*e = grant_find(&fx.rq, &g)) != NULL ||
	    (*e = grant_check(&fx.rq, g, who)) != NULL ||
	    (*e = g->redeem(&fx.rq, who, &sub)) != NULL ||
	    (*e = issue_tokens(&fx.rq, who, &sub)) != NULL)
		return NULL;
	assert_int_equal(fx.rq.status, 200);
	return json_parse(fx.a, fx.rq.body->data, fx.rq.body->len);
}

static struct json_object *
sign_in(int64_t now, const char *password, const struct oerr **e)
{
	request(now);
	fx.rq.param[PARAM_USERNAME] = "A@B.example";
	fx.rq.param[PARAM_PASSWORD] = password;
	fx.rq.param[PARAM_SCOPE] = "read-posts write-posts";
	return redeem("password", cl, e);
}

static struct json_object *
refresh(int64_t now, const struct client *who, const char *token,
    const char *scope, const struct oerr **e)
{
	request(now);
	fx.rq.param[PARAM_REFRESH_TOKEN] = token;
	fx.rq.param[PARAM_SCOPE] = scope;
	return redeem("refresh_token", who, e);
}

static int64_t
live_pairs(void)
{
	return fixture_sql("SELECT count(*) FROM oauth_refresh_tokens"
			   " WHERE spent_at IS NULL AND revoked_at IS NULL");
}

static int64_t
live_access(void)
{
	return fixture_sql("SELECT count(*) FROM oauth_access_tokens"
			   " WHERE revoked_at IS NULL");
}

/* RFC 6749 section 5.2: unsupported_grant_type, invalid_request. */
static void
a_grant_is_found_by_its_exact_name(void **state)
{
	static const char *const no[] = { "Password", "implicit", "password ",
		"refresh", "urn:ietf:params:oauth:grant-type:jwt-bearer" };
	const struct grant *table, *g;
	size_t n;

	(void)state;
	table = grant_table(&n);
	assert_int_equal(n, 5);
	for (size_t i = 0; i < n; i++) {
		fx.rq.param[PARAM_GRANT_TYPE] = table[i].name;
		assert_null(grant_find(&fx.rq, &g));
		assert_ptr_equal(g, &table[i]);
	}
	for (size_t i = 0; i < N(no); i++) {
		fx.rq.param[PARAM_GRANT_TYPE] = no[i];
		assert_ptr_equal(
		    grant_find(&fx.rq, &g), &oerr_unsupported_grant_type);
	}
	fx.rq.param[PARAM_GRANT_TYPE] = NULL;
	assert_string_equal(grant_find(&fx.rq, &g)->description,
	    "The parameter grant_type is missing.");
}

/* RFC 6749 section 5.2; 4.3 and 4.4: confidential clients alone. */
static void
a_client_needs_the_grant_a_secret_and_the_parameters(void **state)
{
	const struct grant *table, *g;
	size_t n;

	(void)state;
	table = grant_table(&n);
	for (size_t i = 0; i < n; i++) {
		struct client holds = { .grants = table[i].name,
			.has_secret = 1 };
		struct client open = { .grants = table[i].name };
		struct client none = { .grants = "", .has_secret = 1 };
		const int may = strcmp(table[i].name, "password") != 0 &&
		    strcmp(table[i].name, "client_credentials") != 0;

		g = &table[i];
		request(NOW);
		for (int p = 0; p < g->n_needs; p++) {
			const struct oerr *e = grant_check(&fx.rq, g, &holds);

			assert_string_equal(e->error, "invalid_request");
			assert_string_equal(e->description,
			    arena_printf(fx.a, "The parameter %s is missing.",
				param_name(g->needs[p])));
			fx.rq.param[g->needs[p]] = "x";
		}
		assert_null(grant_check(&fx.rq, g, &holds));
		assert_ptr_equal(
		    grant_check(&fx.rq, g, &none), &oerr_unauthorized_client);
		assert_ptr_equal(grant_check(&fx.rq, g, &open),
		    may ? NULL : &oerr_unauthorized_client);
	}
}

/* RFC 5321 section 4.5.3.1.3; lower case is the form stored. */
static void
an_email_has_one_at_and_a_domain(void **state)
{
	static const char *const good[] = { "a@b", "a.b+c@x.example",
		"\xc3\xa4@\xc3\xb6.example", "'a'@b" };
	static const char *const bad[] = { "", "@", "a", "a@", "@b", "a@b@c",
		"a @b", "a@b c", "a@.b", "a@b.", " a@b", "a@b\n", "a\x7f@b" };
	char longest[256];

	(void)state;
	for (size_t i = 0; i < N(good); i++)
		assert_string_equal(user_email(fx.a, good[i]), good[i]);
	assert_string_equal(user_email(fx.a, "A.Z@B.Example"), "a.z@b.example");
	for (size_t i = 0; i < N(bad); i++)
		assert_null(user_email(fx.a, bad[i]));
	memset(longest, 'a', 255);
	longest[100] = '@';
	longest[255] = '\0';
	assert_null(user_email(fx.a, longest));
	longest[254] = '\0';
	assert_string_equal(user_email(fx.a, longest), longest);
}

/* RFC 6749 section 5.1. */
static void
a_password_gives_a_pair_and_renews_a_stale_hash(void **state)
{
	struct json_object *o;
	const struct oerr *e;
	struct user now;
	int64_t n;

	(void)state;
	o = sign_in(NOW, "U*U", &e);
	assert_non_null(o);
	assert_string_equal(json_get_str(o, "token_type"), "Bearer");
	assert_int_equal(json_get_int(o, "expires_in", &n), 1);
	assert_int_equal(n, 3600);
	assert_string_equal(json_get_str(o, "scope"), "read-posts write-posts");
	assert_non_null(json_get_str(o, "access_token"));
	assert_int_equal(strlen(json_get_str(o, "refresh_token")), 43);
	assert_non_null(strstr(fx.headers.data, "Cache-Control: no-store\r\n"));
	assert_non_null(strstr(fx.headers.data, "Pragma: no-cache\r\n"));
	assert_int_equal(store_user_by_id(fx.st, fx.a, u->id, &now), 1);
	assert_memory_equal(now.password, "$y$", 3);
	assert_non_null(sign_in(NOW, "U*U", &e));
}

/* One answer to all, or it tells which accounts exist. */
static void
every_refused_sign_in_reads_alike(void **state)
{
	static const char *const names[] = { "a@b.example", "no@b.example",
		"no address", "" };
	const struct oerr *e;

	(void)state;
	for (size_t i = 0; i < N(names); i++) {
		request(NOW);
		fx.rq.param[PARAM_USERNAME] = names[i];
		fx.rq.param[PARAM_PASSWORD] = "wrong";
		crypt_spy_begin();
		assert_null(redeem("password", cl, &e));
		assert_ptr_equal(e, &oerr_invalid_grant);
		/* and so does the time: one hash is brought along, of cost 5 */
		assert_int_equal(crypt_spy.yescrypts, 1);
		assert_int_equal(crypt_spy.bcrypt_work, 32);
		assert_int_equal(
		    crypt_checksalt(crypt_spy.setting), CRYPT_SALT_OK);
	}
	store_user_set_disabled(fx.st, u->id, NOW);
	crypt_spy_begin();
	assert_null(sign_in(NOW, "U*U", &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_int_equal(crypt_spy.yescrypts, 1);
	assert_int_equal(crypt_spy.bcrypt_work, 32);
	assert_int_equal(live_access(), 0);
}

/* Who signs in pays for their own hash, and its renewal. */
static void
what_others_brought_along_costs_no_sign_in(void **state)
{
	const struct oerr *e;

	(void)state;
	crypt_spy_begin();
	assert_non_null(sign_in(NOW, "U*U", &e));
	assert_int_equal(crypt_spy.calls, 2);
	crypt_spy_begin();
	assert_non_null(sign_in(NOW, "U*U", &e));
	assert_int_equal(crypt_spy.calls, 1);
	/* Nor, with the last of them renewed, a refusal. */
	crypt_spy_begin();
	assert_null(sign_in(NOW + 60, "wrong", &e));
	assert_int_equal(crypt_spy.calls, 1);
	assert_int_equal(crypt_spy.yescrypts, 1);
}

/* The cost is looked for once in a while, and at once if the clock went back. */
static void
hashes_that_come_along_later_are_seen(void **state)
{
	const struct oerr *e;

	(void)state;
	assert_null(sign_in(NOW, "wrong", &e));
	fixture_user("late@b.example", "$2y$06$abc", NULL);
	for (int i = 0; i < 3; i++) {
		crypt_spy_begin();
		sign_in(NOW + (i == 0 ? 59 : i == 1 ? 60 : -1), "wrong", &e);
		assert_int_equal(crypt_spy.bcrypt_work, i == 0 ? 32 : 64);
	}
}

/* RFC 6749 section 4.4.3: no refresh token. */
static void
client_credentials_give_an_access_token_alone(void **state)
{
	struct client self = *other;
	struct json_object *o;
	const struct oerr *e;

	(void)state;
	self.has_secret = 1;
	request(NOW);
	fx.rq.param[PARAM_SCOPE] = "read-posts";
	o = redeem("client_credentials", &self, &e);
	assert_non_null(o);
	assert_null(json_get_str(o, "refresh_token"));
	assert_string_equal(json_get_str(o, "scope"), "read-posts");
	assert_int_equal(live_pairs(), 0);
	request(NOW);
	fx.rq.param[PARAM_SCOPE] = "admin";
	assert_null(redeem("client_credentials", &self, &e));
	assert_ptr_equal(e, &oerr_invalid_scope);
}

/* RFC 6749 section 6; one pair of a family lives. */
static void
a_refresh_token_rotates(void **state)
{
	const char *first, *second;
	const struct oerr *e;

	(void)state;
	first = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	second = json_get_str(
	    refresh(NOW + 100, cl, first, NULL, &e), "refresh_token");
	assert_string_not_equal(first, second);
	assert_int_equal(live_pairs(), 1);
	assert_int_equal(live_access(), 1);
	/* A retry within the grace gets a pair in place of the lost one. */
	assert_non_null(refresh(NOW + 130, cl, first, NULL, &e));
	assert_int_equal(live_pairs(), 1);
	assert_int_equal(live_access(), 1);
}

/* RFC 9700 section 4.14.2. */
static void
a_spent_token_past_the_grace_revokes_the_family(void **state)
{
	const char *first, *second;
	const struct oerr *e;

	(void)state;
	sign_in(NOW, "U*U", &e); /* another family, which stays */
	first = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	second =
	    json_get_str(refresh(NOW, cl, first, NULL, &e), "refresh_token");
	assert_null(refresh(NOW + 31, cl, first, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_string_equal(
	    fx.rq.why, "refresh token used twice: family revoked");
	assert_int_equal(live_pairs(), 1);
	assert_int_equal(live_access(), 1);
	assert_null(refresh(NOW + 31, cl, second, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_string_equal(fx.rq.why, "revoked refresh token");
}

/* What was spent in the future was so before the clock was set back. */
static void
a_clock_that_is_set_back_brings_no_spent_token_back(void **state)
{
	const struct oerr *e;
	const char *first;

	(void)state;
	first = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	assert_non_null(refresh(NOW, cl, first, NULL, &e));
	assert_non_null(refresh(NOW - 30, cl, first, NULL, &e));
	assert_null(refresh(NOW - 31, cl, first, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_string_equal(
	    fx.rq.why, "refresh token used twice: family revoked");
	assert_int_equal(live_pairs(), 0);
}

/* Both found it unspent; in the transaction the second one finds it spent. */
static void
who_loses_the_race_for_a_token_revokes_the_family(void **state)
{
	struct subject sub = { .user = NULL };
	const struct oerr *e;
	const char *token;

	(void)state;
	fixture_conf("refresh_grace = 0\n");
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	request(NOW);
	fx.rq.param[PARAM_REFRESH_TOKEN] = token;
	assert_null(grant_refresh(&fx.rq, cl, &sub));
	assert_non_null(refresh(NOW, cl, token, NULL, &e));
	request(NOW);
	assert_ptr_equal(issue_tokens(&fx.rq, cl, &sub), &oerr_invalid_grant);
	assert_string_equal(fx.rq.why, "used twice: family revoked");
	assert_int_equal(live_pairs(), 0);
	assert_int_equal(live_access(), 0);
}

static void
a_refresh_token_is_refused_where_it_does_not_belong(void **state)
{
	const struct oerr *e;
	const char *token;

	(void)state;
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	assert_null(refresh(NOW, cl, "unknown", NULL, &e));
	assert_string_equal(fx.rq.why, "unknown refresh token");
	/* Another client's: refused, and the owner's still good. */
	assert_null(refresh(NOW, other, token, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_int_equal(live_pairs(), 1);
	assert_null(refresh(NOW + 30 * 86400, cl, token, NULL, &e));
	assert_string_equal(fx.rq.why, "expired refresh token");
	store_user_set_disabled(fx.st, u->id, NOW);
	assert_null(refresh(NOW, cl, token, NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	store_user_set_disabled(fx.st, u->id, 0);
	/* A spent one that another client sends: stolen, all of it dies. */
	assert_non_null(refresh(NOW, cl, token, NULL, &e));
	assert_null(refresh(NOW, other, token, NULL, &e));
	assert_int_equal(live_pairs(), 0);
	assert_int_equal(live_access(), 0);
}

/* RFC 6749 section 6: not more than was granted; less is for this time alone.
 */
static void
a_refresh_may_narrow_the_scope_and_not_widen_it(void **state)
{
	static const char *const wide[] = { "admin", "read-posts admin", "*",
		"gone" };
	struct json_object *o;
	const struct oerr *e;
	const char *token;

	(void)state;
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	for (size_t i = 0; i < N(wide); i++) {
		assert_null(refresh(NOW, cl, token, wide[i], &e));
		assert_ptr_equal(e, &oerr_invalid_scope);
	}
	assert_int_equal(live_pairs(), 1); /* nothing spent by a refusal */
	o = refresh(NOW, cl, token, "read-posts", &e);
	assert_string_equal(json_get_str(o, "scope"), "read-posts");
	o = refresh(NOW, cl, json_get_str(o, "refresh_token"), NULL, &e);
	assert_string_equal(json_get_str(o, "scope"), "read-posts write-posts");
	/* What the user may no longer have is gone; nothing left: an error. */
	fixture_conf("user_scopes = read-posts\n");
	o = refresh(NOW, cl, json_get_str(o, "refresh_token"), NULL, &e);
	assert_string_equal(json_get_str(o, "scope"), "read-posts");
	fixture_conf("user_scopes = admin\n");
	assert_null(
	    refresh(NOW, cl, json_get_str(o, "refresh_token"), NULL, &e));
	assert_ptr_equal(e, &oerr_invalid_scope);
}

static struct json_object *
redeem_code(int64_t now, const struct client *who, const char *redirect_uri,
    const char *verifier, const struct oerr **e)
{
	request(now);
	fx.rq.param[PARAM_CODE] = "the code";
	fx.rq.param[PARAM_REDIRECT_URI] = redirect_uri;
	fx.rq.param[PARAM_CODE_VERIFIER] = verifier;
	return redeem("authorization_code", who, e);
}

static void
add_code(void)
{
	struct auth_code c = { .digest = fixture_digest("the code"),
		.family = fixture_id("family"),
		.client = cl->id,
		.user = u->id,
		.redirect_uri = "https://app.example/cb",
		.challenge = CHALLENGE,
		.scope = "read-posts",
		.expires_at = NOW + 60 };

	assert_int_equal(store_code_add(fx.st, &c), 1);
}

/* RFC 6749 section 4.1.2, 4.1.3, RFC 7636 section 4.6. */
static void
a_code_is_good_once_for_its_client_uri_and_verifier(void **state)
{
	static const char uri[] = "https://app.example/cb";
	struct client app = *other;
	struct json_object *o;
	const struct oerr *e;

	(void)state;
	app.grants = cl->grants;
	add_code();
	assert_null(redeem_code(NOW, &app, uri, VERIFIER, &e));
	assert_string_equal(fx.rq.why, "code of another client");
	assert_null(
	    redeem_code(NOW, cl, "https://app.example/cb/", VERIFIER, &e));
	assert_string_equal(fx.rq.why, "another redirect_uri");
	assert_null(redeem_code(NOW, cl, uri, CHALLENGE, &e));
	assert_string_equal(fx.rq.why, "wrong code_verifier");
	assert_null(redeem_code(NOW + 60, cl, uri, VERIFIER, &e));
	assert_string_equal(fx.rq.why, "expired code");
	o = redeem_code(NOW + 59, cl, uri, VERIFIER, &e);
	assert_string_equal(json_get_str(o, "scope"), "read-posts");
	assert_int_equal(live_pairs(), 1);
	/* A second use revokes what the first one gave. */
	assert_null(redeem_code(NOW + 59, cl, uri, VERIFIER, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_string_equal(fx.rq.why, "code used twice: family revoked");
	assert_int_equal(live_pairs(), 0);
	assert_int_equal(live_access(), 0);
}

static struct json_object *
poll_device(int64_t now, const struct oerr **e)
{
	request(now);
	fx.rq.param[PARAM_DEVICE_CODE] = "the device";
	return redeem(DEVICE, cl, e);
}

/* RFC 8628 section 3.5. */
static void
a_device_polls_until_its_user_has_decided(void **state)
{
	struct device_code c = { .digest = fixture_digest("the device"),
		.user_code = "BCDFGHJK",
		.family = fixture_id("family"),
		.client = cl->id,
		.scope = "read-posts",
		.interval_s = 5,
		.expires_at = NOW + 600 };
	const struct oerr *e;

	(void)state;
	assert_int_equal(store_device_add(fx.st, &c), 1);
	poll_device(NOW, &e);
	assert_ptr_equal(e, &oerr_authorization_pending);
	poll_device(NOW + 4, &e);
	assert_ptr_equal(e, &oerr_slow_down);
	poll_device(NOW + 12, &e); /* ten seconds from now on */
	assert_ptr_equal(e, &oerr_slow_down);
	poll_device(NOW + 27, &e); /* fifteen */
	assert_ptr_equal(e, &oerr_authorization_pending);
	assert_int_equal(store_device_decide(fx.st, "BCDFGHJK", u->id,
			     "read-posts", 1, NOW + 30),
	    1);
	assert_int_equal(store_device_decide(fx.st, "BCDFGHJK", u->id,
			     "read-posts", 0, NOW + 30),
	    0);
	assert_non_null(poll_device(NOW + 31, &e));
	assert_int_equal(live_pairs(), 1);
	assert_null(poll_device(NOW + 40, &e));
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_int_equal(live_pairs(), 0);
}

static void
a_device_code_denied_or_expired_gives_nothing(void **state)
{
	struct device_code c = { .digest = fixture_digest("the device"),
		.user_code = "BCDFGHJK",
		.family = fixture_id("family"),
		.client = cl->id,
		.scope = "read-posts",
		.interval_s = 5,
		.expires_at = NOW + 600 };
	const struct oerr *e;

	(void)state;
	poll_device(NOW, &e);
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_int_equal(store_device_add(fx.st, &c), 1);
	poll_device(NOW + 600, &e);
	assert_ptr_equal(e, &oerr_expired_token);
	store_device_decide(fx.st, "BCDFGHJK", u->id, "read-posts", 0, NOW);
	poll_device(NOW + 1, &e);
	assert_ptr_equal(e, &oerr_access_denied);
	assert_int_equal(live_access(), 0);
}

/* RFC 8707 section 2. */
static void
a_token_is_for_the_issuer_or_an_audience_of_ours(void **state)
{
	static const struct {
		const char *resource;
		int good;
	} rows[] = { { "https://auth.example", 1 },
		{ "https://api.example", 1 }, { "https://evil.example", 0 },
		{ "https://api.example/", 0 } };
	struct client self = *other;
	const struct oerr *e;

	(void)state;
	self.has_secret = 1;
	fixture_conf("audiences = https://api.example\n");
	for (size_t i = 0; i < N(rows); i++) {
		request(NOW);
		fx.rq.param[PARAM_RESOURCE] = rows[i].resource;
		redeem("client_credentials", &self, &e);
		assert_ptr_equal(e, rows[i].good ? NULL : &oerr_invalid_target);
	}
}

/* A 200 is a promise: where nothing was stored nothing is given. */
static void
where_storing_fails_nothing_is_issued(void **state)
{
	const struct oerr *e;
	const char *token;

	(void)state;
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	fixture_sql("CREATE TRIGGER t BEFORE INSERT ON oauth_refresh_tokens"
		    " BEGIN SELECT RAISE(ABORT, 'no'); END");
	assert_null(refresh(NOW + 100, cl, token, NULL, &e));
	assert_ptr_equal(e, &oerr_server_error);
	assert_int_equal(live_pairs(), 1); /* nor was the old one spent */
	assert_int_equal(live_access(), 1);
	fixture_sql("DROP TRIGGER t");
	assert_non_null(refresh(NOW + 100, cl, token, NULL, &e));
}

/* What happens while a hash is made: the second one, that of the renewal. */
static void
change_password(int call)
{
	if (call == 2)
		store_user_set_password(fx.st, u->id, NULL, BCRYPT_OTHER);
}

static void
sign_in_meanwhile(int call)
{
	struct user who;
	struct req kept = fx.rq;

	if (call != 2)
		return;
	crypt_spy.at_call = NULL;
	assert_null(user_authenticate(&fx.rq, "a@b.example", "U*U", &who));
	fx.rq = kept;
}

/* Changed after it was verified, and before what it opens was stored. */
static void
a_password_that_was_changed_in_between_opens_nothing(void **state)
{
	struct subject sub = { .user = NULL };
	const struct oerr *e;

	(void)state;
	sign_in(NOW, "U*U", &e);
	assert_null(e);
	request(NOW);
	fx.rq.param[PARAM_USERNAME] = "a@b.example";
	fx.rq.param[PARAM_PASSWORD] = "U*U";
	assert_null(grant_password(&fx.rq, cl, &sub));
	store_user_set_password(fx.st, u->id, NULL, "new");
	store_app_revoke(fx.st, u->id, 0, NOW);
	assert_ptr_equal(issue_tokens(&fx.rq, cl, &sub), &oerr_invalid_grant);
	assert_string_equal(
	    fx.rq.why, "password changed or user disabled meanwhile");
	assert_int_equal(live_pairs(), 0);
	assert_int_equal(live_access(), 0);
}

static void
nor_does_it_begin_a_session(void **state)
{
	struct visitor v = { .signed_in = 0 };
	struct user who;

	(void)state;
	request(NOW);
	assert_null(user_authenticate(&fx.rq, "a@b.example", "U*U", &who));
	store_user_set_password(fx.st, u->id, NULL, "new");
	assert_ptr_equal(
	    session_sign_in(&fx.rq, &v, &who), &oerr_invalid_grant);
	assert_int_equal(v.signed_in, 0);
	assert_string_equal(v.cookie, "");
	assert_int_equal(fixture_sql("SELECT count(*) FROM sessions"), 0);
	/* In another transaction nothing is left behind. */
	assert_int_equal(store_begin(fx.st), 0);
	store_rollback(fx.st);
}

/*
 * The hash that was verified is an old one: it is not put over a new password.
 */
static void
a_renewal_does_not_bring_an_old_password_back(void **state)
{
	struct user now;
	struct user who;

	(void)state;
	request(NOW);
	crypt_spy.calls = 0;
	crypt_spy.at_call = change_password;
	assert_ptr_equal(user_authenticate(&fx.rq, "a@b.example", "U*U", &who),
	    &oerr_invalid_grant);
	assert_int_equal(crypt_spy.calls, 3); /* verified, renewed, again */
	assert_int_equal(store_user_by_id(fx.st, fx.a, u->id, &now), 1);
	assert_string_equal(now.password, BCRYPT_OTHER);
}

/* Two sign-ins at once renew it: both are good. */
static void
of_two_renewals_the_second_keeps_the_first(void **state)
{
	struct user now, who;

	(void)state;
	request(NOW);
	crypt_spy.calls = 0;
	crypt_spy.at_call = sign_in_meanwhile;
	assert_null(user_authenticate(&fx.rq, "a@b.example", "U*U", &who));
	assert_int_equal(store_user_by_id(fx.st, fx.a, u->id, &now), 1);
	assert_string_equal(now.password, who.password);
	assert_memory_equal(now.password, "$y$", 3);
}

/* Disabled, or the token revoked, after it was looked at. */
static void
what_is_ended_in_between_gives_no_new_pair(void **state)
{
	struct subject sub = { .user = NULL };
	const struct oerr *e;
	const char *token;

	(void)state;
	token = json_get_str(sign_in(NOW, "U*U", &e), "refresh_token");
	request(NOW);
	fx.rq.param[PARAM_REFRESH_TOKEN] = token;
	assert_null(grant_refresh(&fx.rq, cl, &sub));
	store_user_set_disabled(fx.st, u->id, NOW);
	assert_ptr_equal(issue_tokens(&fx.rq, cl, &sub), &oerr_invalid_grant);
	assert_int_equal(live_pairs(), 1); /* nothing spent */
	store_user_set_disabled(fx.st, u->id, 0);
	request(NOW);
	fx.rq.param[PARAM_REFRESH_TOKEN] = token;
	assert_null(grant_refresh(&fx.rq, cl, &sub));
	store_user_set_password(fx.st, u->id, NULL, "new");
	store_app_revoke(fx.st, u->id, 0, NOW);
	assert_ptr_equal(issue_tokens(&fx.rq, cl, &sub), &oerr_invalid_grant);
	assert_int_equal(live_pairs(), 0);
	assert_int_equal(live_access(), 0);
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_grant_is_found_by_its_exact_name),
		TEST(a_client_needs_the_grant_a_secret_and_the_parameters),
		TEST(an_email_has_one_at_and_a_domain),
		TEST(a_password_gives_a_pair_and_renews_a_stale_hash),
		TEST(every_refused_sign_in_reads_alike),
		TEST(what_others_brought_along_costs_no_sign_in),
		TEST(hashes_that_come_along_later_are_seen),
		TEST(client_credentials_give_an_access_token_alone),
		TEST(a_refresh_token_rotates),
		TEST(a_spent_token_past_the_grace_revokes_the_family),
		TEST(a_clock_that_is_set_back_brings_no_spent_token_back),
		TEST(who_loses_the_race_for_a_token_revokes_the_family),
		TEST(a_refresh_token_is_refused_where_it_does_not_belong),
		TEST(a_refresh_may_narrow_the_scope_and_not_widen_it),
		TEST(a_code_is_good_once_for_its_client_uri_and_verifier),
		TEST(a_device_polls_until_its_user_has_decided),
		TEST(a_device_code_denied_or_expired_gives_nothing),
		TEST(a_token_is_for_the_issuer_or_an_audience_of_ours),
		TEST(where_storing_fails_nothing_is_issued),
		TEST(a_password_that_was_changed_in_between_opens_nothing),
		TEST(nor_does_it_begin_a_session),
		TEST(a_renewal_does_not_bring_an_old_password_back),
		TEST(of_two_renewals_the_second_keeps_the_first),
		TEST(what_is_ended_in_between_gives_no_new_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
