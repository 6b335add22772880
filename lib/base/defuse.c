/*
 * defuse.c: texts that defuse/php-encryption, version 2, encrypted by a password.
 *
 * A text is, in hexadecimal: 4 bytes of version, a salt of 32, an IV of 16, the
 * ciphertext of AES-256-CTR, an HMAC-SHA-256 over all that.  Both keys come from one
 * PBKDF2 by HKDF (RFC 5869).
 */
#include "defuse.h"

#include <nettle/aes.h>
#include <nettle/ctr.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/pbkdf2.h>
#include <string.h>

#include "arena.h"
#include "crypto.h"
#include "hasher.h"

#define ROUNDS 100000
#define VERSION_LEN 4
#define SALT_LEN 32
#define IV_LEN AES_BLOCK_SIZE
#define HEAD_LEN (VERSION_LEN + SALT_LEN + IV_LEN)
#define MAC_LEN DIGEST_LEN
#define FOR_MAC "DefusePHP|V2|KeyForAuthentication"
#define FOR_CIPHER "DefusePHP|V2|KeyForEncryption"

/* The derivation, as a job of the hashing thread: it touches nothing else. */
struct derive {
	uint8_t password[DIGEST_LEN], salt[SALT_LEN], out[DIGEST_LEN];
};

static void
derive(void *ctx)
{
	struct derive *d = ctx;

	pbkdf2_hmac_sha256(sizeof(d->password), d->password, ROUNDS,
	    sizeof(d->salt), d->salt, sizeof(d->out), d->out);
}

/* The bytes of text; how many, or 0 if it is no hexadecimal. */
static size_t
unhex(const char *text, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";
	const size_t len = strlen(text);
	const char *high, *low;

	if (len % 2 != 0)
		return 0;
	for (size_t i = 0; i < len; i += 2) {
		high = strchr(digits, text[i]);
		low = strchr(digits, text[i + 1]);
		if (high == NULL || low == NULL)
			return 0;
		out[i / 2] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	return len / 2;
}

/* One of the two keys: HKDF with the salt of the text. */
static void
expand(const struct derive *d, const char *info, uint8_t out[DIGEST_LEN])
{
	struct hmac_sha256_ctx h;
	uint8_t prk[DIGEST_LEN];

	hmac_sha256_set_key(&h, sizeof(d->salt), d->salt);
	hkdf_extract(&h, (nettle_hash_update_func *)hmac_sha256_update,
	    (nettle_hash_digest_func *)hmac_sha256_digest, DIGEST_LEN,
	    sizeof(d->out), d->out, prk);
	hmac_sha256_set_key(&h, sizeof(prk), prk);
	hkdf_expand(&h, (nettle_hash_update_func *)hmac_sha256_update,
	    (nettle_hash_digest_func *)hmac_sha256_digest, DIGEST_LEN,
	    strlen(info), (const uint8_t *)info, DIGEST_LEN, out);
	explicit_bzero(prk, sizeof(prk));
	explicit_bzero(&h, sizeof(h));
}

static int
mac_fits(const struct derive *d, const uint8_t *all, size_t len)
{
	struct hmac_sha256_ctx h;
	struct digest want, got;
	uint8_t key[DIGEST_LEN];

	expand(d, FOR_MAC, key);
	hmac_sha256_set_key(&h, sizeof(key), key);
	hmac_sha256_update(&h, len - MAC_LEN, all);
	hmac_sha256_digest(&h, DIGEST_LEN, want.byte);
	memcpy(got.byte, all + len - MAC_LEN, MAC_LEN);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(&h, sizeof(h));
	return digest_equal(&want, &got);
}

static char *
decrypt(struct arena *a, const struct derive *d, const uint8_t *all, size_t len)
{
	const size_t n = len - HEAD_LEN - MAC_LEN;
	char *out = arena_alloc(a, n + 1);
	struct aes256_ctx aes;
	uint8_t key[DIGEST_LEN], counter[IV_LEN];

	expand(d, FOR_CIPHER, key);
	aes256_set_encrypt_key(&aes, key);
	memcpy(counter, all + VERSION_LEN + SALT_LEN, IV_LEN);
	ctr_crypt(&aes, (nettle_cipher_func *)aes256_encrypt, AES_BLOCK_SIZE,
	    counter, n, (uint8_t *)out, all + HEAD_LEN);
	out[n] = '\0';
	explicit_bzero(key, sizeof(key));
	explicit_bzero(&aes, sizeof(aes));
	return out;
}

char *
defuse_open(struct arena *a, const char *text, const uint8_t *key, size_t len)
{
	struct derive *d;
	struct digest password;
	uint8_t *all;
	char *out = NULL;
	size_t n;

	if (strnlen(text, DEFUSE_MAX + 1) > DEFUSE_MAX ||
	    strncmp(text, DEFUSE_BEGINS, strlen(DEFUSE_BEGINS)) != 0)
		return NULL;
	all = arena_alloc(a, strlen(text) / 2 + 1);
	if ((n = unhex(text, all)) < HEAD_LEN + MAC_LEN)
		return NULL;
	d = arena_alloc(a, sizeof(*d)); /* wiped with the arena */
	digest_of(key, len, &password);
	memcpy(d->password, password.byte, DIGEST_LEN);
	memcpy(d->salt, all + VERSION_LEN, SALT_LEN);
	hasher_do(derive, d);
	if (mac_fits(d, all, n))
		out = decrypt(a, d, all, n);
	explicit_bzero(&password, sizeof(password));
	explicit_bzero(d, sizeof(*d));
	return out;
}
