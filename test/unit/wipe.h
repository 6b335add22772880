/* wipe.h: what is wiped comes to wipe() of the test, and is wiped there. */
#ifndef CARNET_WIPE_H
#define CARNET_WIPE_H

#include "unit.h"

/*
 * These take the place of libc's; the second is what a build with
 * _FORTIFY_SOURCE calls.  A test that includes this first undefines
 * _FORTIFY_SOURCE, whose inline functions would get in the way.
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
