/* wipe.h: memory that is wiped is first shown to the test's wipe(). */
#ifndef CARNET_WIPE_H
#define CARNET_WIPE_H

#include "unit.h"

/*
 * These take the place of libc's; a build with _FORTIFY_SOURCE calls the second
 * one. A test that includes this file first undefines _FORTIFY_SOURCE, because
 * its inline functions would be called instead of these.
 */
void __explicit_bzero_chk(void *p, size_t len, size_t room);

static void wipe(void *p, size_t len);

void
explicit_bzero(void *p, size_t len)
{
	wipe(p, len);
}

void
__explicit_bzero_chk(void *p, size_t len, size_t room)
{
	assert_true(len <= room);
	wipe(p, len);
}

#endif
