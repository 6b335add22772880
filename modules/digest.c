/*
 * digest.c: SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012; 128 bits as in
 * their reference implementation).
 */
#include "digest.h"

#include <endian.h>
#include <string.h>

static uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void
mix(uint64_t v[static 4], int rounds)
{
	for (; rounds > 0; rounds--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32) + v[3];
		v[2] += v[1];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static void
take_block(struct digesting *d)
{
	d->v[3] ^= d->block;
	mix(d->v, 2);
	d->v[0] ^= d->block;
	d->block = 0;
}

void
digest_begin(struct digesting *d, const uint64_t key[static 2])
{
	*d = (struct digesting) { .v = {
		key[0] ^ 0x736f6d6570736575,
		key[1] ^ 0x646f72616e646f6d ^ 0xee,
		key[0] ^ 0x6c7967656e657261,
		key[1] ^ 0x7465646279746573,
	} };
}

static void
add_byte(struct digesting *d, uint8_t byte)
{
	d->block |= (uint64_t)byte << 8 * (d->len++ % 8);
	if (d->len % 8 == 0)
		take_block(d);
}

void
digest_add(struct digesting *d, const void *data, size_t len)
{
	const uint8_t *at = data;

	for (; len > 0 && (len < 8 || d->len % 8 != 0); len--)
		add_byte(d, *at++);
	for (; len >= 8; at += 8, len -= 8, d->len += 8) {
		memcpy(&d->block, at, 8);
		d->block = le64toh(d->block);
		take_block(d);
	}
	for (; len > 0; len--)
		add_byte(d, *at++);
}

struct digest128
digest_end(struct digesting d)
{
	struct digest128 out;

	d.block |= (uint64_t)d.len << 56;
	take_block(&d);
	d.v[2] ^= 0xee;
	mix(d.v, 4);
	out.half[0] = d.v[0] ^ d.v[1] ^ d.v[2] ^ d.v[3];
	d.v[1] ^= 0xdd;
	mix(d.v, 4);
	out.half[1] = d.v[0] ^ d.v[1] ^ d.v[2] ^ d.v[3];
	return out;
}
