/* keys_seal.c: seals: a faster proof than a signature that a text is ours. */
#include <string.h>

#include "arena.h"
#include "conf.h"
#include "keys_int.h"

static int
has_key(struct keys *ks)
{
	struct arena *a;

	if (!ks->has_seal && !ks->no_seal) {
		a = arena_new();
		ks->has_seal = keys_secret_read(
		    arena_printf(a, "%s%s/seal.key", ks->dir,
			ks->is_public ? "" : "/" KEYS_PUBLIC),
		    &ks->seal);
		ks->no_seal = !ks->has_seal;
		arena_free(a);
	}
	return ks->has_seal;
}

int
keys_seal(struct keys *ks, const char *text, struct digest *out)
{
	if (!has_key(ks))
		return -1;
	digest_seal(&ks->seal, text, out);
	return 0;
}

/* Is f the public half of the key kid?  Its name tells; it is not read. */
static int
is_of(const struct file *f, const char *kid)
{
	const size_t at = strlen(alg_name(f->alg)), len = strlen(kid);

	return f->name[at] == '-' && strncmp(f->name + at + 1, kid, len) == 0 &&
	    strcmp(f->name + at + 1 + len, ".pem") == 0;
}

int
keys_have_sealed(struct keys *ks, const char *kid, const char *text,
    const struct digest *seal)
{
	struct digest d;
	size_t i = 0;

	if (kid == NULL || strlen(kid) != KID_LEN)
		return 0;
	while (i < ks->n_files && !is_of(&ks->file[i], kid))
		i++;
	return i < ks->n_files && keys_seal(ks, text, &d) == 0 &&
	    digest_equal(&d, seal);
}
