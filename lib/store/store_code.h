/* store_code.h: authorization codes. */
#ifndef CARNET_STORE_CODE_H
#define CARNET_STORE_CODE_H

#include "store.h"
#include "store_granted.h"

struct auth_code {
	struct digest digest;
	struct granted granted;
	const char *redirect_uri;
	const char *challenge;	/* of PKCE; NULL: there was none */
	int64_t expires_at, spent_at; /* spent_at 0: unspent */
};

int store_code_add(struct store *st, const struct auth_code *c);
int store_code_find(struct store *st, struct arena *a, const struct digest *d,
    struct auth_code *out);
/*
 * store_code_spend(st, d, now):
 * Within a write transaction, mark the code as spent.  Of any number of callers
 * one gets 1.  Return 0 if the code is unknown, expired or spent.
 */
int store_code_spend(struct store *st, const struct digest *d, int64_t now);

#endif
