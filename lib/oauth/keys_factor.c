/* keys_factor.c: factor.key, which encrypts the secrets of second factors. */
#include <string.h>

#include "arena.h"
#include "box.h"
#include "conf.h"
#include "keys_int.h"
#include "log.h"

/* It is read for each use: few requests need it. */
static int
read_key(const struct conf *cf, struct digest *out)
{
	struct arena *a = arena_new();
	const int ok = keys_secret_read(
	    arena_printf(a, "%s/" KEYS_FACTORS "/factor.key", cf->keys), out);

	arena_free(a);
	return ok;
}

int
keys_factor_close(const struct conf *cf, const char *about, const void *data,
    size_t len, uint8_t *out)
{
	struct digest key;

	if (!read_key(cf, &key))
		return -1;
	box_close(&key, about, data, len, out);
	explicit_bzero(&key, sizeof(key));
	return 0;
}

int
keys_factor_open(const struct conf *cf, const char *about, const uint8_t *box,
    size_t len, void *out)
{
	struct digest key;
	int ok;

	if (!read_key(cf, &key))
		return -1;
	ok = box_open(&key, about, box, len, out);
	explicit_bzero(&key, sizeof(key));
	return ok;
}
