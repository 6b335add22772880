/* store_granted.h: what a user allowed a client, in one sign-in. */
#ifndef CARNET_STORE_GRANTED_H
#define CARNET_STORE_GRANTED_H

#include <stdint.h>

#include "id.h"
#include "store_proof.h"

struct row;

/*
 * A code, a device code and a refresh token each have one, and tokens are issued
 * from one.  A new fact about a sign-in is a new member here and a new column of
 * the three tables: see GRANTED_COLUMNS (sql.c), V_GRANTED and granted_read.
 */
struct granted {
	struct id family;	/* of all tokens that this sign-in gives */
	int64_t client;
	int64_t user;		/* 0: a device code that nobody approved yet */
	const char *scope;	/* words */
	const char *resource;	/* RFC 8707; NULL: none in particular */
	struct proof proof;	/* of the sign-in */
	/* OpenID Connect; each may be NULL. */
	const char *nonce;	/* of the request; a code alone has it */
	const char *claims;	/* what was asked for by name: words of claims.h */
	const char *sid;	/* what the client calls the session */
	/* RFC 9449: the thumbprint of the key that it is bound to; or NULL. */
	const char *jkt;
};

#define GRANTED_N (9 + PROOF_N) /* columns */

/* V_GRANTED(g): these columns among the values of a query (query.h). */
#define V_GRANTED(g) \
	V_ID(&(g)->family), V_INT((g)->client), V_INT_OR_NULL((g)->user), \
	V_TEXT((g)->scope), V_TEXT((g)->resource), V_PROOF(&(g)->proof), \
	V_TEXT((g)->nonce), V_TEXT((g)->claims), V_TEXT((g)->sid), \
	V_TEXT((g)->jkt)

/* granted_read(r, i, out): read them from a row, where the first is column i. */
void granted_read(const struct row *r, int i, struct granted *out);

#endif
