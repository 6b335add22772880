/* hash_import.c: a hash of another system becomes one that is stored here. */
#include "hash_import.h"

#include <string.h>

#include "arena.h"
#include "hash_int.h"
#include "passwd.h"

#define HEX "0123456789abcdefABCDEF"

/*
 * Plain digests, in hexadecimal or, as LDAP has them, in base64.  Their length and
 * prefix tell which.
 */
static const struct {
	const char *prefix, *wrap;
	size_t len; /* bytes */
	int is_hex;
} plain[] = {
	{ "", "{md5}", 16, 1 },
	{ "", "{sha1}", 20, 1 },
	{ "{MD5}", "{md5}", 16, 0 },
	{ "{SHA}", "{sha1}", 20, 0 },
};

/* Prefixes that only say what follows. */
static const char *const labels[] = { "{CRYPT}", "{crypt}", "{ARGON2}",
	"argon2", "bcrypt$" };

static const char *
without_label(const char *text)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		const size_t len = strlen(labels[i]);

		if (strncmp(text, labels[i], len) == 0 && text[len] == '$')
			return text + len;
		if (strncmp(text, labels[i], len) == 0 &&
		    labels[i][len - 1] == '}')
			return text + len;
	}
	return text;
}

/* The digest of row i in small hexadecimal; NULL: text is none. */
static char *
plain_digest(struct arena *a, const char *text, size_t i)
{
	static const char digits[] = "0123456789abcdef";
	const size_t skip = strlen(plain[i].prefix), len = plain[i].len;
	uint8_t byte[20];
	char *hex;

	if (strncmp(text, plain[i].prefix, skip) != 0)
		return NULL;
	text += skip;
	if (plain[i].is_hex) {
		if (strlen(text) != 2 * len || strspn(text, HEX) != 2 * len)
			return NULL;
		hex = arena_str(a, text);
		for (char *p = hex; *p != '\0'; p++)
			if (*p >= 'A' && *p <= 'F')
				*p = (char)(*p - 'A' + 'a');
		return hex;
	}
	if (hash_b64(text, strlen(text), byte, len) != (long)len)
		return NULL;
	hex = arena_alloc(a, 2 * len + 1);
	for (size_t k = 0; k < len; k++) {
		hex[2 * k] = digits[byte[k] >> 4];
		hex[2 * k + 1] = digits[byte[k] & 15];
	}
	hex[2 * len] = '\0';
	return hex;
}

static const char *
wrap(struct arena *a, const char *text, unsigned flags)
{
	char *hex = NULL;
	const char *hash = PASSWD_NOBODY;
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if ((hex = plain_digest(a, text, i)) != NULL)
			break;
	if (hex == NULL)
		return text;
	if (!(flags & HASH_DRY) && (hash = passwd_hash(a, hex)) == NULL)
		return NULL;
	return arena_printf(a, "%s%s", plain[i].wrap, hash);
}

const struct hash_kind *
hash_import(struct arena *a, const char *text, unsigned flags,
    const char **out, const char **why)
{
	struct hash_cost c;
	char got[HASH_MAX + 1];

	*why = "nothing here verifies a hash of this kind";
	if (strnlen(text, HASH_MAX + 1) > HASH_MAX ||
	    (*out = wrap(a, without_label(text), flags)) == NULL ||
	    !hash_read(*out, &c))
		return NULL;
	if (c.n > c.kind->max) {
		*why = arena_printf(a, "a hash of %s dearer than %s",
		    c.kind->name, c.kind->max_text);
		return NULL;
	}
	if (c.kind->is_weak && !(flags & HASH_WEAK)) {
		*why = arena_printf(a, "a hash of %s is weak (--allow-weak"
		    " takes it)", c.kind->name);
		return NULL;
	}
	/* Does this machine's crypt(3) have the method? */
	if (c.kind->is_weak && !hash_crypt("", *out, got))
		return NULL;
	return c.kind;
}
