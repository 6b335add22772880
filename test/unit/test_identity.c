/*
 * test_identity.c: names, addresses and passwords in the form that is compared
 * (RFC 8265).
 */
#include "scratch.h"

#include "identity.h"
#include "precis.h"

#define AUML "\xc3\xa4"		/* U+00E4 */
#define OUML "\xc3\xb6"
#define UUML "\xc3\xbc"
#define UUML_BIG "\xc3\x9c"
#define OUML_NFD "o\xcc\x88"	/* o, U+0308 */
#define WIDE_A "\xef\xbc\xa1"	/* U+FF21, full width */
#define WIDE_AT "\xef\xbc\xa0"	/* U+FF20 */
#define ZWSP "\xe2\x80\x8b"
#define ALEF "\xd7\x90"		/* U+05D0 */

/* RFC 5321 section 4.5.3.1.3; RFC 8265 section 3.3; RFC 5890. */
static void
spellings_of_an_address_have_one_form(void **state)
{
	static const struct {
		const char *typed, *form;
	} rows[] = {
		{ "a@b", "a@b" }, { "a.b+c@x.example", "a.b+c@x.example" },
		{ "A.Z@B.Example", "a.z@b.example" }, { "'a'@b", "'a'@b" },
		{ "x@under_score.example", "x@under_score.example" },
		{ "J" UUML_BIG "RGEN@x.example", "j" UUML "rgen@x.example" },
		{ "j" OUML_NFD "rg@x.example", "j" OUML "rg@x.example" },
		{ "ida@b" UUML "cher.example", "ida@xn--bcher-kva.example" },
		{ "ida@B" UUML_BIG "CHER.example", "ida@xn--bcher-kva.example" },
		{ "ida@bu\xcc\x88" "cher.example", "ida@xn--bcher-kva.example" },
		{ "ida@XN--BCHER-KVA.example", "ida@xn--bcher-kva.example" },
		/* not "strasse": browsers send what IDNA 2008 says */
		{ "a@stra\xc3\x9f" "e.example", "a@xn--strae-oqa.example" },
		{ WIDE_A "@x.example", "a@x.example" },
		{ ALEF "\xd7\x91@x.example", ALEF "\xd7\x91@x.example" },
	};
	const char *form;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		form = identity_email(a, rows[i].typed);
		assert_non_null(form);
		assert_string_equal(form, rows[i].form);
		assert_string_equal(identity_email(a, form), form);
		assert_string_equal(identity_any(a, rows[i].typed), form);
	}
}

static void
what_is_no_address_has_no_form(void **state)
{
	static const char *const bad[] = { "", "@", "a", "a@", "@b", "a@b@c",
		"a @b", "a@b c", "a@.b", "a@b.", " a@b", "a@b\n", "a\x7f@b",
		"a\xff@b", "a@\xff", "a" ZWSP "@b", "a\xc2\xa0@b",
		"a" WIDE_AT "c@b", "a@" UUML WIDE_AT "c", "a@" UUML "..b",
		"a@" UUML " b", "a\xe2\x99\xa5@b", "a" ALEF "@b" };
	char longest[256];

	(void)state;
	for (size_t i = 0; i < N(bad); i++)
		assert_null(identity_email(a, bad[i]));
	memset(longest, 'a', 255);
	longest[100] = '@';
	longest[255] = '\0';
	assert_null(identity_email(a, longest));
	longest[254] = '\0';
	assert_string_equal(identity_email(a, longest), longest);
}

/* doc/users.md, Names: 1 to 64 characters without '@'; case does not matter. */
static void
a_user_name_has_one_form_too(void **state)
{
	static const char *const bad[] = { "", "a@b", WIDE_AT, "a b", "a\tb",
		ZWSP, "a\xff", "\xe2\x80\xae" };
	char longest[2 * 65 + 1] = "";

	(void)state;
	assert_string_equal(identity_login(a, "J" OUML "RG"), "j" OUML "rg");
	assert_string_equal(identity_login(a, "JO\xcc\x88RG"), "j" OUML "rg");
	assert_string_equal(identity_any(a, "Ada_L.42"), "ada_l.42");
	for (size_t i = 0; i < N(bad); i++)
		assert_null(identity_login(a, bad[i]));
	for (int i = 0; i < 65; i++)
		memcpy(longest + 2 * i, AUML, 2);
	assert_null(identity_login(a, longest));
	longest[2 * 64] = '\0';
	assert_string_equal(identity_login(a, longest), longest);
}

/* RFC 8265 section 4.2. */
static void
a_password_has_one_form(void **state)
{
	static const struct {
		const char *typed, *form;
	} rows[] = {
		{ "correct Horse", "correct Horse" }, { "", "" },
		{ "sch" OUML_NFD "n", "sch" OUML "n" },
		{ "SCH" OUML "N", "SCH" OUML "N" },
		{ "a\xc2\xa0" "b\xe3\x80\x80" "c", "a b c" },
		{ "\xf0\x9f\x94\x91", "\xf0\x9f\x94\x91" },
		{ WIDE_A, WIDE_A }, { "a\xff", "a\xff" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		assert_string_equal(
		    precis_password(a, rows[i].typed, 511), rows[i].form);
	assert_ptr_equal(
	    precis_password(a, rows[0].typed, 511), rows[0].typed);
	/* U+FB2C grows to three times its length. */
	assert_string_equal(
	    precis_password(a, "\xef\xac\xac", 5), "\xef\xac\xac");
	assert_int_equal(strlen(precis_password(a, "\xef\xac\xac", 6)), 6);
}

#define TEST(name) TEST_IN(name, scratch_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(spellings_of_an_address_have_one_form),
		TEST(what_is_no_address_has_no_form),
		TEST(a_user_name_has_one_form_too),
		TEST(a_password_has_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
