/*
 * fuzz_jwk.c: a public key that is read is a key, and is written as the same
 * key.
 */
#include "fuzz.h"

#include "json.h"
#include "jwk.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = malloc(size + 1);
	char kid[KID_LEN + 1], again[KID_LEN + 1];
	struct json_object *o;
	struct key *k = NULL, *k2;
	uint8_t sig[64] = { 1 };
	struct buf b;

	memcpy(text, data, size);
	log_to(fuzz_no_log, NULL);
	if ((o = json_parse(a, text, size)) != NULL)
		k = jwk_read(o);
	if (k != NULL) {
		assert(!key_can_sign(k));
		assert(
		    strcmp(json_get_str(o, "alg"), alg_name(key_alg(k))) == 0);
		assert(key_alg(k) == ALG_ES256 || key_alg(k) == ALG_EDDSA ||
		    (key_bits(k) >= 2048 && key_bits(k) <= 8192));
		assert(!key_verify(k, text, size, sig, sizeof(sig)));
		assert(jwk_thumbprint(k, kid) == 0 && strlen(kid) == KID_LEN);
		buf_init(&b, a, 512);
		assert(jwk_write(&b, k, kid) == 0);
		o = json_parse(a, b.data, b.len);
		assert(o != NULL && (k2 = jwk_read(o)) != NULL);
		assert(jwk_thumbprint(k2, again) == 0);
		assert(strcmp(kid, again) == 0);
		key_free(k2);
	}
	key_free(k);
	free(text);
	arena_free(a);
	return 0;
}
