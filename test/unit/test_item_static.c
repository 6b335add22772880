/*
 * test_item_static.c: a static program reads CBOR as the others do: deploy/static/cbor.c
 * against libcbor.
 */
#define cbor_stream_decode own_stream_decode
#define item_read own_read
#define item_by_name own_by_name
#define item_by_number own_by_number
#include "../../deploy/static/cbor.c"
#include "../../lib/base/item.c"
#undef item_read

#include "scratch.h"

struct item *item_read(
    struct arena *arena, const uint8_t *data, size_t len, size_t *used);

static int
is_like(const struct item *x, const struct item *y)
{
	for (; x != NULL && y != NULL; x = x->next, y = y->next)
		if (x->type != y->type || x->n != y->n || x->data != y->data ||
		    x->len != y->len || !is_like(x->first, y->first))
			return 0;
	return x == y;
}

/* Return 1 if both took it. */
static int
compare(const uint8_t *data, size_t len)
{
	size_t used = 0, used_own = 0;
	const struct item *theirs = item_read(a, data, len, &used);
	const struct item *own = own_read(a, data, len, &used_own);
	const int is_taken = own != NULL;

	if (used != used_own || !is_like(theirs, own)) {
		for (size_t i = 0; i < len; i++)
			print_message("%02x ", data[i]);
		fail_msg("read in two ways: %zu and %zu bytes", used, used_own);
	}
	arena_clear(a);
	return is_taken;
}

static void
two_bytes_are_read_alike(void **state)
{
	uint8_t data[9] = { 0 };
	int taken = 0;

	(void)state;
	for (unsigned n = 0; n < 65536; n++) {
		data[0] = (uint8_t)(n >> 8);
		data[1] = (uint8_t)n;
		for (size_t len = 0; len <= 2; len++)
			taken += compare(data, len);
		taken += compare(data, sizeof(data));
	}
	if (taken < 50000)
		fail_msg("only %d were read", taken);
}

/* Bytes that are often heads of groups, made by a generator that is always the same. */
static void
longer_ones_are_read_alike(void **state)
{
	static const uint8_t heads[] = { 0xa1, 0xa2, 0x81, 0x82, 0x41, 0x61,
		0x18, 0x19, 0x1a, 0x38, 0x58, 0x59, 0xf5, 0xf9, 0xfa, 0x98,
		0xb8, 0x5f, 0xff, 0xc1 };
	uint8_t data[24];
	uint32_t x = 1;
	int taken = 0;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		for (size_t i = 0; i < sizeof(data); i++) {
			x = x * 1664525 + 1013904223;
			data[i] = x >> 31 ? heads[(x >> 16) % sizeof(heads)]
					  : (uint8_t)((x >> 16) & 31);
		}
		taken += compare(data, sizeof(data));
	}
	assert_true(taken > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN(two_bytes_are_read_alike, scratch_setup),
		TEST_IN(longer_ones_are_read_alike, scratch_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
