/* store_seal.c: the key of what a browser carries instead of a row here. */
#include "query.h"
#include "store_seal.h"
#include "store_write.h"

static void
read_key(const struct row *r, void *out)
{
	row_digest(r, 0, out);
}

static int
find_key(struct store *st, struct digest *out)
{
	return query_one(st, NULL, SQL_SEAL_KEY_FIND, NULL, 0, read_key, out);
}

/* Of two processes that make one at once, both get the first one's. */
static int
make_key(struct store *st, void *ctx)
{
	struct digest *out = ctx;

	crypto_random(out->byte, DIGEST_LEN);
	return query_run(st, SQL_SEAL_KEY_ADD, VALUES(V_DIGEST(out))) < 0
	    ? -1
	    : find_key(st, out);
}

int
store_seal_key(struct store *st, struct digest *out)
{
	const int found = find_key(st, out);

	return found == 0 ? store_write(st, make_key, out) : found;
}
