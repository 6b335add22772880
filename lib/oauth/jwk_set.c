/* jwk_set.c: the public keys of a client (RFC 7517 section 5). */
#include "jwk_set.h"

#include <json-c/json.h>
#include <string.h>

#include "arena.h"
#include "cert.h"
#include "json.h"
#include "jwk.h"

/* The array of keys in the text; NULL: there is none. */
static struct json_object *
read_set(struct arena *a, const char *text)
{
	struct json_object *o = json_parse(a, text, strlen(text)), *keys;

	return json_object_is_type(o, json_type_object) &&
		json_object_object_get_ex(o, "keys", &keys) &&
		json_object_is_type(keys, json_type_array)
	    ? keys
	    : NULL;
}

static int
is_for_encryption(struct json_object *jwk)
{
	const char *use = json_get_str(jwk, "use");

	return use != NULL && strcmp(use, "enc") == 0;
}

/* Is it a key of one of our algorithms? */
static int
is_usable(struct json_object *jwk)
{
	struct key *k = NULL;

	for (int alg = 0; k == NULL && alg < ALG_COUNT; alg++)
		k = jwk_read_as(jwk, (enum alg)alg);
	key_free(k);
	return k != NULL;
}

/* Why one key refuses the set; NULL: it does not. */
static const char *
key_refused(struct json_object *jwk, int is_strict, int *n_usable)
{
	if (!json_object_is_type(jwk, json_type_object))
		return "is no JSON object";
	if (jwk_is_secret(jwk))
		return "is a private or a symmetric key: only public keys belong"
		       " here, and this one is a secret no more";
	if (is_for_encryption(jwk))
		return NULL;
	if (is_usable(jwk)) {
		(*n_usable)++;
		return NULL;
	}
	return is_strict ? "is no sound public key for ES256 (P-256), EdDSA"
			   " (Ed25519), RS256 or PS256 (RSA, 2048 to 4096 bits)"
			 : NULL;
}

const char *
jwk_set_refused(struct arena *a, const char *text, int is_strict)
{
	struct json_object *keys;
	const char *why;
	int n_usable = 0;
	size_t n;

	if (strlen(text) > JWK_SET_BYTES_MAX)
		return "the set of keys is longer than 16 KB";
	if ((keys = read_set(a, text)) == NULL)
		return "there is no set of keys: a JSON object with an array"
		       " \"keys\", in which no member is named twice";
	if ((n = json_object_array_length(keys)) > JWK_SET_MAX)
		return "the set has more than 20 keys";
	for (size_t i = 0; i < n; i++)
		if ((why = key_refused(json_object_array_get_idx(keys, i),
			 is_strict, &n_usable)) != NULL)
			return arena_printf(a, "key %zu of the set %s", i + 1,
			    why);
	return n_usable > 0
	    ? NULL
	    : "the set has no public key for ES256, EdDSA, RS256 or PS256";
}

static int
is_named(struct json_object *jwk, const char *kid)
{
	const char *name = json_get_str(jwk, "kid");

	return kid == NULL || (name != NULL && strcmp(name, kid) == 0);
}

int
jwk_set_verify(struct arena *a, const char *text, const char *kid,
    enum alg alg, const void *data, size_t len, const void *sig, size_t sig_len)
{
	struct json_object *keys = read_set(a, text), *jwk;
	const size_t n = keys == NULL ? 0 : json_object_array_length(keys);
	int tried = 0, fits = 0;
	struct key *k;

	for (size_t i = 0; i < n && i < JWK_SET_MAX && !fits; i++) {
		jwk = json_object_array_get_idx(keys, i);
		if (!is_named(jwk, kid) || jwk_is_secret(jwk) ||
		    (k = jwk_read_as(jwk, alg)) == NULL)
			continue;
		tried = kid != NULL;
		fits = key_verify(k, data, len, sig, sig_len);
		key_free(k);
	}
	return fits ? 1 : tried ? 0 : -1;
}

int
jwk_set_has_cert(struct arena *a, const char *text, const void *der, size_t len)
{
	struct json_object *keys = read_set(a, text), *jwk, *x5c, *first;
	const size_t n = keys == NULL ? 0 : json_object_array_length(keys);
	const char *b64;
	struct cert c;

	for (size_t i = 0; i < n && i < JWK_SET_MAX; i++) {
		jwk = json_object_array_get_idx(keys, i);
		if (jwk_is_secret(jwk) ||
		    !json_object_object_get_ex(jwk, "x5c", &x5c) ||
		    !json_object_is_type(x5c, json_type_array))
			continue;
		first = json_object_array_get_idx(x5c, 0);
		if (!json_object_is_type(first, json_type_string))
			continue;
		b64 = json_object_get_string(first);
		if (cert_from_base64(a, b64, strlen(b64), &c) == 0 &&
		    c.len == len && memcmp(c.der, der, len) == 0)
			return 1;
	}
	return 0;
}
