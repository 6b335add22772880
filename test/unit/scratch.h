/* scratch.h: an arena for each test, and a log that nobody reads. */
#ifndef CARNET_SCRATCH_H
#define CARNET_SCRATCH_H

#include "unit.h"

#include "arena.h"
#include "log.h"

static struct arena *a;

static inline void
scratch_ignore(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

/* For cmocka. */
static inline int
scratch_setup(void **state)
{
	(void)state;
	a = arena_new();
	log_to(scratch_ignore, NULL);
	return 0;
}

static inline int
scratch_end(void **state)
{
	(void)state;
	log_to(NULL, NULL);
	arena_free(a);
	return 0;
}

#define TEST_IN(name, setup) \
	cmocka_unit_test_setup_teardown(name, setup, scratch_end)

#endif
