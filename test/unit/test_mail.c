/* test_mail.c: one e-mail message, as it is sent. */
#include "scratch.h"

#include "mail.h"

#define FROM "no-reply@site.example"

static const char *
message(const char *name, const char *subject, const char *text)
{
	return mail_message(a, &(struct mail) { .from = FROM,
		.from_name = name, .to = "u@a.example", .subject = subject,
		.text = text, .at = INT64_C(1700000000) });
}

/* The line that begins so, and those that go on with it, or NULL. */
static const char *
header(const char *m, const char *name)
{
	const char *p = m, *body = strstr(m, "\n\n");
	const size_t len = strlen(name);
	size_t n;

	for (; p <= body; p = strchr(p, '\n') + 1) {
		if (strncmp(p, name, len) != 0)
			continue;
		n = strcspn(p, "\n");
		while (p[n] == '\n' && p[n + 1] == ' ')
			n += 1 + strcspn(p + n + 1, "\n");
		return arena_dup(a, p + len, n - len);
	}
	return NULL;
}

/* RFC 5322 section 3.6. */
static void
a_message_has_what_it_must(void **state)
{
	const char *m = message("Site", "Hello", "A line.\n\nAnother.\n");

	(void)state;
	assert_string_equal(header(m, "From: "), "\"Site\"\n <" FROM ">");
	assert_string_equal(header(m, "To: "), "<u@a.example>");
	assert_string_equal(header(m, "Subject: "), "Hello");
	assert_string_equal(
	    header(m, "Date: "), "Tue, 14 Nov 2023 22:13:20 +0000");
	assert_string_equal(header(m, "Auto-Submitted: "), "auto-generated");
	assert_string_equal(header(m, "Content-Transfer-Encoding: "), "7bit");
	assert_string_equal(strstr(m, "\n\n"), "\n\nA line.\n\nAnother.\n");
}

/* RFC 5322 section 3.6.4: no two are the same. */
static void
each_message_has_an_id_of_its_own(void **state)
{
	const char *x = header(message("S", "s", "t"), "Message-ID: ");
	const char *y = header(message("S", "s", "t"), "Message-ID: ");

	(void)state;
	assert_string_not_equal(x, y);
	assert_string_equal(strchr(x, '@'), "@site.example>");
}

/* RFC 5321 section 4.1.2. */
static void
an_address_ends_where_it_ends(void **state)
{
	static const char *const rows[][2] = {
		{ "a@b.example", "a@b.example" },
		{ "a.b+c=d@b.example", "a.b+c=d@b.example" },
		{ "a,b@b.example", "\"a,b\"@b.example" },
		{ "a>,<b@b.example", "\"a>,<b\"@b.example" },
		{ "a\"b@b.example", "\"a\\\"b\"@b.example" },
		{ "a\\@b.example", "\"a\\\\\"@b.example" },
		{ "a\r\nBcc: x@b.example", "\"a  Bcc: x\"@b.example" },
		{ ".a@b.example", "\".a\"@b.example" },
		{ "a..b@b.example", "\"a..b\"@b.example" },
		{ "a.@b.example", "\"a.\"@b.example" },
		{ "@b.example", "\"\"@b.example" },
		{ "\xc3\xa9@b.example", "\xc3\xa9@b.example" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		assert_string_equal(mail_address(a, rows[i][0]), rows[i][1]);
}

/* RFC 2047 section 2: 75 bytes at most, and each of whole characters. */
static void
encoded_words_are_short_and_whole(void **state)
{
	char text[400] = "";
	const char *s, *end;
	int n = 0;

	(void)state;
	for (int i = 0; i < 60; i++)
		strcat(text, i % 3 == 0 ? "\xe2\x82\xac" : i % 3 == 1 ? "a" : "\xc3\xa9");
	s = header(message("S", text, "t"), "Subject: ");
	for (; (s = strstr(s, "=?utf-8?q?")) != NULL; s = end, n++) {
		end = strstr(s, "?=") + 2;
		assert_true(end - s <= 75);
		/* the first byte of a character; none goes on with another's */
		s += strlen("=?utf-8?q?");
		assert_true(*s == 'a' || strncmp(s, "=E2", 3) == 0 ||
		    strncmp(s, "=C3", 3) == 0);
	}
	assert_true(n > 5);
	assert_string_equal(header(message("S", "=?x", "t"), "Subject: "),
	    "=?utf-8?q?=3D=3Fx?=");
}

/* RFC 2045 section 6.7, its rules 1 to 5. */
static void
other_text_is_quoted_printable(void **state)
{
	char text[600] = "";
	const char *m;

	(void)state;
	m = message("S", "s", "\xc3\xa9=x \nb\t\n\rc");
	assert_string_equal(
	    header(m, "Content-Transfer-Encoding: "), "quoted-printable");
	assert_string_equal(strstr(m, "\n\n"), "\n\n=C3=A9=3Dx=20\nb=09\n=0Dc\n");
	memset(text, 'x', 400);
	m = strstr(message("S", "s", text), "\n\n") + 2;
	for (; *m != '\0'; m += strcspn(m, "\n") + 1)
		assert_true(strcspn(m, "\n") <= 76);
}

static void
a_message_is_no_longer_than_the_most(void **state)
{
	char *text = arena_alloc(a, MAIL_MAX + 1);

	(void)state;
	for (size_t i = 0; i < MAIL_MAX; i++)
		text[i] = i % 60 == 59 ? '\n' : 'x';
	assert_null(message("S", "s", text));
	text[MAIL_MAX - 1000] = '\0';
	assert_non_null(message("S", "s", text));
}

#define TEST(name) TEST_IN(name, scratch_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_has_what_it_must),
		TEST(each_message_has_an_id_of_its_own),
		TEST(an_address_ends_where_it_ends),
		TEST(encoded_words_are_short_and_whole),
		TEST(other_text_is_quoted_printable),
		TEST(a_message_is_no_longer_than_the_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
