/* hash_site.c: how sites hash: phpass, Drupal, WordPress, Django, LDAP. */
#include "hash_int.h"

#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <nettle/pbkdf2.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "b64.h"

#define LOG2_MIN 7 /* of phpass's rounds */
#define LOG2_MAX 30
#define WP_KEY "wp-sha384"
#define PBKDF2_LEN 32 /* bytes of Django's digest */
#define SALT_MAX 128
#define WHITE " \t\n\r\v" /* what PHP's trim takes off */

int
hash_equal(const void *a, const void *b, size_t n)
{
	return memeql_sec(a, b, n);
}

long
hash_b64(const char *s, size_t len, void *out, size_t max)
{
	char text[HASH_MAX + 4];
	uint8_t all[HASH_MAX + 4];
	long n;

	if (len > HASH_MAX)
		return -1;
	memcpy(text, s, len);
	while (len % 4 != 0) /* b64_decode wants the padding */
		text[len++] = '=';
	n = (long)b64_decode(text, len, all);
	if (n < 0 || (size_t)n > max)
		return -1;
	memcpy(out, all, (size_t)n);
	return n;
}

/* phpass writes three bytes as four digits, the lowest first. */
static void
phpass_encode(const uint8_t *in, size_t n, char *out)
{
	uint32_t v;
	size_t i = 0, k;

	while (i < n) {
		v = 0;
		for (k = 0; k < 3 && i + k < n; k++)
			v |= (uint32_t)in[i + k] << 8 * k;
		for (size_t d = 0; d <= k; d++, v >>= 6)
			*out++ = HASH_DIGITS[v & 63];
		i += k;
	}
	*out = '\0';
}

static int
read_phpass(const char *hash, size_t len, struct hash_cost *out)
{
	const int log2_n = strlen(hash) == len ? hash_digit(hash[3]) : -1;

	if (log2_n < LOG2_MIN || log2_n > LOG2_MAX ||
	    !hash_is_tail(hash + 12, len - 12) || strcspn(hash, ":\n") < len)
		return 0;
	out->n = INT64_C(1) << log2_n;
	return 1;
}

int
hash_read_phpass(const char *hash, struct hash_cost *out)
{
	return read_phpass(hash, 34, out);
}

int
hash_read_drupal(const char *hash, struct hash_cost *out)
{
	return read_phpass(hash, 55, out);
}

/* n more rounds: out becomes the digest of out and the password. */
static void
md5_rounds(int64_t n, const char *pw, uint8_t out[static MD5_DIGEST_SIZE])
{
	const size_t len = strlen(pw);
	struct md5_ctx ctx;

	md5_init(&ctx);
	for (; n > 0; n--) {
		md5_update(&ctx, MD5_DIGEST_SIZE, out);
		md5_update(&ctx, len, (const uint8_t *)pw);
		md5_digest(&ctx, MD5_DIGEST_SIZE, out);
	}
	explicit_bzero(&ctx, sizeof(ctx));
}

static void
sha512_rounds(
    int64_t n, const char *pw, uint8_t out[static SHA512_DIGEST_SIZE])
{
	const size_t len = strlen(pw);
	struct sha512_ctx ctx;

	sha512_init(&ctx);
	for (; n > 0; n--) {
		sha512_update(&ctx, SHA512_DIGEST_SIZE, out);
		sha512_update(&ctx, len, (const uint8_t *)pw);
		sha512_digest(&ctx, SHA512_DIGEST_SIZE, out);
	}
	explicit_bzero(&ctx, sizeof(ctx));
}

int
hash_fits_phpass(const char *password, const char *hash)
{
	uint8_t digest[MD5_DIGEST_SIZE];
	struct md5_ctx ctx;
	char text[32];

	md5_init(&ctx);
	md5_update(&ctx, 8, (const uint8_t *)hash + 4);
	md5_update(&ctx, strlen(password), (const uint8_t *)password);
	md5_digest(&ctx, sizeof(digest), digest);
	md5_rounds(INT64_C(1) << hash_digit(hash[3]), password, digest);
	phpass_encode(digest, sizeof(digest), text);
	return hash_equal(text, hash + 12, 22);
}

/* As phpass, with SHA-512; Drupal cuts the text off at 55 bytes. */
int
hash_fits_drupal(const char *password, const char *hash)
{
	uint8_t digest[SHA512_DIGEST_SIZE];
	struct sha512_ctx ctx;
	char text[96];

	sha512_init(&ctx);
	sha512_update(&ctx, 8, (const uint8_t *)hash + 4);
	sha512_update(&ctx, strlen(password), (const uint8_t *)password);
	sha512_digest(&ctx, sizeof(digest), digest);
	sha512_rounds(INT64_C(1) << hash_digit(hash[3]), password, digest);
	phpass_encode(digest, sizeof(digest), text);
	return hash_equal(text, hash + 12, 55 - 12);
}

void
hash_work_phpass(const struct hash_cost *c, int64_t n, const char *pw)
{
	uint8_t digest[MD5_DIGEST_SIZE] = { 0 };

	(void)c;
	md5_rounds(n, pw, digest);
}

void
hash_work_drupal(const struct hash_cost *c, int64_t n, const char *pw)
{
	uint8_t digest[SHA512_DIGEST_SIZE] = { 0 };

	(void)c;
	sha512_rounds(n, pw, digest);
}

int
hash_read_wordpress(const char *hash, struct hash_cost *out)
{
	return strncmp(hash + 3, "$2", 2) == 0 &&
	    hash_read_bcrypt(hash + 3, out);
}

/* WordPress 6.8: bcrypt of base64(HMAC-SHA-384 of the trimmed password). */
int
hash_fits_wordpress(const char *password, const char *hash)
{
	uint8_t mac[SHA384_DIGEST_SIZE];
	char text[B64_LEN(SHA384_DIGEST_SIZE) + 1], got[HASH_MAX + 1];
	size_t len;
	struct hmac_sha384_ctx ctx;

	password += strspn(password, WHITE);
	for (len = strlen(password); len > 0 &&
	    strchr(WHITE, password[len - 1]) != NULL; len--)
		;
	hmac_sha384_set_key(&ctx, strlen(WP_KEY), (const uint8_t *)WP_KEY);
	hmac_sha384_update(&ctx, len, (const uint8_t *)password);
	hmac_sha384_digest(&ctx, sizeof(mac), mac);
	b64url_encode(mac, sizeof(mac), text); /* 48 bytes need no padding */
	for (char *p = text; *p != '\0'; p++)
		*p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
	if (!hash_crypt(text, hash + 3, got))
		return -1;
	return strlen(got) == strlen(hash + 3) &&
	    hash_equal(got, hash + 3, strlen(got));
}

/* pbkdf2_sha256$N$salt$digest, the digest in base64. */
static const char *
read_django(const char *hash, int64_t *n, const char **salt)
{
	*salt = hash_number(strchr(hash, '$') + 1, '$', n);
	return *salt == NULL ? NULL : strchr(*salt, '$');
}

int
hash_read_django(const char *hash, struct hash_cost *out)
{
	uint8_t digest[PBKDF2_LEN];
	const char *salt, *end = read_django(hash, &out->n, &salt);

	return end != NULL && end > salt && end - salt <= SALT_MAX &&
	    out->n <= UINT32_MAX &&
	    hash_b64(end + 1, strlen(end + 1), digest, sizeof(digest)) ==
	    PBKDF2_LEN;
}

int
hash_fits_django(const char *password, const char *hash)
{
	uint8_t want[PBKDF2_LEN], got[PBKDF2_LEN];
	const char *salt, *end;
	int64_t n;

	end = read_django(hash, &n, &salt);
	hash_b64(end + 1, strlen(end + 1), want, sizeof(want));
	pbkdf2_hmac_sha256(strlen(password), (const uint8_t *)password,
	    (unsigned)n, (size_t)(end - salt), (const uint8_t *)salt,
	    sizeof(got), got);
	return hash_equal(want, got, sizeof(got));
}

void
hash_work_pbkdf2(const struct hash_cost *c, int64_t n, const char *pw)
{
	uint8_t out[PBKDF2_LEN];

	(void)c;
	pbkdf2_hmac_sha256(strlen(pw), (const uint8_t *)pw, (unsigned)n, 8,
	    (const uint8_t *)"abcdefgh", sizeof(out), out);
}

/* {SSHA}, {SSHA256}, ...: base64 of the digest of password and salt, and the salt. */
struct salted {
	size_t len;	/* of the digest */
	long n;		/* of digest and salt */
	uint8_t byte[SHA512_DIGEST_SIZE + SALT_MAX];
};

static int
read_salted(const char *hash, struct salted *out)
{
	static const struct {
		const char *prefix;
		size_t len;
	} rows[] = {
		{ "{SSHA}", SHA1_DIGEST_SIZE },
		{ "{SSHA256}", SHA256_DIGEST_SIZE },
		{ "{SSHA384}", SHA384_DIGEST_SIZE },
		{ "{SSHA512}", SHA512_DIGEST_SIZE },
	};
	size_t skip;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		skip = strlen(rows[i].prefix);
		if (strncmp(hash, rows[i].prefix, skip) != 0)
			continue;
		out->len = rows[i].len;
		out->n = hash_b64(hash + skip, strlen(hash + skip), out->byte,
		    sizeof(out->byte));
		return out->n > (long)out->len;
	}
	return 0;
}

int
hash_read_ldap(const char *hash, struct hash_cost *out)
{
	struct salted s;

	out->n = 1;
	return read_salted(hash, &s);
}

int
hash_fits_ldap(const char *password, const char *hash)
{
	uint8_t got[SHA512_DIGEST_SIZE];
	uint8_t text[HASH_MAX + SHA512_DIGEST_SIZE + SALT_MAX];
	const size_t len = strlen(password);
	struct sha1_ctx sha1;
	struct sha256_ctx sha256;
	struct sha512_ctx sha512;
	struct salted s;
	size_t all;

	if (len > HASH_MAX || !read_salted(hash, &s))
		return 0;
	memcpy(text, password, len);
	memcpy(text + len, s.byte + s.len, (size_t)s.n - s.len);
	all = len + (size_t)s.n - s.len;
	if (s.len == SHA1_DIGEST_SIZE) {
		sha1_init(&sha1);
		sha1_update(&sha1, all, text);
		sha1_digest(&sha1, s.len, got);
	} else if (s.len == SHA256_DIGEST_SIZE) {
		sha256_init(&sha256);
		sha256_update(&sha256, all, text);
		sha256_digest(&sha256, s.len, got);
	} else if (s.len == SHA384_DIGEST_SIZE) {
		sha384_init(&sha512);
		sha384_update(&sha512, all, text);
		sha384_digest(&sha512, s.len, got);
	} else {
		sha512_init(&sha512);
		sha512_update(&sha512, all, text);
		sha512_digest(&sha512, s.len, got);
	}
	explicit_bzero(text, sizeof(text));
	return hash_equal(got, s.byte, s.len);
}

/* {md5} or {sha1} and a yescrypt of that digest's digits in hexadecimal. */
int
hash_read_wrapped(const char *hash, struct hash_cost *out)
{
	const struct hash_kind *k = out->kind;
	const int good = hash_read(strchr(hash, '}') + 1, out) &&
	    strcmp(out->kind->name, "yescrypt") == 0;

	out->kind = k;
	out->n = 1;
	out->setting[0] = '\0';
	return good;
}

int
hash_fits_wrapped(const char *password, const char *hash)
{
	const char *inner = strchr(hash, '}') + 1;
	const size_t n =
	    hash[1] == 'm' ? MD5_DIGEST_SIZE : SHA1_DIGEST_SIZE;
	uint8_t digest[SHA1_DIGEST_SIZE];
	char hex[2 * SHA1_DIGEST_SIZE + 1], got[HASH_MAX + 1];
	struct md5_ctx md5;
	struct sha1_ctx sha1;

	if (hash[1] == 'm') {
		md5_init(&md5);
		md5_update(&md5, strlen(password), (const uint8_t *)password);
		md5_digest(&md5, n, digest);
	} else {
		sha1_init(&sha1);
		sha1_update(
		    &sha1, strlen(password), (const uint8_t *)password);
		sha1_digest(&sha1, n, digest);
	}
	for (size_t i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	if (!hash_crypt(hex, inner, got))
		return -1;
	return strlen(got) == strlen(inner) &&
	    hash_equal(got, inner, strlen(got));
}
