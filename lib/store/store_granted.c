/* store_granted.c: what a user allowed a client, read from a row. */
#include "query.h"
#include "store_granted.h"

void
granted_read(const struct row *r, int i, struct granted *out)
{
	row_id(r, i, &out->family);
	out->client = row_int(r, i + 1);
	out->user = row_int(r, i + 2);
	out->scope = row_text(r, i + 3);
	out->resource = row_text(r, i + 4);
	proof_read(r, i + 5, &out->proof);
	out->nonce = row_text(r, i + 5 + PROOF_N);
	out->claims = row_text(r, i + 6 + PROOF_N);
	out->sid = row_text(r, i + 7 + PROOF_N);
	out->jkt = row_text(r, i + 8 + PROOF_N);
}
