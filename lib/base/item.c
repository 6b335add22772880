/* item.c: reading CBOR (RFC 8949), by libcbor. */
#include "item.h"

#include <cbor/callbacks.h>
#include <cbor/streaming.h>
#include <string.h>

#include "arena.h"

/* A map or array that is being read. */
struct level {
	struct item *of;
	struct item **end;	/* where the next element goes */
	uint64_t left;		/* elements that are still to come */
};

/* libcbor calls a function for each head; it fills item. */
struct reader {
	struct item *item;
	uint64_t elements;	/* of a map or array, to come */
	int is_refused;
};

static void
take_int(struct reader *r, uint64_t n, int is_negative)
{
	r->is_refused = n > INT64_MAX;
	r->item->type = ITEM_INT;
	r->item->n = r->is_refused ? 0
	    : is_negative	   ? -1 - (int64_t)n
				   : (int64_t)n;
}

static void
take_string(struct reader *r, enum item_type type, cbor_data data, size_t len)
{
	r->item->type = type;
	r->item->data = data;
	r->item->len = len;
}

/* A head that claims more elements than ITEM_MAX is a bomb. */
static void
take_group(struct reader *r, enum item_type type, size_t n, unsigned each)
{
	r->is_refused = n > ITEM_MAX;
	r->item->type = type;
	r->item->n = r->is_refused ? 0 : (int64_t)n;
	r->elements = r->is_refused ? 0 : n * each;
}

static void
on_uint8(void *r, uint8_t n)
{
	take_int(r, n, 0);
}

static void
on_uint16(void *r, uint16_t n)
{
	take_int(r, n, 0);
}

static void
on_uint32(void *r, uint32_t n)
{
	take_int(r, n, 0);
}

static void
on_uint64(void *r, uint64_t n)
{
	take_int(r, n, 0);
}

static void
on_negative8(void *r, uint8_t n)
{
	take_int(r, n, 1);
}

static void
on_negative16(void *r, uint16_t n)
{
	take_int(r, n, 1);
}

static void
on_negative32(void *r, uint32_t n)
{
	take_int(r, n, 1);
}

static void
on_negative64(void *r, uint64_t n)
{
	take_int(r, n, 1);
}

static void
on_bytes(void *r, cbor_data data, size_t len)
{
	take_string(r, ITEM_BYTES, data, len);
}

static void
on_text(void *r, cbor_data data, size_t len)
{
	take_string(r, ITEM_TEXT, data, len);
}

static void
on_array(void *r, size_t n)
{
	take_group(r, ITEM_ARRAY, n, 1);
}

static void
on_map(void *r, size_t n)
{
	take_group(r, ITEM_MAP, n, 2);
}

static void
on_float(void *r, float x)
{
	(void)r;
	(void)x;
}

static void
on_double(void *r, double x)
{
	(void)r;
	(void)x;
}

static void
on_simple(void *r)
{
	(void)r;
}

static void
on_truth(void *r, bool x)
{
	(void)r;
	(void)x;
}

static void
refuse(void *r)
{
	((struct reader *)r)->is_refused = 1;
}

static void
refuse_tag(void *r, uint64_t tag)
{
	(void)tag;
	refuse(r);
}

static const struct cbor_callbacks callbacks = {
	.uint8 = on_uint8, .uint16 = on_uint16,
	.uint32 = on_uint32, .uint64 = on_uint64,
	.negint8 = on_negative8, .negint16 = on_negative16,
	.negint32 = on_negative32, .negint64 = on_negative64,
	.byte_string = on_bytes, .string = on_text,
	.array_start = on_array, .map_start = on_map,
	.float2 = on_float, .float4 = on_float, .float8 = on_double,
	.undefined = on_simple, .null = on_simple, .boolean = on_truth,
	.byte_string_start = refuse, .string_start = refuse,
	.indef_array_start = refuse, .indef_map_start = refuse,
	.indef_break = refuse, .tag = refuse_tag,
};

/* Are x and y the same key?  Both are integers or texts. */
static int
is_same(const struct item *x, const struct item *y)
{
	if (x->type != y->type)
		return 0;
	return x->type == ITEM_INT
	    ? x->n == y->n
	    : x->len == y->len && (x->len == 0 || memcmp(x->data, y->data, x->len) == 0);
}

/* The map has its last value: is each key a key, and there once? */
static int
keys_are_sound(const struct item *map)
{
	for (const struct item *k = map->first; k != NULL; k = k->next->next) {
		if (k->type != ITEM_INT && k->type != ITEM_TEXT)
			return 0;
		for (const struct item *o = map->first; o != k;
		     o = o->next->next)
			if (is_same(o, k))
				return 0;
	}
	return 1;
}

/* End all levels that have their last element.  Return 0 if one is refused. */
static int
end_levels(const struct level *level, int *depth)
{
	while (*depth > 0 && level[*depth - 1].left == 0) {
		const struct item *of = level[--*depth].of;

		if (of->type == ITEM_MAP && !keys_are_sound(of))
			return 0;
	}
	return 1;
}

struct item *
item_read(struct arena *a, const uint8_t *data, size_t len, size_t *used)
{
	struct level level[ITEM_DEPTH];
	struct item *top = NULL, **to = &top;
	struct cbor_decoder_result got;
	size_t at = 0;
	int depth = 0;

	for (int n = 0; n < ITEM_MAX; n++) {
		struct reader r = { .item = arena_alloc(a, sizeof(*r.item)) };

		r.item->type = ITEM_OTHER;
		got = cbor_stream_decode(data + at, len - at, &callbacks, &r);
		if (got.status != CBOR_DECODER_FINISHED || r.is_refused)
			return NULL;
		at += got.read;
		*to = r.item;
		if (depth > 0) {
			level[depth - 1].left--;
			level[depth - 1].end = &r.item->next;
		}
		if (r.item->type == ITEM_ARRAY || r.item->type == ITEM_MAP) {
			if (depth == ITEM_DEPTH)
				return NULL;
			level[depth++] = (struct level) { .of = r.item,
				.end = &r.item->first, .left = r.elements };
		}
		if (!end_levels(level, &depth))
			return NULL;
		if (depth == 0) {
			if (used != NULL)
				*used = at;
			return used != NULL || at == len ? top : NULL;
		}
		to = level[depth - 1].end;
	}
	return NULL;
}

static const struct item *
find(const struct item *map, const struct item *key)
{
	if (map == NULL || map->type != ITEM_MAP)
		return NULL;
	for (const struct item *k = map->first; k != NULL; k = k->next->next)
		if (is_same(k, key))
			return k->next;
	return NULL;
}

const struct item *
item_by_name(const struct item *map, const char *name)
{
	const struct item key = { .type = ITEM_TEXT,
		.data = (const uint8_t *)name, .len = strlen(name) };

	return find(map, &key);
}

const struct item *
item_by_number(const struct item *map, int64_t n)
{
	const struct item key = { .type = ITEM_INT, .n = n };

	return find(map, &key);
}
