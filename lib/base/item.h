/* item.h: reading CBOR (RFC 8949), by libcbor. */
#ifndef CARNET_ITEM_H
#define CARNET_ITEM_H

#include <stddef.h>
#include <stdint.h>

struct arena;

#define ITEM_DEPTH 4	/* maps and arrays within each other: CTAP2 section 8 */
#define ITEM_MAX 128	/* items in all */

enum item_type {
	ITEM_INT, ITEM_BYTES, ITEM_TEXT, ITEM_ARRAY, ITEM_MAP,
	ITEM_OTHER, /* true, false, null, a float: nobody reads it */
};

/* A data item. */
struct item {
	enum item_type type;
	int64_t n;		/* of ITEM_INT; how many elements or pairs */
	const uint8_t *data;	/* of bytes or a text: where it was read from */
	size_t len;
	struct item *first;	/* element; in a map key, value, key, value, ... */
	struct item *next;	/* of the same array or map */
};

/*
 * item_read(a, data, len, used):
 * Read the item that data begins with, into a; its bytes and texts are not copied.
 * Put to *used how many of the len bytes it has; if used is NULL, it must have all.
 * Nothing is allocated for what an item only claims to have.  Return NULL if it is
 * not well-formed, has more than ITEM_MAX items or ITEM_DEPTH levels, or has what
 * CTAP2's canonical form (section 8) forbids and could be read in two ways: an
 * indefinite length, a tag, a key twice, a key that is no integer or text.  So does
 * an integer outside int64_t.
 */
struct item *item_read(
    struct arena *a, const uint8_t *data, size_t len, size_t *used);

/*
 * item_by_name(map, name), item_by_number(map, n):
 * Return the value of that key; NULL if map has no such key, is NULL, or is another
 * kind of item.
 */
const struct item *item_by_name(const struct item *map, const char *name);
const struct item *item_by_number(const struct item *map, int64_t n);

#endif
