/* fuzz_item.c: CBOR that is read is within its bounds, and its bytes are ours. */
#include "fuzz.h"

#include "cose.h"
#include "item.h"
#include "key.h"

/* Walk all of it; return how many items there are. */
static int
walk(const struct item *i, const uint8_t *data, size_t size, int depth)
{
	int n = 1, elements = 0;
	volatile uint8_t sum = 0;

	assert(depth <= ITEM_DEPTH + 1);
	if (i->type == ITEM_BYTES || i->type == ITEM_TEXT) {
		assert(i->data >= data && i->data + i->len <= data + size);
		for (size_t at = 0; at < i->len; at++)
			sum = (uint8_t)(sum + i->data[at]);
	}
	for (const struct item *e = i->first; e != NULL; e = e->next) {
		n += walk(e, data, size, depth + 1);
		elements++;
	}
	if (i->type == ITEM_ARRAY)
		assert(elements == i->n);
	else if (i->type == ITEM_MAP)
		assert(elements == 2 * i->n);
	else
		assert(elements == 0);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const struct item *i;
	struct key *k;
	size_t used;
	int alg;

	log_to(fuzz_no_log, NULL);
	if ((i = item_read(a, data, size, &used)) != NULL) {
		assert(used > 0 && used <= size);
		assert(walk(i, data, size, 1) <= ITEM_MAX);
		assert((item_read(a, data, size, NULL) != NULL) ==
		    (used == size));
		(void)item_by_name(i, "fmt");
		(void)item_by_number(i, -1);
	}
	if ((k = cose_read(data, size, &alg)) != NULL) {
		assert(alg == -7 || alg == -8 || alg == -257);
		assert(!key_can_sign(k) && key_bits(k) >= 255);
	}
	key_free(k);
	arena_free(a);
	return 0;
}
