/* revoke.c: a token is revoked, and all that came of the same sign-in. */
#include "revoke.h"

#include "req.h"
#include "store_token.h"

struct ending {
	const struct id *access, *family;
	int64_t now;
};

static int
revoke(struct store *st, void *ctx)
{
	const struct ending *en = ctx;

	if (en->access != NULL &&
	    store_access_revoke(st, en->access, en->now) < 0)
		return -1;
	return en->family == NULL
	    ? 0
	    : store_family_revoke(st, en->family, en->now);
}

int
revoke_tokens(
    struct req *rq, const struct id *access, const struct id *family)
{
	struct ending en = {
		.access = access, .family = family, .now = rq->now,
	};

	return store_write(rq->st, revoke, &en);
}
