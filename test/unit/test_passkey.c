/*
 * test_passkey.c: passkeys are offered and made (WebAuthn Level 2, section 7.1), and
 * their challenges.
 */
#include "passkeys.h"

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
		TEST_IN(an_address_has_no_passkeys, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
