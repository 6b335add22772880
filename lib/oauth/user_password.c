/* user_password.c: a user is given another password. */
#include "user_password.h"

#include "store_consent.h"
#include "store_session.h"
#include "store_user.h"

int
user_set_password(struct store *st, const struct user *u, const char *hash,
    const struct digest *keep, int64_t now)
{
	const int n = store_user_set_password(st, u->id, u->password, hash);

	if (n != 1)
		return n;
	return store_session_delete_others(st, u->id, keep) < 0 ||
	    store_app_revoke(st, u->id, 0, now) < 0
	    ? -1
	    : 1;
}
