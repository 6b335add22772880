/* test_totp.c: codes of an authenticator app, and secrets that are stored encrypted. */
#include "unit.h"

#include "arena.h"
#include "box.h"
#include "crypto.h"
#include "recovery.h"
#include "qr.h"
#include "totp.h"

/* RFC 4226 appendix D, RFC 6238 appendix B: "12345678901234567890". */
static struct totp_secret
rfc_secret(void)
{
	struct totp_secret s;

	memcpy(s.byte, "12345678901234567890", TOTP_SECRET_LEN);
	return s;
}

static void
codes_are_those_of_rfc_4226(void **state)
{
	static const char *const want[] = { "755224", "287082", "359152",
		"969429", "338314", "254676", "287922", "162583", "399871",
		"520489" };
	const struct totp_secret s = rfc_secret();
	char code[TOTP_DIGITS + 1];

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(totp_code(&s, i, code), 0);
		assert_string_equal(code, want[i]);
	}
}

/* The last six digits of the eight that the RFC has. */
static void
steps_are_those_of_rfc_6238(void **state)
{
	static const struct {
		int64_t now;
		const char *code;
	} rows[] = { { 59, "287082" }, { 1111111109, "081804" },
		{ 1111111111, "050471" }, { 1234567890, "005924" },
		{ 2000000000, "279037" }, { 20000000000, "353130" } };
	const struct totp_secret s = rfc_secret();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(totp_find(&s, rows[i].code, rows[i].now, 0),
		    rows[i].now / 30);
}

/* RFC 6238 section 5.2: one step to either side, and a code counts once. */
static void
a_code_is_found_near_its_step_and_later_than_the_last(void **state)
{
	const struct totp_secret s = rfc_secret();
	const int64_t now = 1234567890, step = now / 30;
	char code[TOTP_DIGITS + 1];

	(void)state;
	for (int off = -3; off <= 3; off++) {
		assert_int_equal(totp_code(&s, step + off, code), 0);
		assert_int_equal(totp_find(&s, code, now, 0),
		    off >= -1 && off <= 1 ? step + off : 0);
	}
	assert_int_equal(totp_code(&s, step, code), 0);
	assert_int_equal(totp_find(&s, code, now, step - 1), step);
	assert_int_equal(totp_find(&s, code, now, step), 0);
	assert_int_equal(totp_find(&s, " 005 924 ", now, 0), step);
	assert_int_equal(totp_find(&s, "", now, 0), 0);
	assert_int_equal(totp_find(&s, "5924", now, 0), 0);
	assert_int_equal(totp_find(&s, "0005924", now, 0), 0);
	assert_int_equal(totp_find(&s, "005924x", now, 0), 0);
}

/* RFC 4648 section 6; the key URI that apps read. */
static void
a_secret_is_shown_as_text_and_as_uri(void **state)
{
	const struct totp_secret s = rfc_secret();
	struct arena *a = arena_new();
	int size;

	(void)state;
	assert_string_equal(
	    totp_text(a, &s), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
	assert_string_equal(totp_uri(a, &s, "My: site", "ada@example.org"),
	    "otpauth://totp/My%3A%20site:ada%40example.org"
	    "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	    "&issuer=My%3A%20site");
	assert_non_null(qr_path(a, "x", &size));
	assert_int_equal(size, 21 + 2 * QR_QUIET); /* version 1 */
	arena_free(a);
}

/* NIST SP 800-38D: with another key, owner or byte there is nothing. */
static void
a_box_is_opened_by_its_key_and_owner_alone(void **state)
{
	static const char text[] = "a secret of a factor";
	struct digest key, other;
	uint8_t box[sizeof(text) + BOX_EXTRA], again[sizeof(box)];
	char out[sizeof(text)];

	(void)state;
	digest_of("k", 1, &key);
	digest_of("o", 1, &other);
	box_close(&key, "user 1", text, sizeof(text), box);
	box_close(&key, "user 1", text, sizeof(text), again);
	assert_memory_not_equal(box, again, sizeof(box));
	assert_int_equal(box_open(&key, "user 1", box, sizeof(box), out), 1);
	assert_string_equal(out, text);
	assert_int_equal(box_open(&other, "user 1", box, sizeof(box), out), 0);
	assert_string_equal(out, "");
	assert_int_equal(box_open(&key, "user 2", box, sizeof(box), out), 0);
	assert_int_equal(box_open(&key, "user 1", box, BOX_EXTRA - 1, out), 0);
	for (size_t i = 0; i < sizeof(box); i++) {
		box[i] ^= 1;
		assert_int_equal(
		    box_open(&key, "user 1", box, sizeof(box), out), 0);
		box[i] ^= 1;
	}
}

static void
a_recovery_code_is_the_same_however_it_is_typed(void **state)
{
	static const char *const same[] = { "0123-4567-89ab-cdef",
		"0123456789abcdef", " 0123 4567 89AB CDEF ",
		"oi23-4567-89ab-cdef", "OL23-4567-89AB-CDEF" };
	static const char *const none[] = { "", "0123-4567-89ab-cde",
		"0123-4567-89ab-cdef-0", "0123-4567-89ab-cdeu", "\xc3\xa9" };
	struct digest first, d;

	(void)state;
	assert_int_equal(recovery_digest(same[0], &first), 1);
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_int_equal(recovery_digest(same[i], &d), 1);
		assert_int_equal(digest_equal(&d, &first), 1);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(recovery_digest(none[i], &d), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_those_of_rfc_4226),
		cmocka_unit_test(steps_are_those_of_rfc_6238),
		cmocka_unit_test(
		    a_code_is_found_near_its_step_and_later_than_the_last),
		cmocka_unit_test(a_secret_is_shown_as_text_and_as_uri),
		cmocka_unit_test(a_box_is_opened_by_its_key_and_owner_alone),
		cmocka_unit_test(
		    a_recovery_code_is_the_same_however_it_is_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
