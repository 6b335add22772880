/* store_fold.c: addresses of an older database in the form that is compared now. */
#include "store_fold.h"

#include <string.h>

#include "arena.h"
#include "identity.h"
#include "log.h"
#include "store_user.h"

#define BATCH 256

static int
fold(struct store *st, struct arena *a, struct user *u)
{
	const char *was = u->email, *form = identity_email(a, was);
	int n;

	if (form == NULL) {
		log_event("user %lld: %s is no e-mail address by RFC 8265;"
			  " give another: carnet user edit %lld --email E",
		    (long long)u->id, was, (long long)u->id);
		return 0;
	}
	if (strcmp(form, was) == 0)
		return 0;
	u->email = form;
	if ((n = store_user_change(st, u)) == 0)
		log_event("user %lld: %s is the address of another user, %s;"
			  " give one of them another, or delete it: carnet user"
			  " edit %lld --email E",
		    (long long)u->id, was, form, (long long)u->id);
	return n < 0 ? -1 : 0;
}

int
store_fold(struct store *st)
{
	struct arena *a = arena_new();
	struct user *u;
	int64_t after = 0;
	int n, rc = 0;

	do {
		arena_clear(a);
		u = arena_alloc(a, BATCH * sizeof(*u));
		if ((n = store_user_list(st, a, after, u, BATCH)) < 0)
			rc = -1;
		for (int i = 0; i < n && rc == 0; i++)
			rc = fold(st, a, &u[i]);
		if (n > 0)
			after = u[n - 1].id;
	} while (n == BATCH && rc == 0);
	arena_free(a);
	return rc;
}
