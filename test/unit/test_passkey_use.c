/*
 * test_passkey_use.c: passkeys are used (WebAuthn Level 2, section 7.2): whose one is,
 * and what is told of a copy.
 */
#include "passkeys.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN(a_passkey_alone_signs_in, setup),
		TEST_IN(a_passkey_is_a_second_factor, setup),
		TEST_IN(only_its_owner_signs_in_with_it, setup),
		TEST_IN(a_use_counts_once, setup),
		TEST_IN(a_counter_that_does_not_rise_is_told, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
