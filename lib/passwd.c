/* passwd.c: people's passwords, through crypt(3). */
#include "passwd.h"

#include <crypt.h>
#include <err.h>

#include "arena.h"
#include "crypto.h"
#include "log.h"

#define SETTING "$y$j9T$" /* yescrypt at libxcrypt's default cost, 26 ms */

/* A hash that no password is known for, at the cost of a real one. */
#define NOBODY SETTING "0000000000000000000000$" \
    "0000000000000000000000000000000000000000000"

/* crypt_ra, with its 32 KiB of scratch wiped by crypt itself. */
static char *
hash_with(struct arena *a, const char *password, const char *setting)
{
	struct crypt_data *data = NULL;
	int size = 0;
	char *h, *copy = NULL;

	h = crypt_ra(password, setting, (void **)&data, &size);
	if (h != NULL && *h != '*')
		copy = arena_str(a, h);
	if (data != NULL)
		explicit_bzero(data, (size_t)size);
	free(data);
	return copy;
}

char *
passwd_hash(struct arena *a, const char *password)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	uint8_t salt[16];
	char *h;

	crypto_random(salt, sizeof(salt));
	if (crypt_gensalt_rn("$y$", 0, (const char *)salt, sizeof(salt),
		setting, sizeof(setting)) == NULL ||
	    (h = hash_with(a, password, setting)) == NULL) {
		log_event("crypt: yescrypt is not available");
		return NULL;
	}
	return h;
}

int
passwd_verify(const char *password, const char *hash)
{
	struct arena *a = arena_new();
	struct digest want, got;
	char *h;
	int same = 0;

	h = hash_with(a, password, hash == NULL ? NOBODY : hash);
	if (h != NULL && hash != NULL) {
		digest_of(h, strlen(h), &got);
		digest_of(hash, strlen(hash), &want);
		same = digest_equal(&got, &want);
	}
	arena_free(a);
	return same;
}

int
passwd_is_stale(const char *hash)
{
	return strncmp(hash, SETTING, strlen(SETTING)) != 0;
}
