/* cose.c: public keys of passkeys (RFC 9052 section 7, RFC 9053 section 7). */
#include "cose.h"

#include <string.h>

#include "arena.h"
#include "item.h"
#include "key.h"

/* The labels of a COSE_Key that all types have. */
#define LABEL_KTY 1
#define LABEL_ALG 3

const int cose_algs[COSE_ALGS] = { -7, -8, -257 };

/*
 * RFC 9053 sections 2 and 7, RFC 8230 section 4: kty and crv of each algorithm, and
 * the labels of its numbers.  WebAuthn section 5.8.5 has no other curve for an
 * algorithm, and no compressed point.
 */
static const struct {
	int64_t alg, kty;
	enum alg ours;
	int64_t label_crv, crv;	/* label 0: it has none */
	int64_t x, y;		/* labels; 0: it has none */
} kinds[COSE_ALGS] = {
	{ .alg = -7, .kty = 2, .ours = ALG_ES256,
	    .label_crv = -1, .crv = 1, .x = -2, .y = -3 },
	{ .alg = -8, .kty = 1, .ours = ALG_EDDSA,
	    .label_crv = -1, .crv = 6, .x = -2 },
	{ .alg = -257, .kty = 3, .ours = ALG_RS256, .x = -1, .y = -2 },
};

static int
is_number(const struct item *map, int64_t label, int64_t n)
{
	const struct item *i = item_by_number(map, label);

	return i != NULL && i->type == ITEM_INT && i->n == n;
}

static int
read_number(const struct item *map, int64_t label, uint8_t *out, size_t size,
    size_t *out_len)
{
	const struct item *i = item_by_number(map, label);

	if (label == 0)
		return 1;
	if (i == NULL || i->type != ITEM_BYTES || i->len == 0 || i->len > size)
		return 0;
	memcpy(out, i->data, i->len);
	*out_len = i->len;
	return 1;
}

static struct key *
read_key(const struct item *map, int *alg)
{
	struct key_numbers n = { .x_len = 0 };
	size_t i = 0;

	while (i < COSE_ALGS && !is_number(map, LABEL_ALG, kinds[i].alg))
		i++;
	if (i == COSE_ALGS || !is_number(map, LABEL_KTY, kinds[i].kty) ||
	    (kinds[i].label_crv != 0 &&
		!is_number(map, kinds[i].label_crv, kinds[i].crv)) ||
	    !read_number(map, kinds[i].x, n.x, sizeof(n.x), &n.x_len) ||
	    !read_number(map, kinds[i].y, n.y, sizeof(n.y), &n.y_len))
		return NULL;
	if (alg != NULL)
		*alg = (int)kinds[i].alg;
	return key_from_numbers(kinds[i].ours, &n);
}

struct key *
cose_read(const uint8_t *data, size_t len, int *alg)
{
	struct arena *a = arena_new();
	const struct item *map = item_read(a, data, len, NULL);
	struct key *k = map == NULL ? NULL : read_key(map, alg);

	arena_free(a);
	return k;
}
