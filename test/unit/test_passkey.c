/*
 * test_passkey.c: passkeys are offered, made and used (WebAuthn Level 2, section 7):
 * challenges, whose passkey it is, and what is told of a copy.
 */
#include "fixture.h"

#include <json-c/json.h>

#include "b64.h"
#include "json.h"
#include "passkey.h"
#include "passkey_site.h"
#include "session.h"
#include "tmpl.h"

static struct arena *a;

#include "authenticator.h"

#define TTL 300 /* of a challenge, in seconds */

static struct visitor v;
static struct user *ada;

static const char *
b64(const struct octets *o)
{
	char *text = arena_alloc(a, B64_LEN(o->len) + 1);

	b64url_encode(o->data, o->len, text);
	return text;
}

static void
new_request(int64_t now)
{
	REQUEST(NULL);
	fx.rq.now = now;
}

static int
setup(void **state)
{
	if (fixture_server(state) < 0)
		return -1;
	a = fx.a;
	fixture_conf("mail_from = a@auth.example\nmail_command = /bin/true\n");
	memset(&v, 0, sizeof(v));
	strcpy(v.cookie, "the cookie of a browser");
	ada = fixture_user("ada@b.example", "x", NULL);
	assert_int_equal(
	    store_user_by_id(fx.st, fx.a, ada->id, &v.user), 1);
	v.signed_in = 1;
	new_request(NOW);
	return 0;
}

/* The text of {{name}} in d. */
static const char *
shown(const struct tmpl_data *d, const char *name)
{
	struct buf b;

	buf_init(&b, a, 256);
	assert_int_equal(tmpl_render_text(&b,
	    arena_printf(a, "{{%s}}", name), d, NULL, NULL), 0);
	return b.data;
}

static struct json_object *
offer(enum passkey_ask ask, const struct user *u, const char **challenge)
{
	struct tmpl_data *d = tmpl_data_new(a);
	const char *text;
	struct json_object *o;

	assert_null(passkey_offer(&fx.rq, &v, ask, u, d));
	*challenge = arena_str(a, shown(d, "passkey_challenge"));
	text = shown(d, "passkey_options");
	assert_non_null(o = json_parse(a, text, strlen(text)));
	assert_string_equal(json_get_str(o, "challenge"), *challenge);
	return o;
}

static const char *
challenge_of(enum passkey_ask ask)
{
	const char *text;

	offer(ask, &v.user, &text);
	return text;
}

/* Send what the authenticator answered, as the page's form does. */
static void
send(const struct authenticator *au, const char *handle)
{
	const struct octets id = { (const uint8_t *)au->id, strlen(au->id) };
	const struct octets h = { (const uint8_t *)handle,
		handle == NULL ? 0 : strlen(handle) };

	fx.rq.param[PARAM_CHALLENGE] = au->challenge;
	fx.rq.param[PARAM_CREDENTIAL] = arena_printf(a,
	    "{\"id\":\"%s\",\"type\":\"public-key\",\"response\":{"
	    "\"clientDataJSON\":\"%s\",\"attestationObject\":\"%s\","
	    "\"transports\":[\"usb\",\"nfc\",7,\"a b\",\"<script>\"],"
	    "\"authenticatorData\":\"%s\",\"signature\":\"%s\","
	    "\"userHandle\":\"%s\"}}",
	    b64(&id), b64(&au->client), b64(&au->object), b64(&au->data),
	    b64(&au->sig), b64(&h));
}

static int
add_step(struct store *st, void *ctx)
{
	return store_passkey_add(st, ctx);
}

/* A passkey of ada, stored. */
static struct authenticator
made(enum alg alg)
{
	struct authenticator au = authenticator_new(alg);
	struct passkey p;

	au.challenge = challenge_of(PASSKEY_MAKE);
	authenticator_create(&au);
	send(&au, NULL);
	assert_null(passkey_make(&fx.rq, &v, &p));
	p.name = "Key";
	assert_int_equal(store_write(fx.st, add_step, &p), 1);
	return au;
}

static const struct oerr *
use_with(struct authenticator *au, const struct user *u, const char *handle,
    struct user *out, struct proof *proof)
{
	const enum passkey_ask ask = u == NULL ? PASSKEY_ALONE : PASSKEY_SECOND;

	if (u != NULL)
		*out = *u;
	au->challenge = challenge_of(ask);
	authenticator_get(au);
	send(au, handle);
	return passkey_use(&fx.rq, &v, ask, out, proof);
}

static void
assert_refused(const struct oerr *e, const struct oerr *want, const char *why)
{
	assert_ptr_equal(e, want);
	assert_string_equal(fx.rq.trail.why, why);
}

/* Sections 5.4 and 5.5: what the page asks for. */
static void
options_are_those_of_the_user(void **state)
{
	struct authenticator au = made(ALG_ES256);
	const struct octets id = { (const uint8_t *)au.id, strlen(au.id) };
	const char *challenge;
	struct json_object *o, *x;

	(void)state;
	o = offer(PASSKEY_MAKE, &v.user, &challenge);
	json_object_object_get_ex(o, "rp", &x);
	assert_string_equal(json_get_str(x, "id"), RP_ID);
	json_object_object_get_ex(o, "user", &x);
	assert_string_equal(json_get_str(x, "id"), "MQ"); /* "1" */
	assert_string_equal(json_get_str(x, "name"), "ada@b.example");
	assert_string_equal(json_get_str(x, "displayName"), "A user");
	json_object_object_get_ex(o, "excludeCredentials", &x);
	assert_string_equal(json_object_to_json_string_ext(x,
	    JSON_C_TO_STRING_PLAIN), arena_printf(a,
	    "[{\"type\":\"public-key\",\"id\":\"%s\","
	    "\"transports\":[\"usb\",\"nfc\"]}]", b64(&id)));
	json_object_object_get_ex(o, "pubKeyCredParams", &x);
	assert_string_equal(json_object_to_json_string_ext(x,
	    JSON_C_TO_STRING_PLAIN),
	    "[{\"type\":\"public-key\",\"alg\":-7},"
	    "{\"type\":\"public-key\",\"alg\":-8},"
	    "{\"type\":\"public-key\",\"alg\":-257}]");
	assert_string_equal(json_get_str(o, "attestation"), "none");

	o = offer(PASSKEY_ALONE, NULL, &challenge);
	assert_string_equal(json_get_str(o, "rpId"), RP_ID);
	assert_string_equal(json_get_str(o, "userVerification"), "required");
	assert_int_equal(
	    json_object_object_get_ex(o, "allowCredentials", NULL), 0);
	o = offer(PASSKEY_SECOND, &v.user, &challenge);
	assert_string_equal(json_get_str(o, "userVerification"), "discouraged");
	json_object_object_get_ex(o, "allowCredentials", &x);
	assert_int_equal(json_object_array_length(x), 1);
	key_free(au.key);
}

static void
a_new_passkey_is_read(void **state)
{
	struct authenticator au = authenticator_new(ALG_ES256);
	struct passkey p;

	(void)state;
	au.challenge = challenge_of(PASSKEY_MAKE);
	au.count = 5;
	au.flags |= WEBAUTHN_MAY_SYNC;
	authenticator_create(&au);
	send(&au, NULL);
	assert_null(passkey_make(&fx.rq, &v, &p));
	assert_int_equal(p.user, ada->id);
	assert_string_equal(p.key, b64(&au.cose));
	assert_string_equal(p.transports, "usb nfc");
	assert_int_equal(p.count, 5);
	assert_int_equal(p.created_at, NOW);
	assert_int_equal(p.may_sync, 1);
	assert_int_equal(p.is_synced, 0);
	au.origin = "https://evil.example";
	authenticator_create(&au);
	send(&au, NULL);
	assert_refused(passkey_make(&fx.rq, &v, &p), &oerr_invalid_request,
	    "passkey: the origin is another");
	fx.rq.param[PARAM_CREDENTIAL] = "{\"id\":\"YQ\",\"response\":[]}";
	assert_refused(passkey_make(&fx.rq, &v, &p), &oerr_invalid_request,
	    "the credential is malformed");
	fx.rq.param[PARAM_CREDENTIAL] = NULL;
	assert_refused(passkey_make(&fx.rq, &v, &p), &oerr_invalid_request,
	    "the credential is malformed");
	key_free(au.key);
}

/* Section 13.4.3: made here, for this browser, and not long ago. */
static void
challenges_are_ours_and_young(void **state)
{
	struct authenticator au = authenticator_new(ALG_ES256);
	struct passkey p;
	char *bad;

	(void)state;
	au.challenge = challenge_of(PASSKEY_MAKE);
	authenticator_create(&au);
	new_request(NOW + TTL - 1);
	send(&au, NULL);
	assert_null(passkey_make(&fx.rq, &v, &p));
	new_request(NOW + TTL);
	send(&au, NULL);
	assert_refused(passkey_make(&fx.rq, &v, &p), &oerr_stale_form,
	    "the challenge is too old");
	new_request(NOW - 6);
	send(&au, NULL);
	assert_refused(passkey_make(&fx.rq, &v, &p), &oerr_stale_form,
	    "the challenge is too old");
	new_request(NOW);
	send(&au, NULL);
	v.cookie[0] = 'T';
	assert_refused(passkey_make(&fx.rq, &v, &p), &oerr_stale_form,
	    "the challenge is not ours, or another browser's");
	v.cookie[0] = 't';
	for (size_t i = 0; i < strlen(au.challenge); i++) {
		bad = arena_str(a, au.challenge);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		fx.rq.param[PARAM_CHALLENGE] = bad;
		assert_ptr_equal(
		    passkey_make(&fx.rq, &v, &p), &oerr_stale_form);
	}
	fx.rq.param[PARAM_CHALLENGE] = NULL;
	assert_refused(passkey_make(&fx.rq, &v, &p), &oerr_stale_form,
	    "no challenge of ours");
	/* Ours, but not the one that was signed. */
	fx.rq.param[PARAM_CHALLENGE] = challenge_of(PASSKEY_MAKE);
	assert_refused(passkey_make(&fx.rq, &v, &p), &oerr_invalid_request,
	    "passkey: the challenge is another");
	key_free(au.key);
}

static void
a_passkey_alone_signs_in(void **state)
{
	struct authenticator au = made(ALG_ES256);
	struct proof proof;
	struct passkey p;
	struct user out;
	const struct octets id = { (const uint8_t *)au.id, strlen(au.id) };

	(void)state;
	au.flags |= WEBAUTHN_MAY_SYNC | WEBAUTHN_SYNCED;
	assert_null(use_with(&au, NULL, "1", &out, &proof));
	assert_int_equal(out.id, ada->id);
	assert_int_equal(proof.at, NOW);
	assert_int_equal(proof.acr, ACR_PHR);
	assert_string_equal(proof.amr, "pop user mfa");
	assert_int_equal(store_passkey_find(fx.st, a, b64(&id), &p), 1);
	assert_int_equal(p.last_used_at, NOW);
	assert_int_equal(p.is_synced, 1);
	/* It must verify who uses it. */
	au.flags &= ~(unsigned)WEBAUTHN_VERIFIED;
	assert_refused(use_with(&au, NULL, "1", &out, &proof),
	    &oerr_invalid_grant, "passkey: the user was not verified");
	key_free(au.key);
}

static void
a_passkey_is_a_second_factor(void **state)
{
	struct authenticator au = made(ALG_EDDSA);
	struct proof proof;
	struct user out;

	(void)state;
	au.flags = WEBAUTHN_PRESENT;
	assert_null(use_with(&au, &v.user, NULL, &out, &proof));
	assert_int_equal(out.id, ada->id);
	assert_int_equal(proof.acr, ACR_MFA);
	assert_string_equal(proof.amr, "pop user mfa");
	au.flags |= WEBAUTHN_VERIFIED;
	assert_null(use_with(&au, &v.user, "1", &out, &proof));
	assert_int_equal(proof.acr, ACR_PHR);
	/* In the place of the password it must verify them. */
	au.challenge = challenge_of(PASSKEY_AGAIN);
	authenticator_get(&au);
	send(&au, "1");
	assert_null(passkey_use(&fx.rq, &v, PASSKEY_AGAIN, &out, &proof));
	au.flags = WEBAUTHN_PRESENT;
	au.challenge = challenge_of(PASSKEY_AGAIN);
	authenticator_get(&au);
	send(&au, "1");
	assert_refused(passkey_use(&fx.rq, &v, PASSKEY_AGAIN, &out, &proof),
	    &oerr_invalid_grant, "passkey: the user was not verified");
	key_free(au.key);
}

/* Section 7.2 steps 5 to 7, and 20. */
static void
only_its_owner_signs_in_with_it(void **state)
{
	struct user *bob = fixture_user("bob@b.example", "x", NULL), out;
	struct authenticator au = made(ALG_ES256), other;
	static const char not_owner[] =
	    "the user handle is not that of the passkey's owner";
	struct proof proof;

	(void)state;
	assert_refused(use_with(&au, NULL, NULL, &out, &proof),
	    &oerr_invalid_grant, not_owner);
	assert_refused(use_with(&au, NULL, "2", &out, &proof),
	    &oerr_invalid_grant, not_owner);
	assert_refused(use_with(&au, NULL, "11", &out, &proof),
	    &oerr_invalid_grant, not_owner);
	assert_refused(use_with(&au, &v.user, "2", &out, &proof),
	    &oerr_invalid_grant, not_owner);
	assert_refused(use_with(&au, bob, "2", &out, &proof),
	    &oerr_invalid_grant, "another user's passkey");
	other = authenticator_new(ALG_ES256);
	other.id = "another one";
	assert_refused(use_with(&other, NULL, "1", &out, &proof),
	    &oerr_invalid_grant, "unknown passkey");
	other.id = au.id;
	assert_refused(use_with(&other, NULL, "1", &out, &proof),
	    &oerr_invalid_grant, "passkey: the signature is wrong");
	assert_null(use_with(&au, NULL, "1", &out, &proof));
	store_user_set_disabled(fx.st, ada->id, NOW);
	assert_refused(use_with(&au, NULL, "1", &out, &proof),
	    &oerr_invalid_grant, "disabled user");
	key_free(au.key);
	key_free(other.key);
}

/* What was seen on its way works no second time, though the counter stays 0. */
static void
a_use_counts_once(void **state)
{
	struct authenticator au = made(ALG_ES256);
	struct proof proof;
	struct user out;

	(void)state;
	assert_null(use_with(&au, NULL, "1", &out, &proof));
	assert_refused(passkey_use(&fx.rq, &v, PASSKEY_ALONE, &out, &proof),
	    &oerr_stale_form, "the challenge was used before");
	assert_null(use_with(&au, NULL, "1", &out, &proof));
	/* A stranger's failures leave no row. */
	assert_int_equal(fixture_sql("SELECT count(*) FROM used_once"), 2);
	au.origin = "https://evil.example";
	assert_non_null(use_with(&au, NULL, "1", &out, &proof));
	assert_int_equal(fixture_sql("SELECT count(*) FROM used_once"), 2);
	key_free(au.key);
}

/* Section 7.2 step 21: refused, and its user is told, once. */
static void
a_counter_that_does_not_rise_is_told(void **state)
{
	static const char mails[] = "SELECT count(*) FROM outbox";
	struct authenticator au = made(ALG_ES256);
	struct proof proof;
	struct user out;

	(void)state;
	au.count = 8;
	assert_null(use_with(&au, NULL, "1", &out, &proof));
	assert_int_equal(fixture_sql(mails), 0);
	assert_refused(use_with(&au, NULL, "1", &out, &proof), &passkey_copied,
	    "passkey 1: its counter did not rise, to 8");
	assert_int_equal(fixture_sql(mails), 1);
	assert_int_equal(fixture_sql("SELECT count(*) FROM outbox WHERE"
	    " target = 'ada@b.example' AND body LIKE '%with your passkey was refused%'"), 1);
	assert_refused(passkey_use(&fx.rq, &v, PASSKEY_ALONE, &out, &proof),
	    &oerr_stale_form, "the challenge was used before");
	assert_int_equal(fixture_sql(mails), 1);
	au.count = 9;
	assert_null(use_with(&au, NULL, "1", &out, &proof));
	key_free(au.key);
}

/* Section 5.1.2: an RP id is a domain. */
static void
an_address_has_no_passkeys(void **state)
{
	static const struct {
		const char *issuer, *rp_id;
	} rows[] = {
		{ "https://auth.example", "auth.example" },
		{ "https://auth.example:8443/sso", "auth.example" },
		{ "http://localhost:8080", "localhost" },
		{ "http://127.0.0.1:8080", NULL },
		{ "https://192.0.2.1", NULL },
		{ "http://[::1]:8080", NULL },
		{ "https://[2001:db8::1]", NULL },
	};
	struct tmpl_data *d;
	const char *got;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		fx.cf->issuer = rows[i].issuer;
		got = passkey_rp_id(fx.cf, a);
		if (rows[i].rp_id == NULL)
			assert_null(got);
		else
			assert_string_equal(got, rows[i].rp_id);
		assert_int_equal(passkey_may_be(fx.cf), got != NULL);
	}
	d = tmpl_data_new(a);
	assert_null(passkey_offer(&fx.rq, &v, PASSKEY_ALONE, NULL, d));
	assert_string_equal(shown(d, "passkey_options"), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN(options_are_those_of_the_user, setup),
		TEST_IN(a_new_passkey_is_read, setup),
		TEST_IN(challenges_are_ours_and_young, setup),
		TEST_IN(a_passkey_alone_signs_in, setup),
		TEST_IN(a_passkey_is_a_second_factor, setup),
		TEST_IN(only_its_owner_signs_in_with_it, setup),
		TEST_IN(a_use_counts_once, setup),
		TEST_IN(a_counter_that_does_not_rise_is_told, setup),
		TEST_IN(an_address_has_no_passkeys, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
