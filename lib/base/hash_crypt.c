/* hash_crypt.c: the kinds of hash that crypt(3) checks. */
#include "hash_int.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SALT "abcdefgh" /* of work whose result nobody looks at */
#define BCRYPT_DUMMY "$2y$%02d$abcdefghijklmnopqrstuu"
#define SHA_ROUNDS 5000 /* where a hash does not say */
#define SHA_ROUNDS_MIN 1000
#define DIGEST_YESCRYPT 43

int
hash_digit(char c)
{
	const char *at = c == '\0' ? NULL : strchr(HASH_DIGITS, c);

	return at == NULL ? -1 : (int)(at - HASH_DIGITS);
}

int
hash_is_tail(const char *s, size_t n)
{
	return strlen(s) == n && strspn(s, HASH_DIGITS) == n;
}

const char *
hash_number(const char *s, char end, int64_t *out)
{
	const size_t len = strspn(s, "0123456789");

	if (len == 0 || len > 15 || s[0] == '0' || s[len] != end)
		return NULL;
	*out = 0;
	for (size_t i = 0; i < len; i++)
		*out = *out * 10 + (s[i] - '0');
	return s + len + (end != '\0');
}

/* A salt of at most max bytes and a digest of n digits, with a "$" between. */
static int
is_salt_and_digest(const char *s, size_t max, size_t n)
{
	const size_t len = strcspn(s, "$");

	return len <= max && s[len] == '$' && strcspn(s, ":\n*!\\") > len &&
	    hash_is_tail(s + len + 1, n);
}

/* All up to end is the setting. */
static int
set(struct hash_cost *out, const char *hash, const char *end)
{
	if ((size_t)(end - hash) >= sizeof(out->setting))
		return 0;
	memcpy(out->setting, hash, (size_t)(end - hash));
	out->setting[end - hash] = '\0';
	return 1;
}

int
hash_read_bcrypt(const char *hash, struct hash_cost *out)
{
	if (strlen(hash) != 60 || strchr("abxy", hash[2]) == NULL ||
	    hash[3] != '$' || hash[4] < '0' || hash[4] > '3' ||
	    hash[5] < '0' || hash[5] > '9' || hash[6] != '$' ||
	    !hash_is_tail(hash + 7, 53))
		return 0;
	out->n = (hash[4] - '0') * 10 + hash[5] - '0';
	return out->n >= 4 && out->n <= 31;
}

int
hash_read_sha_crypt(const char *hash, struct hash_cost *out)
{
	const char *s = hash + 3, *rounds = "rounds=";

	out->n = SHA_ROUNDS;
	if (strncmp(s, rounds, strlen(rounds)) == 0)
		s = hash_number(s + strlen(rounds), '$', &out->n);
	return s != NULL && out->n >= SHA_ROUNDS_MIN && out->n <= 999999999 &&
	    is_salt_and_digest(s, 16, hash[1] == '6' ? 86 : 43);
}

/* A number as yescrypt writes it, in as many digits as it needs; NULL. */
static const char *
yescrypt_number(const char *s, uint32_t min, uint32_t *out)
{
	uint32_t start = 0, end = 47, chars = 1, bits = 0;
	int c = hash_digit(*s++);

	if (c < 0)
		return NULL;
	for (*out = min; (uint32_t)c > end; bits += 6) {
		*out += (end + 1 - start) << bits;
		start = end + 1;
		end = start + (62 - end) / 2;
		chars++;
	}
	*out += ((uint32_t)c - start) << bits;
	while (--chars > 0) {
		if ((c = hash_digit(*s++)) < 0)
			return NULL;
		bits -= 6;
		*out += (uint32_t)c << bits;
	}
	return s;
}

/* KiB of 2^log2_n blocks of r times 128 bytes, p and t times; or too many. */
static int64_t
memory(uint32_t log2_n, uint32_t r, uint32_t p, uint32_t t)
{
	if (log2_n > 30 || r > 1 << 20 || p > 1 << 10 || t > 1 << 10)
		return INT_MAX;
	return ((INT64_C(128) * r << log2_n) / 1024) * p * (t + 1);
}

/*
 * $y$ flavor N r [have [p] [t] [g] [NROM]] $ salt $ digest: what it costs is in
 * the part before the salt.
 */
int
hash_read_yescrypt(const char *hash, struct hash_cost *out)
{
	const char *s = strchr(hash + 1, '$') + 1;
	const char *end = strchr(s, '$');
	uint32_t flavor, log2_n, r, have = 0, p = 1, t = 0, unused;

	if (end == NULL || (s = yescrypt_number(s, 0, &flavor)) == NULL ||
	    (s = yescrypt_number(s, 1, &log2_n)) == NULL ||
	    (s = yescrypt_number(s, 1, &r)) == NULL)
		return 0;
	if (s != end && (s = yescrypt_number(s, 1, &have)) == NULL)
		return 0;
	if ((have & 1 && (s = yescrypt_number(s, 2, &p)) == NULL) ||
	    (have & 2 && (s = yescrypt_number(s, 1, &t)) == NULL) ||
	    (have & 4 && (s = yescrypt_number(s, 1, &unused)) == NULL) ||
	    (have & 8 && (s = yescrypt_number(s, 1, &unused)) == NULL))
		return 0;
	out->n = memory(log2_n, r, p, t);
	return s == end && set(out, hash, end + 1) &&
	    strspn(end + 1, HASH_DIGITS) <= 86 &&
	    is_salt_and_digest(end + 1, 86, DIGEST_YESCRYPT);
}

/* $7$ N r(5) p(5) salt $ digest. */
int
hash_read_scrypt(const char *hash, struct hash_cost *out)
{
	uint32_t part[2] = { 0, 0 };

	if (strlen(hash) < 14 || strspn(hash + 3, HASH_DIGITS) < 11)
		return 0;
	for (int i = 0; i < 10; i++)
		part[i / 5] |= (uint32_t)hash_digit(hash[4 + i])
		    << 6 * (i % 5);
	out->n = memory((uint32_t)hash_digit(hash[3]), part[0], part[1], 0);
	return part[0] > 0 && part[1] > 0 && set(out, hash, hash + 14) &&
	    is_salt_and_digest(hash + 14, 86, DIGEST_YESCRYPT);
}

int
hash_read_md5_crypt(const char *hash, struct hash_cost *out)
{
	out->n = 1;
	return set(out, hash, hash + 3) && is_salt_and_digest(hash + 3, 8, 22);
}

/* $md5[,rounds=N]$ salt $[$] digest. */
int
hash_read_sun_md5(const char *hash, struct hash_cost *out)
{
	const char *s = hash + 4, *rounds = ",rounds=";

	out->n = 1;
	if (strncmp(s, rounds, strlen(rounds)) == 0)
		s = hash_number(s + strlen(rounds), '$', &out->n);
	else
		s = *s == '$' ? s + 1 : NULL;
	if (s == NULL || !set(out, hash, s))
		return 0;
	s += strspn(s, HASH_DIGITS);
	if (*s != '$')
		return 0;
	s += s[1] == '$' ? 2 : 1;
	return hash_is_tail(s, 22);
}

int
hash_read_sha1_crypt(const char *hash, struct hash_cost *out)
{
	const char *s = hash_number(hash + 6, '$', &out->n);

	return s != NULL && is_salt_and_digest(s, 64, 28);
}

int
hash_read_bsdi(const char *hash, struct hash_cost *out)
{
	if (!hash_is_tail(hash + 1, 19))
		return 0;
	for (int i = 0; i < 4; i++)
		out->n |= (int64_t)hash_digit(hash[1 + i]) << 6 * i;
	return out->n > 0 && set(out, hash, hash + 5);
}

int
hash_read_nt(const char *hash, struct hash_cost *out)
{
	out->n = 1;
	return strlen(hash) == 36 &&
	    strspn(hash + 4, "0123456789abcdef") == 32;
}

int
hash_read_des(const char *hash, struct hash_cost *out)
{
	out->n = 1;
	return hash_is_tail(hash, 13);
}

void
hash_work_bcrypt(const struct hash_cost *c, int64_t n, const char *pw)
{
	char setting[HASH_SETTING_MAX], out[HASH_MAX + 1];

	(void)c;
	snprintf(setting, sizeof(setting), BCRYPT_DUMMY, (int)n);
	(void)hash_crypt(pw, setting, out);
}

/* Fewer rounds than the least take no time that shows. */
void
hash_work_sha_crypt(const struct hash_cost *c, int64_t n, const char *pw)
{
	char setting[HASH_SETTING_MAX], out[HASH_MAX + 1];

	if (n < SHA_ROUNDS_MIN)
		return;
	snprintf(setting, sizeof(setting), "$%c$rounds=%lld$" SALT "$",
	    c->kind->prefix[1], (long long)n);
	(void)hash_crypt(pw, setting, out);
}

/* NetBSD draws the number of rounds for each hash: no setting is like another. */
void
hash_work_sha1_crypt(const struct hash_cost *c, int64_t n, const char *pw)
{
	char setting[HASH_SETTING_MAX], out[HASH_MAX + 1];

	(void)c;
	snprintf(setting, sizeof(setting), "$sha1$%lld$" SALT "$", (long long)n);
	(void)hash_crypt(pw, setting, out);
}

void
hash_work_setting(const struct hash_cost *c, int64_t n, const char *pw)
{
	/* bsdicrypt has a salt of four digits behind its rounds. */
	const char *salt = c->setting[0] == '_' ? "abcd" : SALT "$";
	char setting[HASH_SETTING_MAX + sizeof(SALT) + 1], out[HASH_MAX + 1];

	(void)n;
	snprintf(setting, sizeof(setting), "%s%s", c->setting, salt);
	(void)hash_crypt(pw, setting, out);
}
