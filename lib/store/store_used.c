/* store_used.c: what counts only once, such as the id of a token that others sign. */
#include "query.h"
#include "store_used.h"

int
store_used_add(struct store *st, const struct digest *d, int64_t expires_at)
{
	return query_run(
	    st, SQL_USED_ADD, VALUES(V_DIGEST(d), V_INT(expires_at)));
}

int
store_used_find(struct store *st, const struct digest *d)
{
	int64_t expires_at;

	return query_one(st, NULL, SQL_USED_FIND, VALUES(V_DIGEST(d)),
	    row_read_int, &expires_at);
}
