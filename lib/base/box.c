/* box.c: a secret that is stored encrypted: AES-256-GCM (NIST SP 800-38D). */
#include "box.h"

#include <nettle/gcm.h>
#include <nettle/memops.h>
#include <string.h>

#include "crypto.h"

_Static_assert(BOX_EXTRA == GCM_IV_SIZE + GCM_DIGEST_SIZE, "iv and tag");

static void
begin(struct gcm_aes256_ctx *g, const struct digest *key, const char *about,
    const uint8_t *iv)
{
	gcm_aes256_set_key(g, key->byte);
	gcm_aes256_set_iv(g, GCM_IV_SIZE, iv);
	gcm_aes256_update(g, strlen(about), (const uint8_t *)about);
}

/* A random IV is fine: a key makes far fewer than 2^32 boxes (section 8.3). */
void
box_close(const struct digest *key, const char *about, const void *data,
    size_t len, uint8_t *out)
{
	struct gcm_aes256_ctx g;

	crypto_random(out, GCM_IV_SIZE);
	begin(&g, key, about, out);
	gcm_aes256_encrypt(&g, len, out + GCM_IV_SIZE, data);
	gcm_aes256_digest(&g, GCM_DIGEST_SIZE, out + GCM_IV_SIZE + len);
	explicit_bzero(&g, sizeof(g));
}

int
box_open(const struct digest *key, const char *about, const uint8_t *box,
    size_t len, void *out)
{
	uint8_t tag[GCM_DIGEST_SIZE];
	struct gcm_aes256_ctx g;
	const size_t n = len < BOX_EXTRA ? 0 : len - BOX_EXTRA;
	int is_ours;

	if (len < BOX_EXTRA)
		return 0;
	begin(&g, key, about, box);
	gcm_aes256_decrypt(&g, n, out, box + GCM_IV_SIZE);
	gcm_aes256_digest(&g, sizeof(tag), tag);
	explicit_bzero(&g, sizeof(g));
	is_ours = memeql_sec(tag, box + GCM_IV_SIZE + n, sizeof(tag));
	if (!is_ours)
		explicit_bzero(out, n);
	return is_ours;
}
