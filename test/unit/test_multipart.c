/* test_multipart.c: a form as multipart/form-data (RFC 7578). */
#include "unit.h"

#include "arena.h"
#include "multipart.h"

#define TYPE "multipart/form-data; boundary=b"
#define PART(name, value) \
    "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define END "--b--\r\n"

/* "name=value;" of each field; "!" behind them if the body is malformed. */
static const char *
fields(struct arena *a, const char *type, const char *text, size_t len)
{
	struct url_pair p;
	struct multipart m;
	const char *all = "";
	/* A copy without a NUL behind it: a sanitizer sees what is read too far. */
	char *copy = malloc(len + 1);
	int rc;

	memcpy(copy, text, len);
	copy = realloc(copy, len > 0 ? len : 1);
	rc = multipart_begin(a, type, copy, len, &m) ? 1 : -1;
	while (rc == 1 && (rc = multipart_next(a, &m, &p)) == 1)
		all = arena_printf(a, "%s%s=%s;", all, p.name, p.value);
	free(copy);
	return rc == 0 ? all : arena_printf(a, "%s!", all);
}

/* RFC 7578 section 4. */
static void
fields_are_read(void **state)
{
	static const char file[] =
	    "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n"
	    "Content-Type: text/plain\r\n\r\nbytes\r\n";
	static const struct {
		const char *type, *text, *want;
	} rows[] = {
		{ TYPE, PART("a", "1") PART("b", "2") END, "a=1;b=2;" },
		{ TYPE, PART("a", "") END, "a=;" },
		{ TYPE, PART("a", "1\r\n2\r\n--\r\n--c") END,
		    "a=1\r\n2\r\n--\r\n--c;" },
		{ "Multipart/Form-Data; charset=utf-8; Boundary=\"b\"",
		    PART("a", "1") END, "a=1;" },
		{ TYPE, "--b\r\ncontent-type: text/plain\r\n"
			"content-disposition: form-data; name=a\r\n\r\n1\r\n" END,
		    "a=1;" },
		{ TYPE, PART("a", "1") "--b--", "a=1;" },
		{ TYPE, "--b--", "" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		assert_string_equal(fields(a, rows[i].type, rows[i].text,
			strlen(rows[i].text)), rows[i].want);
	assert_string_equal(fields(a, TYPE, arena_printf(a, "%s%s", file,
		PART("a", "1") END), strlen(file) + strlen(PART("a", "1") END)),
	    "a=1;");
	arena_free(a);
}

/* RFC 2046 section 5.1.1. */
static void
what_is_malformed_is_refused(void **state)
{
	static const char whole[] = PART("a", "1") PART("b", "2");
	static const char of_71[] =
	    "multipart/form-data; boundary=0123456789012345678901234567890123"
	    "456789012345678901234567890123456789x";
	static const char *const types[] = { "multipart/form-data",
		"multipart/form-data; boundary=", "multipart/form-data; boundary=\"b",
		"multipart/form-data; boundary=b\x01", of_71,
		"multipart/form-data; bound=b" };
	static const char two_heads[] =
	    "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n"
	    PART("a", "1") END;
	static const char *const texts[] = { two_heads, "x" PART("a", "1") END,
		"--b\r\n\r\n\r\n1\r\n" END };
	struct arena *a = arena_new();
	const char *got;

	(void)state;
	for (size_t i = 0; i < N(types); i++)
		assert_string_equal(
		    fields(a, types[i], whole, strlen(whole)), "!");
	for (size_t n = 0; n < strlen(whole); n++) {
		got = fields(a, TYPE, whole, n);
		assert_int_equal(got[strlen(got) - 1], '!');
	}
	for (size_t i = 0; i < N(texts); i++)
		assert_string_equal(
		    fields(a, TYPE, texts[i], strlen(texts[i])), "!");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_read),
		cmocka_unit_test(what_is_malformed_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
