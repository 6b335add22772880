/* unit.h: what every unit test includes. */
#ifndef CARNET_UNIT_H
#define CARNET_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Vectors of others: $CARNET_VECTORS, else beside the checkout; without them
 * skip().
 */
static inline char *
unit_vectors(const char *name)
{
	const char *dir = getenv("CARNET_VECTORS");
	char path[1024], *text;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s",
	    dir != NULL ? dir : "../shared/vectors", name);
	if ((f = fopen(path, "r")) == NULL) {
		print_message("no test vectors at %s\n", path);
		return NULL;
	}
	text = calloc(1, 1 << 20);
	assert_non_null(text);
	n = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	assert_true(n > 0);
	return text;
}

#endif
