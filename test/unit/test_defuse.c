/* test_defuse.c: texts that defuse/php-encryption made by itself. */
#include "unit.h"

#include "arena.h"
#include "defuse.h"

/* Crypto::encryptWithPassword('{"client_id":"3"}', str_repeat("k", 32)), PHP 8.2. */
#define TEXT \
    "def50200fdc6ac3999b1e08c432ef1ed21eaf28ddfdd04298b13448da09bbb86" \
    "352f6df479d17bec7532595feaae59f6aed718fb96be57ad88551b5c6a54fb2e" \
    "07acb12ab4c78b17682406c818888b1ce09c1684be78d3f3b2478f8e2be2b62c" \
    "fe2e349582"
#define PLAIN "{\"client_id\":\"3\"}"

static const uint8_t key[33] = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";

/* doc/passport.md, What goes on. */
static void
what_php_encrypted_is_read(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(defuse_open(a, TEXT, key, 32), PLAIN);
	arena_free(a);
}

/* A text that was cut, changed or lengthened, and another key. */
static void
all_else_is_refused(void **state)
{
	struct arena *a = arena_new();
	const size_t len = strlen(TEXT), at[] = { 8, 71, 72, 103, 104, 140, len - 1 };
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		text = arena_str(a, TEXT);
		text[at[i]] = text[at[i]] == '0' ? '1' : '0';
		assert_null(defuse_open(a, text, key, 32));
		text[at[i]] = 'x';
		assert_null(defuse_open(a, text, key, 32));
	}
	for (size_t n = 0; n < len; n += n < 180 ? 30 : 2) {
		text = arena_dup(a, TEXT, n);
		assert_null(defuse_open(a, text, key, 32));
	}
	assert_null(defuse_open(a, TEXT "00", key, 32));
	assert_null(defuse_open(a, TEXT, key, 31));
	arena_free(a);
}

/* PARAM_REFRESH_TOKEN has that many bytes at most. */
static void
a_text_that_is_too_long_costs_nothing(void **state)
{
	struct arena *a = arena_new();
	char *text = arena_alloc(a, DEFUSE_MAX + 3);

	(void)state;
	memset(text, '0', DEFUSE_MAX + 2);
	memcpy(text, DEFUSE_BEGINS, strlen(DEFUSE_BEGINS));
	assert_null(defuse_open(a, text, key, 32));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_php_encrypted_is_read),
		cmocka_unit_test(all_else_is_refused),
		cmocka_unit_test(a_text_that_is_too_long_costs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
