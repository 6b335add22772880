/* hash.c: the table of hash kinds, and what may be done with one. */
#include "hash_int.h"

#include <crypt.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

#define OURS "$y$j9T$" /* what passwd_hash makes */
#define MEMORY_MAX (256 * 1024) /* KiB */

/* Of two prefixes that begin alike, the longer one has the earlier row. */
const struct hash_kind hash_kinds[] = {
	{ .name = "yescrypt", .prefix = "$y$", .family = FAMILY_SETTING,
	    .max = MEMORY_MAX, .max_text = "256 MiB",
	    .read = hash_read_yescrypt, .work = hash_work_setting },
	{ .name = "gost-yescrypt", .prefix = "$gy$", .family = FAMILY_SETTING,
	    .max = MEMORY_MAX, .max_text = "256 MiB",
	    .read = hash_read_yescrypt, .work = hash_work_setting },
	{ .name = "scrypt", .prefix = "$7$", .family = FAMILY_SETTING,
	    .max = MEMORY_MAX, .max_text = "256 MiB",
	    .read = hash_read_scrypt, .work = hash_work_setting },
	{ .name = "bcrypt", .prefix = "$2", .family = FAMILY_BCRYPT,
	    .max = 14, .max_text = "cost 14",
	    .read = hash_read_bcrypt, .work = hash_work_bcrypt },
	{ .name = "sha512crypt", .prefix = "$6$",
	    .family = FAMILY_SHA512_CRYPT,
	    .max = 5000000, .max_text = "5,000,000 rounds",
	    .read = hash_read_sha_crypt, .work = hash_work_sha_crypt },
	{ .name = "sha256crypt", .prefix = "$5$",
	    .family = FAMILY_SHA256_CRYPT,
	    .max = 5000000, .max_text = "5,000,000 rounds",
	    .read = hash_read_sha_crypt, .work = hash_work_sha_crypt },
	{ .name = "sha1crypt", .prefix = "$sha1$",
	    .family = FAMILY_SHA1_CRYPT,
	    .max = 2000000, .max_text = "2,000,000 rounds",
	    .read = hash_read_sha1_crypt, .work = hash_work_sha1_crypt },
	{ .name = "sunmd5", .prefix = "$md5", .family = FAMILY_SETTING,
	    .max = 500000, .max_text = "500,000 rounds",
	    .read = hash_read_sun_md5, .work = hash_work_setting },
	{ .name = "md5crypt", .prefix = "$1$", .family = FAMILY_SETTING,
	    .max = 1, .read = hash_read_md5_crypt, .work = hash_work_setting },
	{ .name = "bsdicrypt", .prefix = "_", .family = FAMILY_SETTING,
	    .max = 2000000, .max_text = "2,000,000 rounds",
	    .read = hash_read_bsdi, .work = hash_work_setting },
	{ .name = "nt", .prefix = "$3$$", .family = FAMILY_NONE,
	    .max = 1, .is_weak = 1, .read = hash_read_nt,
	    .fits = hash_fits_nt },
	{ .name = "phpass", .prefix = "$P$", .family = FAMILY_PHPASS,
	    .max = 1 << 20, .max_text = "2^20 rounds",
	    .read = hash_read_phpass, .fits = hash_fits_phpass,
	    .work = hash_work_phpass },
	{ .name = "phpass", .prefix = "$H$", .family = FAMILY_PHPASS,
	    .max = 1 << 20, .max_text = "2^20 rounds",
	    .read = hash_read_phpass, .fits = hash_fits_phpass,
	    .work = hash_work_phpass },
	{ .name = "drupal", .prefix = "$S$", .family = FAMILY_DRUPAL,
	    .max = 1 << 20, .max_text = "2^20 rounds",
	    .read = hash_read_drupal, .fits = hash_fits_drupal,
	    .work = hash_work_drupal },
	{ .name = "wordpress", .prefix = "$wp$", .family = FAMILY_BCRYPT,
	    .max = 14, .max_text = "cost 14",
	    .read = hash_read_wordpress, .fits = hash_fits_wordpress,
	    .work = hash_work_bcrypt },
	{ .name = "pbkdf2_sha256", .prefix = "pbkdf2_sha256$",
	    .family = FAMILY_PBKDF2,
	    .max = 2000000, .max_text = "2,000,000 rounds",
	    .read = hash_read_django, .fits = hash_fits_django,
	    .work = hash_work_pbkdf2 },
	{ .name = "argon2", .prefix = "$argon2", .family = FAMILY_SETTING,
	    .max = MEMORY_MAX, .max_text = "256 MiB, or 1 GiB in all passes",
	    .read = hash_read_argon2, .fits = hash_fits_argon2,
	    .work = hash_work_argon2 },
	{ .name = "ssha", .prefix = "{SSHA", .family = FAMILY_NONE, .max = 1,
	    .read = hash_read_ldap, .fits = hash_fits_ldap },
	{ .name = "md5 in yescrypt", .prefix = "{md5}", .family = FAMILY_NONE,
	    .max = 1, .read = hash_read_wrapped, .fits = hash_fits_wrapped },
	{ .name = "sha1 in yescrypt", .prefix = "{sha1}",
	    .family = FAMILY_NONE,
	    .max = 1, .read = hash_read_wrapped, .fits = hash_fits_wrapped },
	{ .name = "des", .prefix = "", .family = FAMILY_NONE,
	    .max = 1, .is_weak = 1, .read = hash_read_des },
};
const size_t hash_n_kinds = sizeof(hash_kinds) / sizeof(hash_kinds[0]);

const char *
hash_kind_name(const struct hash_kind *k)
{
	return k->name;
}

int
hash_read(const char *hash, struct hash_cost *out)
{
	if (hash == NULL || strnlen(hash, HASH_MAX + 1) > HASH_MAX)
		return 0;
	for (size_t i = 0; i < hash_n_kinds; i++) {
		const struct hash_kind *k = &hash_kinds[i];

		if (strncmp(hash, k->prefix, strlen(k->prefix)) != 0)
			continue;
		memset(out, 0, sizeof(*out));
		out->kind = k;
		return k->read(hash, out);
	}
	return 0;
}

int
hash_crypt(const char *password, const char *setting, char *out)
{
	struct crypt_data *data = NULL;
	int size = 0, good;
	char *s;

	errno = 0;
	s = crypt_ra(password, setting, (void **)&data, &size);
	if ((s == NULL || *s == '*') && errno == ENOMEM)
		err(111, "crypt");
	if ((good = s != NULL && *s != '*'))
		snprintf(out, HASH_MAX + 1, "%s", s);
	if (data != NULL)
		explicit_bzero(data, (size_t)size);
	free(data);
	return good;
}

int
hash_fits(const char *password, const char *hash)
{
	struct hash_cost c;
	char got[HASH_MAX + 1];
	int fits;

	if (!hash_read(hash, &c))
		return -1;
	if (c.kind->fits != NULL)
		return c.kind->fits(password, hash);
	if (!hash_crypt(password, hash, got))
		return -1;
	fits = strlen(got) == strlen(hash) &&
	    hash_equal(got, hash, strlen(hash));
	explicit_bzero(got, sizeof(got));
	return fits;
}

const char *
hash_class(const char *hash, char buf[static HASH_CLASS_MAX])
{
	struct hash_cost c;

	if (!hash_read(hash, &c) || strncmp(hash, OURS, strlen(OURS)) == 0)
		return NULL;
	if (c.kind->family == FAMILY_NONE)
		snprintf(buf, HASH_CLASS_MAX, "%s", c.kind->name);
	else if (c.kind->family == FAMILY_SETTING)
		snprintf(buf, HASH_CLASS_MAX, "%s %s", c.kind->name, c.setting);
	else
		snprintf(buf, HASH_CLASS_MAX, "%s %lld", c.kind->name,
		    (long long)c.n);
	return buf;
}

/* The kind of a class, and what is behind its name; NULL. */
static const struct hash_kind *
kind_of_class(const char *class, const char **rest)
{
	for (size_t i = 0; i < hash_n_kinds; i++) {
		const struct hash_kind *k = &hash_kinds[i];
		const size_t len = strlen(k->name);

		if (k->work == NULL || strncmp(class, k->name, len) != 0 ||
		    class[len] != ' ')
			continue;
		*rest = class + len + 1;
		return k;
	}
	return NULL;
}

void
hash_load_add(struct hash_load *load, const char *class)
{
	struct hash_cost c = { .kind = NULL }, *old = NULL;
	const char *rest;

	if ((c.kind = kind_of_class(class, &rest)) == NULL)
		return;
	if (c.kind->family == FAMILY_SETTING)
		snprintf(c.setting, sizeof(c.setting), "%s", rest);
	else if (hash_number(rest, '\0', &c.n) == NULL)
		return;
	c.n = c.n > c.kind->max ? c.kind->max : c.n;
	for (int i = 0; i < load->n; i++)
		if (c.kind->family != FAMILY_SETTING &&
		    load->cost[i].kind->family == c.kind->family)
			old = &load->cost[i];
	if (old != NULL && c.n > old->n)
		*old = c;
	else if (old == NULL && load->n < HASH_LOAD_MAX)
		load->cost[load->n++] = c;
}

void
hash_load_run(
    const struct hash_load *load, const char *hash, const char *password)
{
	struct hash_cost own = { .kind = NULL };
	const int has_own = hash_read(hash, &own);

	for (int i = 0; i < load->n; i++) {
		const struct hash_cost *c = &load->cost[i];
		const enum hash_family f = c->kind->family;

		if (f == FAMILY_SETTING) {
			if (!has_own || strcmp(own.setting, c->setting) != 0)
				c->kind->work(c, 1, password);
		} else if (!has_own || own.kind->family != f) {
			c->kind->work(c, c->n, password);
		} else if (f == FAMILY_BCRYPT) {
			/*
			 * Cost n + 1 is twice the work of n.  The hash of cost
			 * n is done already; those of n, n + 1, ... make the
			 * sum that of the highest.
			 */
			for (int64_t n = own.n; n < c->n; n++)
				c->kind->work(c, n, password);
		} else if (own.n < c->n) {
			c->kind->work(c, c->n - own.n, password);
		}
	}
}
