/* keydir.h: a directory of keys, in a server's directory of its own. */
#ifndef CARNET_KEYDIR_H
#define CARNET_KEYDIR_H

#include "fixture.h"
#include "keys_int.h"
#include "pem.h"

static const char *dir;

static inline int
keydir_setup(void **state)
{
	if (fixture_dir(state) < 0)
		return -1;
	dir = fixture_file("keys");
	fixture_conf("");
	REQUEST(NULL);
	return 0;
}

/* The path of a file in it. */
static inline const char *
file(const char *name)
{
	return arena_printf(fx.a, "%s/%s", dir, name);
}

/* Write text to a file in it; the file is made if it is missing. */
static inline void
put(const char *name, const char *text)
{
	FILE *f;

	mkdir(dir, 0700);
	f = fopen(file(name), "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	fclose(f);
}

static inline size_t
count(struct keys *ks)
{
	size_t n;

	keys_all(ks, &n);
	return n;
}

#define TEST(name) TEST_IN(name, keydir_setup)

#endif
