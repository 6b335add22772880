/* users.c: checks of the users in the database. */
#include <string.h>

#include "arena.h"
#include "cmd.h"
#include "doctor.h"
#include "identity.h"
#include "store_user.h"

#define BATCH 256

/* A sign-in searches for the normal form of an address: is that stored? */
static int
user_is_fine(struct doctor *d, const struct user *u)
{
	const char *form = identity_email(d->a, u->email);

	if (form != NULL && strcmp(form, u->email) == 0)
		return 1;
	bad(d, LEVEL_WARN,
	    arena_printf(d->a, "carnet user edit %lld --email E, or carnet user"
			       " delete %lld", (long long)u->id,
		(long long)u->id),
	    "Nobody can sign in as user %lld, %s: %s.", (long long)u->id,
	    u->email,
	    form == NULL ? "that is not an e-mail address"
			 : arena_printf(d->a,
			       "a sign-in searches for %s", form));
	return 0;
}

void
check_users(struct doctor *d)
{
	struct arena *outer = d->a;
	struct user *u = arena_alloc(d->a, BATCH * sizeof(*u));
	int64_t after = 0, count = 0;
	int n, fine = 1;

	do {
		n = store_user_list(d->st, outer, after, u, BATCH);
		for (int i = 0; i < n; i++)
			fine = user_is_fine(d, &u[i]) && fine;
		if (n > 0)
			after = u[n - 1].id;
		count += n > 0 ? n : 0;
	} while (n == BATCH);
	if (fine)
		good(d, "%lld, each can be found by a sign-in",
		    (long long)count);
}
