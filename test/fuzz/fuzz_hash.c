/* fuzz_hash.c: hashes of other systems: what is taken can be verified. */
#include "fuzz.h"

#include "hash.h"
#include "hash_import.h"
#include "passwd.h"

#define CHEAP 512 /* rounds, or KiB */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = malloc(size + 1), class[HASH_CLASS_MAX];
	struct hash_load load = { .n = 0 };
	struct hash_cost c;
	const char *out = NULL, *why = NULL;

	memcpy(text, data, size);
	text[size] = '\0';
	if (hash_read(text, &c)) {
		assert(c.n >= 1 && c.kind != NULL && strlen(text) <= HASH_MAX);
		if (hash_class(text, class) != NULL)
			hash_load_add(&load, class);
		assert(load.n <= 1);
		/* Nobody guesses one: 16 bytes at least are compared. */
		if (c.n <= CHEAP && strncmp(text, "$2", 2) != 0 &&
		    strncmp(text, "$wp", 3) != 0)
			assert(hash_fits("no such password", text) < 1);
	}
	if (hash_import(a, text, HASH_DRY, &out, &why) != NULL) {
		assert(hash_read(out, &c));
		assert(strlen(out) >= 20 && *out != '*');
		assert(passwd_is_stale(out) || strncmp(out, "$y$", 3) == 0);
	} else {
		assert(why != NULL);
	}
	free(text);
	arena_free(a);
	return 0;
}
