/* passwd.c: users' passwords, and their hashes. */
#include "passwd.h"

#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "crypto.h"
#include "hash.h"
#include "hasher.h"
#include "log.h"
#include "precis.h"

#define SETTING "$y$j9T$" /* yescrypt at libxcrypt's default cost, 26 ms */

struct hashing {
	const char *password, *setting;
	char hash[HASH_MAX + 1]; /* "": crypt(3) refused */
};

static void
do_hash(void *ctx)
{
	struct hashing *h = ctx;

	if (!hash_crypt(h->password, h->setting, h->hash))
		h->hash[0] = '\0';
}

/*
 * Hash in the hashing thread.  Return NULL if setting is malformed or password
 * is too long.
 */
static char *
hash_with(struct arena *a, const char *password, const char *setting)
{
	struct hashing h = { .password = password, .setting = setting };
	char *copy;

	hasher_do(do_hash, &h);
	copy = h.hash[0] == '\0' ? NULL : arena_str(a, h.hash);
	explicit_bzero(h.hash, sizeof(h.hash));
	return copy;
}

/*
 * Put the spellings of password that a hash may have been made from to out: its
 * OpaqueString (RFC 8265), and, for an older or imported hash, the password as
 * it was sent.  Return their number, which does not depend on the hash.
 */
static int
spellings(struct arena *a, const char *password, const char *out[static 2])
{
	out[0] = precis_password(a, password, PASSWD_MAX);
	out[1] = password;
	return strcmp(out[0], out[1]) == 0 ? 1 : 2;
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
	    (h = hash_with(a, precis_password(a, password, PASSWD_MAX),
		 setting)) == NULL) {
		log_event("crypt: yescrypt is not available");
		return NULL;
	}
	return h;
}

struct checking {
	const char *password, *hash;
	int fits;
};

static void
do_check(void *ctx)
{
	struct checking *c = ctx;

	c->fits = hash_fits(c->password, c->hash);
}

static int
verify(struct arena *a, const char *password, const char *hash)
{
	struct checking c = { .password = password, .hash = hash };

	hasher_do(do_check, &c);
	if (c.fits < 0)
		hash_with(a, password, PASSWD_NOBODY);
	return c.fits == 1;
}

int
passwd_verify(const char *password, const char *hash)
{
	struct arena *a = arena_new();
	const char *typed[2];
	int n = spellings(a, password, typed), same = 0;

	for (int i = 0; i < n && !same; i++)
		same = verify(a, typed[i], hash) ? i + 1 : 0;
	arena_free(a);
	return same;
}

/* Has a check of hash cost what one of ours does? */
static int
costs_ours(const char *hash)
{
	struct hash_cost c;

	return !hash_read(hash, &c) || !passwd_is_stale(hash) ||
	    strncmp(hash, "{md5}", 5) == 0 || strncmp(hash, "{sha1}", 6) == 0;
}

struct refusing {
	const char *password, *hash;
	const struct hash_load *load;
};

static void
do_refuse(void *ctx)
{
	const struct refusing *r = ctx;

	hash_load_run(r->load, r->hash, r->password);
}

void
passwd_refuse(
    const char *password, const char *hash, const struct hash_load *load)
{
	struct arena *a = arena_new();
	const char *typed[2];
	const int n = spellings(a, password, typed);

	for (int i = 0; i < n; i++) {
		struct refusing r = { .password = typed[i], .hash = hash,
			.load = load };

		hasher_do(do_refuse, &r);
		if (!costs_ours(hash))
			hash_with(a, typed[i], PASSWD_NOBODY);
	}
	arena_free(a);
}

int
passwd_is_stale(const char *hash)
{
	return strncmp(hash, SETTING, strlen(SETTING)) != 0;
}
