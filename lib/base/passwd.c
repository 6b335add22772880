/* passwd.c: users' passwords, hashed by crypt(3). */
#include "passwd.h"

#include <crypt.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "crypto.h"
#include "hasher.h"
#include "log.h"
#include "precis.h"

#define SETTING "$y$j9T$" /* yescrypt at libxcrypt's default cost, 26 ms */

/* A yescrypt hash without a known password, at the cost of a real one. */
#define NOBODY SETTING "0000000000000000000000$" \
    "0000000000000000000000000000000000000000000"

/* The same for bcrypt; the cost is filled in. */
#define NOBODY_BCRYPT "$2y$%02d$abcdefghijklmnopqrstuu"
#define BCRYPT_MIN 4
#define BCRYPT_MAX 14 /* a second; work beyond it is not hidden */

struct hashing {
	const char *password, *setting;
	char hash[CRYPT_OUTPUT_SIZE]; /* "": crypt(3) refused */
};

/*
 * Call crypt_ra, and wipe its data.  A lack of memory ends the process: it must
 * not look like a wrong password.
 */
static void
do_hash(void *ctx)
{
	struct hashing *h = ctx;
	struct crypt_data *data = NULL;
	int size = 0;
	char *s;

	errno = 0;
	s = crypt_ra(h->password, h->setting, (void **)&data, &size);
	if ((s == NULL || *s == '*') && errno == ENOMEM)
		err(111, "crypt");
	if (s != NULL && *s != '*')
		snprintf(h->hash, sizeof(h->hash), "%s", s);
	if (data != NULL)
		explicit_bzero(data, (size_t)size);
	free(data);
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

static int
verify(struct arena *a, const char *password, const char *hash)
{
	struct digest want, got;
	char *h = hash == NULL ? NULL : hash_with(a, password, hash);

	if (h == NULL) {
		hash_with(a, password, NOBODY);
		return 0;
	}
	digest_of(h, strlen(h), &got);
	digest_of(hash, strlen(hash), &want);
	return digest_equal(&got, &want);
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

/* The cost of a bcrypt hash; 0 for any other hash. */
static int
bcrypt_cost(const char *hash)
{
	if (hash == NULL || strlen(hash) < 60 || memcmp(hash, "$2", 2) != 0)
		return 0;
	return (hash[4] - '0') * 10 + hash[5] - '0';
}

/* Do the work of passwd_refuse for one spelling. */
static void
refuse(struct arena *a, const char *password, const char *hash, int max_cost)
{
	int cost = bcrypt_cost(hash);

	max_cost = max_cost > BCRYPT_MAX ? BCRYPT_MAX : max_cost;
	if (max_cost >= BCRYPT_MIN && cost == 0)
		hash_with(a, password,
		    arena_printf(a, NOBODY_BCRYPT, max_cost));
	/*
	 * Cost c + 1 is twice the work of c.  The hash of cost c is done
	 * already; those of c, c + 1, ... max_cost - 1 make the sum that of
	 * max_cost.
	 */
	for (; cost >= BCRYPT_MIN && cost < max_cost; cost++)
		hash_with(a, password, arena_printf(a, NOBODY_BCRYPT, cost));
	if (bcrypt_cost(hash) != 0)
		hash_with(a, password, NOBODY);
}

void
passwd_refuse(const char *password, const char *hash, int max_cost)
{
	struct arena *a = arena_new();
	const char *typed[2];
	int n = spellings(a, password, typed);

	for (int i = 0; i < n; i++)
		refuse(a, typed[i], hash, max_cost);
	arena_free(a);
}

int
passwd_is_stale(const char *hash)
{
	return strncmp(hash, SETTING, strlen(SETTING)) != 0;
}
