/* hash_int.h: what the files of hash.h share. */
#ifndef CARNET_HASH_INT_H
#define CARNET_HASH_INT_H

#include "hash.h"

/* Kinds of one family do the same work, so many rounds of it. */
enum hash_family {
	FAMILY_NONE,	/* what ours cost, or next to nothing */
	FAMILY_SETTING,	/* each setting has a work of its own */
	FAMILY_BCRYPT, FAMILY_SHA1_CRYPT, FAMILY_SHA256_CRYPT,
	FAMILY_SHA512_CRYPT,
	FAMILY_PHPASS, FAMILY_DRUPAL, FAMILY_PBKDF2,
};

struct hash_kind {
	const char *name;
	const char *prefix;
	enum hash_family family;
	int64_t max;		/* of cost.n that import takes */
	const char *max_text;	/* the same for people */
	int is_weak;
	/* Is the rest of a hash with that prefix well-formed?  Its cost to out. */
	int (*read)(const char *hash, struct hash_cost *out);
	/* 1, 0; NULL: crypt(3) does it. */
	int (*fits)(const char *password, const char *hash);
	/* The work of n rounds, or of one setting. */
	void (*work)(const struct hash_cost *c, int64_t n, const char *password);
};

extern const struct hash_kind hash_kinds[];
extern const size_t hash_n_kinds;

/* The digits of crypt(3), in the order of their values. */
#define HASH_DIGITS \
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* hash_digit(c): return the value of that digit of crypt(5), or -1. */
int hash_digit(char c);

/* hash_is_tail(s, n): is s made of exactly n of these digits? */
int hash_is_tail(const char *s, size_t n);

/*
 * hash_number(s, end, out): a number in decimal without a leading zero, which is
 * followed by the character end, or by the end of the text for '\0'.  Return what
 * is behind end (at the NUL), or NULL.
 */
const char *hash_number(const char *s, char end, int64_t *out);

/* Of hash_crypt.c: the kinds that crypt(3) checks. */
int hash_read_bcrypt(const char *hash, struct hash_cost *out);
int hash_read_sha_crypt(const char *hash, struct hash_cost *out);
int hash_read_yescrypt(const char *hash, struct hash_cost *out);
int hash_read_scrypt(const char *hash, struct hash_cost *out);
int hash_read_md5_crypt(const char *hash, struct hash_cost *out);
int hash_read_sun_md5(const char *hash, struct hash_cost *out);
int hash_read_sha1_crypt(const char *hash, struct hash_cost *out);
int hash_read_bsdi(const char *hash, struct hash_cost *out);
int hash_read_nt(const char *hash, struct hash_cost *out);
int hash_read_des(const char *hash, struct hash_cost *out);
void hash_work_bcrypt(const struct hash_cost *c, int64_t n, const char *pw);
void hash_work_sha1_crypt(const struct hash_cost *c, int64_t n, const char *pw);
void hash_work_sha_crypt(const struct hash_cost *c, int64_t n, const char *pw);
void hash_work_setting(const struct hash_cost *c, int64_t n, const char *pw);

/* Of hash_site.c: those of sites: phpass, WordPress, Drupal, Django, LDAP. */
int hash_read_phpass(const char *hash, struct hash_cost *out);
int hash_read_drupal(const char *hash, struct hash_cost *out);
int hash_read_wordpress(const char *hash, struct hash_cost *out);
int hash_read_django(const char *hash, struct hash_cost *out);
int hash_read_ldap(const char *hash, struct hash_cost *out);
int hash_read_wrapped(const char *hash, struct hash_cost *out);
int hash_fits_phpass(const char *password, const char *hash);
int hash_fits_drupal(const char *password, const char *hash);
int hash_fits_wordpress(const char *password, const char *hash);
int hash_fits_django(const char *password, const char *hash);
int hash_fits_ldap(const char *password, const char *hash);
int hash_fits_wrapped(const char *password, const char *hash);
void hash_work_phpass(const struct hash_cost *c, int64_t n, const char *pw);
void hash_work_drupal(const struct hash_cost *c, int64_t n, const char *pw);
void hash_work_pbkdf2(const struct hash_cost *c, int64_t n, const char *pw);

/* Of hash_argon2.c. */
int hash_read_argon2(const char *hash, struct hash_cost *out);
int hash_fits_nt(const char *password, const char *hash);
int hash_fits_argon2(const char *password, const char *hash);
void hash_work_argon2(const struct hash_cost *c, int64_t n, const char *pw);

/* hash_b64(s, len, out, max): base64, padded or not, to at most max bytes; -1. */
long hash_b64(const char *s, size_t len, void *out, size_t max);

/* hash_equal(a, b, n): 1 if n bytes are the same, in constant time. */
int hash_equal(const void *a, const void *b, size_t n);

#endif
