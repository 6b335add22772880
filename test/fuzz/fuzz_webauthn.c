/*
 * fuzz_webauthn.c: whatever a browser sends of a passkey, none is taken for a use of
 * a key that signed nothing; and what is read lies in what was sent.
 */
#include "fuzz.h"

#include "webauthn.h"

/* The public key of RFC 8037 appendix A.2, as a COSE_Key. */
static const uint8_t key_bytes[] =
    "\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20"
    "\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a"
    "\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";

static int
is_in(const struct octets *o, const struct octets *all)
{
	return o->data >= all->data && o->data + o->len <= all->data + all->len;
}

/* The first two bytes of the input say how long its first part is. */
static struct octets
part(const uint8_t **data, size_t *size)
{
	struct octets out = { *data, 0 };

	if (*size < 2)
		return out;
	out.len = (size_t)(*data)[0] << 8 | (*data)[1];
	*data += 2;
	*size -= 2;
	if (out.len > *size)
		out.len = *size;
	out.data = *data;
	*data += out.len;
	*size -= out.len;
	return out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct webauthn_want want = { .challenge = "AAAA",
		.origin = "https://auth.example", .rp_id = "auth.example" };
	const struct octets key = { key_bytes, sizeof(key_bytes) - 1 };
	const struct octets all = { data, size };
	const struct octets client = part(&data, &size);
	const struct octets second = part(&data, &size);
	const struct octets third = { data, size };
	struct arena *a = arena_new();
	struct webauthn_data d;

	log_to(fuzz_no_log, NULL);
	if (webauthn_register(a, &want, &client, &second, &d) == NULL) {
		assert(d.id.len > 0 && d.id.len <= WEBAUTHN_ID_MAX);
		assert(is_in(&d.id, &second) && is_in(&d.key, &second));
		assert(d.flags & WEBAUTHN_PRESENT);
	}
	assert(webauthn_assert(
		   a, &want, &key, &client, &second, &third, &d) != NULL);
	if (webauthn_data_read(a, &all, &d) && d.flags & WEBAUTHN_HAS_KEY)
		assert(is_in(&d.id, &all) && is_in(&d.aaguid, &all));
	arena_free(a);
	return 0;
}
