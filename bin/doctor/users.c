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
	const char *form =
	    u->email == NULL ? NULL : identity_email(d->a, u->email);

	if (u->email == NULL) /* they sign in by user name, or elsewhere */
		return 1;
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

/* The name of the kind of a class "bcrypt 12": all but the last word, if it is one. */
static size_t
kind_len(const char *class)
{
	const char *space = strrchr(class, ' ');

	return space == NULL || strstr(class, " in ") != NULL
	    ? strlen(class)
	    : (size_t)(space - class);
}

/*
 * Count the hashes of each kind.  A hash from another system is renewed when its
 * user signs in.
 */
static void
tell_hashes(struct doctor *d, int64_t count)
{
	struct user_hashes *h = arena_alloc(d->a, BATCH * sizeof(*h));
	const int n = store_user_hashes(d->st, d->a, h, BATCH);
	int64_t brought = 0;
	struct buf b;

	buf_init(&b, d->a, 256);
	for (int i = 0; i < n; i++) {
		const size_t len = kind_len(h[i].kind);
		int64_t sum = h[i].n;

		brought += h[i].n;
		if (h[i].n == 0)
			continue;
		for (int k = i + 1; k < n; k++)
			if (kind_len(h[k].kind) == len &&
			    memcmp(h[i].kind, h[k].kind, len) == 0) {
				sum += h[k].n;
				brought += h[k].n;
				h[k].n = 0;
			}
		buf_printf(&b, ", %.*s %lld", (int)len, h[i].kind,
		    (long long)sum);
	}
	if (n > 0)
		good(d, "%lld have a hash from elsewhere%s", (long long)brought,
		    b.data);
	if (n >= 0)
		good(d, "%lld have a hash of ours, or no password",
		    (long long)(count - brought));
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
	tell_hashes(d, count);
}
