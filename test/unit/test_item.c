/* test_item.c: reading CBOR (RFC 8949): its forms, and its bombs. */
#include "scratch.h"

#include "item.h"

static const struct item *
read_bytes(const char *bytes, size_t len, size_t *used)
{
	/* On the heap, so that a sanitizer sees a byte too far. */
	uint8_t *copy = (uint8_t *)arena_dup(a, bytes, len);

	return item_read(a, copy, len, used);
}

#define READ(text) read_bytes(text, sizeof(text) - 1, NULL)

/* RFC 8949 appendix A. */
static void
integers_are_read(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int64_t n;
	} rows[] = {
		{ "\x00", 1, 0 }, { "\x17", 1, 23 }, { "\x18\x18", 2, 24 },
		{ "\x19\x03\xe8", 3, 1000 },
		{ "\x1a\x00\x0f\x42\x40", 5, 1000000 },
		{ "\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00", 9, 1000000000000 },
		{ "\x20", 1, -1 }, { "\x38\x63", 2, -100 },
		{ "\x39\x01\x00", 3, -257 },
		{ "\x3a\x00\x0f\x42\x3f", 5, -1000000 },
		{ "\x1b\x7f\xff\xff\xff\xff\xff\xff\xff", 9, INT64_MAX },
		{ "\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", 9, INT64_MIN },
	};
	const struct item *i;

	(void)state;
	for (size_t r = 0; r < N(rows); r++) {
		i = read_bytes(rows[r].bytes, rows[r].len, NULL);
		assert_non_null(i);
		assert_int_equal(i->type, ITEM_INT);
		assert_true(i->n == rows[r].n);
	}
	assert_null(READ("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"));
	assert_null(READ("\x3b\x80\x00\x00\x00\x00\x00\x00\x00"));
}

static void
a_map_is_searched(void **state)
{
	/* {1: 2, -1: h'0102', "fmt": "none", "l": [1, {2: 3}, true, 1.5]} */
	const struct item *map = READ("\xa4\x01\x02\x20\x42\x01\x02"
	    "\x63" "fmt\x64none" "\x61l\x84\x01\xa1\x02\x03\xf5\xf9\x3e\x00"), *i;

	(void)state;
	assert_non_null(map);
	assert_int_equal(map->n, 4);
	assert_int_equal(item_by_number(map, 1)->n, 2);
	i = item_by_number(map, -1);
	assert_int_equal(i->type, ITEM_BYTES);
	assert_int_equal(i->len, 2);
	assert_memory_equal(i->data, "\x01\x02", 2);
	i = item_by_name(map, "fmt");
	assert_int_equal(i->type, ITEM_TEXT);
	assert_memory_equal(i->data, "none", i->len);
	i = item_by_name(map, "l");
	assert_int_equal(i->type, ITEM_ARRAY);
	assert_int_equal(i->n, 4);
	assert_int_equal(item_by_number(i->first->next, 2)->n, 3);
	assert_int_equal(i->first->next->next->type, ITEM_OTHER);
	assert_null(i->first->next->next->next->next);
	/* No key of another type or length, and nothing in what is no map. */
	assert_null(item_by_number(map, 2));
	assert_null(item_by_name(map, "fm"));
	assert_null(item_by_name(map, "none"));
	assert_null(item_by_number(i, 1));
	assert_null(item_by_name(NULL, "fmt"));
}

static void
what_follows_is_counted_or_refused(void **state)
{
	size_t used = 0;

	(void)state;
	assert_non_null(read_bytes("\xa1\x01\x02\x00\x00", 5, &used));
	assert_int_equal(used, 3);
	assert_null(READ("\xa1\x01\x02\x00"));
	assert_null(read_bytes("", 0, &used));
	/* Cut short at every byte. */
	for (size_t n = 0; n < 7; n++)
		assert_null(read_bytes("\xa1\x01\x82\x41\x00\x19\x01\x00", n, &used));
}

/* CTAP2 section 8; each could be read in two ways, or is more than is needed. */
static void
odd_forms_are_refused(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t len;
	} rows[] = {
#define ROW(what, bytes) { what, bytes, sizeof(bytes) - 1 }
		ROW("array without end", "\x9f\x01\xff"),
		ROW("map without end", "\xbf\x01\x02\xff"),
		ROW("bytes without end", "\x5f\x41\x01\xff"),
		ROW("text without end", "\x7f\x61" "a\xff"),
		ROW("an end alone", "\xff"),
		ROW("an end in an array", "\x81\xff"),
		ROW("tag", "\xc0\x01"),
		ROW("tag of a big number", "\xc2\x41\x01"),
		ROW("number as key twice", "\xa2\x01\x02\x01\x03"),
		ROW("the same number, longer", "\xa2\x01\x02\x18\x01\x03"),
		ROW("text as key twice", "\xa2\x61" "a\x01\x61" "a\x02"),
		ROW("twice within", "\x81\xa2\x01\x02\x01\x03"),
		ROW("bytes as key", "\xa1\x41\x01\x02"),
		ROW("map as key", "\xa1\xa0\x02"),
		ROW("truth as key", "\xa1\xf5\x02"),
		ROW("reserved length", "\x1c\x01"),
		ROW("five levels", "\x81\x81\x81\x81\x81\x01"),
		ROW("five levels, empty", "\x81\x81\x81\x81\x80"),
#undef ROW
	};

	size_t used;

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		if (read_bytes(rows[i].bytes, rows[i].len, NULL) != NULL ||
		    read_bytes(rows[i].bytes, rows[i].len, &used) != NULL)
			fail_msg("%s", rows[i].what);
	assert_non_null(READ("\x81\x81\x81\x80"));
	/* The same number and text are two keys. */
	assert_non_null(READ("\xa2\x01\x02\x61\x01\x03"));
	/* After a map has ended, its keys are free again. */
	assert_non_null(READ("\x82\xa1\x01\x02\xa1\x01\x02"));
}

/* What a few bytes claim to hold is not believed. */
static void
bombs_are_refused(void **state)
{
	char many[1 + 2 + ITEM_MAX];

	(void)state;
	assert_null(READ("\x9b\xff\xff\xff\xff\xff\xff\xff\xff"));
	assert_null(READ("\xbb\xff\xff\xff\xff\xff\xff\xff\xff"));
	assert_null(READ("\xbb\x80\x00\x00\x00\x00\x00\x00\x01\x01\x02"));
	assert_null(READ("\x9a\x7f\xff\xff\xff\x01"));
	assert_null(READ("\x5b\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
	assert_null(READ("\x7b\xff\xff\xff\xff\xff\xff\xff\xf0\x01"));
	/* ITEM_MAX in all, with the array itself. */
	memset(many, 0, sizeof(many));
	memcpy(many, "\x98", 1);
	many[1] = (char)(ITEM_MAX - 1);
	assert_non_null(read_bytes(many, 2 + ITEM_MAX - 1, NULL));
	many[1] = (char)ITEM_MAX;
	assert_null(read_bytes(many, 2 + ITEM_MAX, NULL));
	/* Depth is no stack: a megabyte of brackets ends at the fifth. */
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = (char)0x81;
	assert_null(read_bytes(many, sizeof(many), NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN(integers_are_read, scratch_setup),
		TEST_IN(a_map_is_searched, scratch_setup),
		TEST_IN(what_follows_is_counted_or_refused, scratch_setup),
		TEST_IN(odd_forms_are_refused, scratch_setup),
		TEST_IN(bombs_are_refused, scratch_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
