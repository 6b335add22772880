/*
 * cbor.c: the one function of libcbor that carnet calls (lib/base/item.c), for static
 * programs: Debian has no static libcbor.  test/unit/test_item.c holds the two against
 * each other.
 */
#include <cbor/callbacks.h>
#include <cbor/streaming.h>
#include <string.h>

/* The head of an item (RFC 8949 section 3). */
struct head {
	unsigned major, info;
	size_t len;	/* bytes of the head; 0: there are too few */
	uint64_t n;
};

static struct head
read_head(cbor_data p, size_t size)
{
	struct head h = { .major = p[0] >> 5, .info = p[0] & 31 };
	size_t more = h.info < 24 || h.info > 27 ? 0 : (size_t)1 << (h.info - 24);

	h.n = h.info;
	if (more > size - 1)
		return h;
	h.len = 1 + more;
	if (more > 0)
		h.n = 0;
	for (size_t i = 1; i <= more; i++)
		h.n = h.n << 8 | p[i];
	return h;
}

static void
call_int(const struct head *h, const struct cbor_callbacks *c, void *ctx)
{
	const int negative = h->major == 1;

	switch (h->info) {
	case 25:
		(negative ? c->negint16 : c->uint16)(ctx, (uint16_t)h->n);
		break;
	case 26:
		(negative ? c->negint32 : c->uint32)(ctx, (uint32_t)h->n);
		break;
	case 27:
		(negative ? c->negint64 : c->uint64)(ctx, h->n);
		break;
	default:
		(negative ? c->negint8 : c->uint8)(ctx, (uint8_t)h->n);
	}
}

/* An indefinite length, or the end of one; return 0 if the type has none. */
static int
call_open(unsigned major, const struct cbor_callbacks *c, void *ctx)
{
	cbor_simple_callback call[8] = { [2] = c->byte_string_start,
		[3] = c->string_start, [4] = c->indef_array_start,
		[5] = c->indef_map_start, [7] = c->indef_break };

	if (call[major] == NULL)
		return 0;
	call[major](ctx);
	return 1;
}

/* Simple values and floats; nobody reads the number of a float. */
static int
call_simple(const struct head *h, const struct cbor_callbacks *c, void *ctx)
{
	switch (h->info) {
	case 20:
	case 21:
		c->boolean(ctx, h->info == 21);
		return 1;
	case 22:
		c->null(ctx);
		return 1;
	case 23:
		c->undefined(ctx);
		return 1;
	case 25:
		c->float2(ctx, 0);
		return 1;
	case 26:
		c->float4(ctx, 0);
		return 1;
	case 27:
		c->float8(ctx, 0);
		return 1;
	default:
		return 0;
	}
}

struct cbor_decoder_result
cbor_stream_decode(cbor_data p, size_t size,
    const struct cbor_callbacks *c, void *ctx)
{
	struct cbor_decoder_result none = { .status = CBOR_DECODER_NEDATA };
	struct cbor_decoder_result bad = { .status = CBOR_DECODER_ERROR };
	struct head h;
	int is_good = 1;

	if (size == 0)
		return none;
	h = read_head(p, size);
	if (h.info > 27 && h.info < 31)
		return bad;
	if (h.len == 0)
		return none;
	if ((h.major == 2 || h.major == 3) && h.info != 31 &&
	    h.n > size - h.len)
		return none;
	if (h.info == 31)
		is_good = call_open(h.major, c, ctx);
	else if (h.major < 2)
		call_int(&h, c, ctx);
	else if (h.major < 4)
		(h.major == 2 ? c->byte_string : c->string)(
		    ctx, p + h.len, (size_t)h.n);
	else if (h.major < 6)
		(h.major == 4 ? c->array_start : c->map_start)(ctx, (size_t)h.n);
	else if (h.major == 6)
		c->tag(ctx, h.n);
	else
		is_good = call_simple(&h, c, ctx);
	if (!is_good)
		return bad;
	if ((h.major == 2 || h.major == 3) && h.info != 31)
		h.len += (size_t)h.n;
	return (struct cbor_decoder_result) { .status = CBOR_DECODER_FINISHED,
		.read = h.len };
}
