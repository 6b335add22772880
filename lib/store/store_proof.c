/* store_proof.c: what a user proved when they signed in, read from a row. */
#include <string.h>

#include "query.h"
#include "store_proof.h"

void
proof_read(const struct row *r, int i, struct proof *out)
{
	const char *acr = row_text(r, i + 2);

	out->at = row_int(r, i);
	out->amr = row_text(r, i + 1);
	out->acr = acr == NULL ? ACR_NONE : acr_find(acr, strlen(acr));
}
