/* digest.h: SipHash-2-4 with 128 bits: a digest that needs a key. */
#ifndef CARNET_MODULES_DIGEST_H
#define CARNET_MODULES_DIGEST_H

#include <stddef.h>
#include <stdint.h>

struct digest128 {
	uint64_t half[2];
};

/* What was added so far.  It may be copied, to go on in two ways. */
struct digesting {
	uint64_t v[4], block;
	size_t len;
};

/*
 * digest_begin(d, key): who does not know the key finds no two texts with one digest.
 * digest_add(d, data, len): add bytes.
 * digest_end(d): return the digest of all that was added.
 */
void digest_begin(struct digesting *d, const uint64_t key[static 2]);
void digest_add(struct digesting *d, const void *data, size_t len);
struct digest128 digest_end(struct digesting d);

#endif
