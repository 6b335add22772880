/* store_proof.h: what a user proved when they signed in. */
#ifndef CARNET_STORE_PROOF_H
#define CARNET_STORE_PROOF_H

#include <stdint.h>

#include "acr.h"

struct row;

/*
 * A session has one, and so has what is granted in it (struct granted).  Each way to
 * sign in makes one, and session_sign_in stores it.
 */
struct proof {
	int64_t at;		/* auth_time, Unix seconds; 0: not known */
	const char *amr;	/* words of RFC 8176: "pwd", "pwd otp mfa"; or NULL */
	enum acr acr;
};

#define PROOF_N 3 /* columns */

/* V_PROOF(p): these columns among the values of a query (query.h). */
#define V_PROOF(p) \
	V_INT_OR_NULL((p)->at), V_TEXT((p)->amr), V_TEXT(acr_name((p)->acr))

/* proof_read(r, i, out): read them from a row, where the first is column i. */
void proof_read(const struct row *r, int i, struct proof *out);

#endif
