/* hash_argon2.c: Argon2 (RFC 9106), as a PHC string. */
#include "hash_int.h"

#include <argon2.h>
#include <err.h>
#include <stdio.h>
#include <string.h>

#define DIGEST_MAX 128
#define SALT_BYTES_MAX 128
#define SALT_BYTES_MIN 8
#define PASSES_MAX (1024 * 1024) /* KiB of memory in all passes */
#define LANES_MAX 64

struct argon2 {
	argon2_type type;
	int64_t version, m, t, p;
	uint8_t salt[SALT_BYTES_MAX], digest[DIGEST_MAX];
	long salt_len, digest_len;
	const char *behind; /* the setting */
};

/* Read the number that follows name in "m=65536,t=3,p=4". */
static const char *
member(const char *s, const char *name, char end, int64_t *out)
{
	const size_t len = strlen(name);

	return s == NULL || strncmp(s, name, len) != 0
	    ? NULL
	    : hash_number(s + len, end, out);
}

/* $argon2id$v=19$m=M,t=T,p=P$ */
static const char *
read_setting(const char *s, struct argon2 *out)
{
	static const struct {
		const char *prefix;
		argon2_type type;
	} types[] = { { "$argon2id$", Argon2_id }, { "$argon2i$", Argon2_i },
		{ "$argon2d$", Argon2_d } };
	const char *at = NULL;

	for (size_t i = 0; i < 3 && at == NULL; i++)
		if (strncmp(s, types[i].prefix, strlen(types[i].prefix)) == 0) {
			at = s + strlen(types[i].prefix);
			out->type = types[i].type;
		}
	if (at == NULL)
		return NULL;
	out->version = ARGON2_VERSION_10; /* before it was written down */
	if (*at == 'v')
		at = member(at, "v=", '$', &out->version);
	at = member(at, "m=", ',', &out->m);
	at = member(at, "t=", ',', &out->t);
	at = member(at, "p=", '$', &out->p);
	if (at == NULL || (out->version != ARGON2_VERSION_10 &&
			      out->version != ARGON2_VERSION_13) ||
	    out->m > UINT32_MAX || out->t > UINT32_MAX ||
	    out->p > LANES_MAX || out->m < 8 * out->p)
		return NULL;
	return at;
}

static int
read_phc(const char *hash, struct argon2 *out)
{
	const char *salt = read_setting(hash, out), *end;

	if (salt == NULL || (end = strchr(salt, '$')) == NULL)
		return 0;
	out->behind = salt;
	out->salt_len = hash_b64(
	    salt, (size_t)(end - salt), out->salt, sizeof(out->salt));
	out->digest_len = hash_b64(
	    end + 1, strlen(end + 1), out->digest, sizeof(out->digest));
	return out->salt_len >= SALT_BYTES_MIN && out->digest_len >= 16 &&
	    strchr(salt, '=') == NULL;
}

/* The memory; more than the limit where all passes together are too many. */
int
hash_read_argon2(const char *hash, struct hash_cost *out)
{
	struct argon2 x;
	size_t len;

	if (!read_phc(hash, &x))
		return 0;
	len = (size_t)(x.behind - hash);
	if (len >= sizeof(out->setting))
		return 0;
	memcpy(out->setting, hash, len);
	out->setting[len] = '\0';
	out->n = x.m;
	if (x.t > PASSES_MAX || x.m * x.t > PASSES_MAX)
		out->n = INT64_MAX;
	return 1;
}

/*
 * In one thread, whatever p says: the result is the same, and as many requests
 * hash as the site lets.  A lack of memory ends the process: it must not look
 * like a wrong password.  Return 1 if got has the digest.
 */
static int
run(const struct argon2 *x, const char *password, uint8_t *got)
{
	struct argon2 in = *x;
	argon2_context ctx = {
		.out = got, .outlen = (uint32_t)x->digest_len,
		.pwd = (uint8_t *)(uintptr_t)password,
		.pwdlen = (uint32_t)strlen(password),
		.salt = in.salt, .saltlen = (uint32_t)x->salt_len,
		.t_cost = (uint32_t)x->t, .m_cost = (uint32_t)x->m,
		.lanes = (uint32_t)x->p, .threads = 1,
		.version = (uint32_t)x->version,
		.flags = ARGON2_DEFAULT_FLAGS,
	};
	const int rc = argon2_ctx(&ctx, x->type);

	if (rc == ARGON2_MEMORY_ALLOCATION_ERROR)
		err(111, "argon2");
	return rc == ARGON2_OK;
}

int
hash_fits_argon2(const char *password, const char *hash)
{
	uint8_t got[DIGEST_MAX];
	struct argon2 x;

	if (!read_phc(hash, &x) || !run(&x, password, got))
		return -1;
	return hash_equal(got, x.digest, (size_t)x.digest_len);
}

void
hash_work_argon2(const struct hash_cost *c, int64_t n, const char *pw)
{
	struct argon2 x = { .salt = "abcdefghabcdefgh", .salt_len = 16,
		.digest_len = 32 };
	uint8_t got[DIGEST_MAX];

	(void)n;
	if (read_setting(c->setting, &x) != NULL &&
	    x.m * x.t <= PASSES_MAX)
		(void)run(&x, pw, got);
}
