/* passport_user.c: a row of Passport's users. */
#include "passport_int.h"

#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "hash.h"
#include "hash_import.h"
#include "import.h"
#include "record.h"
#include "store_passport.h"
#include "store_user.h"

static void
say(struct record *r, const char *name, const char *value)
{
	if (value == NULL)
		return;
	r->field[r->n].name = name;
	r->field[r->n++].value = value;
}

/*
 * The hash as it is to be stored; NULL: the person comes without a password, and a
 * note says why.  A plain digest would have to be hashed here, under the write lock.
 */
static const char *
find_hash(struct passport *im, const char *id, const char *hash)
{
	const char *why, *out;

	if (hash == NULL)
		return NULL;
	if (hash_import(im->a, hash, HASH_DRY, &out, &why) != NULL) {
		if (strncmp(out, "{md5}", 5) != 0 &&
		    strncmp(out, "{sha1}", 6) != 0)
			return hash;
		why = "a plain digest, which carnet user import takes";
	}
	passport_note(im, PASSPORT_USER, id,
	    arena_printf(im->a, "comes without a password: %s", why));
	return NULL;
}

/* The row as carnet user import reads it. */
static void
translate(struct passport *im, const struct record *r, struct record *out)
{
	const char *id = passport_get(r, "id");
	const char *name = passport_get(r, "name");
	int64_t verified, made;

	*out = (struct record) { .line = r->line };
	say(out, id[strspn(id, "0123456789")] == '\0' ? "id" : "sub", id);
	say(out, "email", passport_get(r, "email"));
	say(out, "name", name);
	say(out, "password_hash",
	    find_hash(im, id, passport_get(r, "password")));
	if (passport_get(r, "email") != NULL &&
	    passport_time(passport_get(r, "email_verified_at"), &verified) &&
	    verified != 0)
		say(out, "email_verified", "true");
	if (passport_time(passport_get(r, "created_at"), &made) && made > 0)
		say(out, "created_at", arena_printf(im->a, "%lld",
		    (long long)(made > im->now ? im->now : made)));
}

static int
is_first(void *ctx, int64_t id)
{
	struct passport *im = ctx;

	return seen_add(&im->users, id);
}

/* Somebody who was brought along before: 1, 0, -1. */
static int
find_old(struct passport *im, const struct user *u, struct user *out)
{
	return u->id != 0
	    ? store_user_by_id(im->st, im->a, u->id, out)
	    : store_user_by_subject(im->st, im->a, u->subject, out);
}

static int
is_other(const struct user *old, const struct user *u)
{
	return !old->hash_is_kept &&
	    (old->email == NULL || u->email == NULL ||
		strcmp(old->email, u->email) != 0);
}

/*
 * The password has changed in Passport since.  That revoked no token there, and
 * revokes none here.
 */
static int
renew(struct passport *im, const struct user *old, const struct user *u,
    unsigned has)
{
	if (!(has & IMPORT_HASH) || !old->hash_is_kept ||
	    strcmp(old->password, u->password) == 0)
		return 0;
	return store_user_renew_hash(
	    im->st, old->id, old->password, u->password);
}

static int
store_user(struct passport *im, struct user *u, unsigned has, const char *id)
{
	const struct import_rules rules = { .update = 1, .now = im->now,
		.is_first = is_first, .ctx = im };
	const char *why = NULL;
	struct user old;
	const int found = find_old(im, u, &old);
	int end, renewed = 0;

	if (found == 1 && is_other(&old, u))
		return passport_left(im, PASSPORT_USER, id,
		    "another user has that id here");
	end = found < 0 ? -1
			: import_store(im->st, im->a, u,
			      found == 1 ? has & ~(unsigned)IMPORT_HASH : has,
			      &rules, &why);
	if (end == IMPORT_REFUSED)
		return passport_left(im, PASSPORT_USER, id, why);
	if (end >= 0 && found == 1)
		renewed = renew(im, &old, u, has);
	if (end < 0 || renewed < 0 ||
	    ((found == 0 || old.hash_is_kept) &&
		store_passport_user(im->st, u->id) < 0))
		return -1;
	return passport_count(im, PASSPORT_USER,
	    end == IMPORT_SAME && !renewed ? PASSPORT_THERE
					   : PASSPORT_BROUGHT);
}

int
passport_user(struct passport *im, const struct record *r)
{
	const char *id = passport_get(r, "id"), *why;
	struct record line;
	struct user u;
	unsigned has;

	if (id == NULL)
		return passport_left(im, PASSPORT_USER, id, "it has no id");
	translate(im, r, &line);
	why = import_user(im->cf, im->a, &line, 0, im->now, &u, &has);
	if (why != NULL)
		return passport_left(im, PASSPORT_USER, id, why);
	return store_user(im, &u, has, id);
}
