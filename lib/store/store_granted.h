/* store_granted.h: what a user allowed a client, in one sign-in. */
#ifndef CARNET_STORE_GRANTED_H
#define CARNET_STORE_GRANTED_H

#include <stdint.h>

#include "id.h"

/*
 * A code, a device code and a refresh token each have one, and tokens are issued
 * for one.  A new fact about a sign-in is a member here, and a column of the three
 * tables.
 */
struct granted {
	struct id family;	/* of all tokens that this sign-in gives */
	int64_t client;
	int64_t user;		/* 0: of a device code that waits */
	const char *scope;	/* words */
	const char *resource;	/* RFC 8707; NULL: none in particular */
};

#endif
