/* import_store.c: a user who was read is added, or found and changed. */
#include "import.h"

#include <string.h>

#include "arena.h"
#include "hash.h"
#include "passwd.h"
#include "store_passport.h"
#include "store_user.h"
#include "user_password.h"

/* How somebody who is there already is found. */
static int
find_by(struct store *st, struct arena *a, const struct user *u, int i,
    struct user *out)
{
	switch (i) {
	case 0:
		return u->id == 0 ? 0 : store_user_by_id(st, a, u->id, out);
	case 1:
		return u->subject == NULL
		    ? 0
		    : store_user_by_subject(st, a, u->subject, out);
	case 2:
		return u->email == NULL
		    ? 0
		    : store_user_by_email(st, a, u->email, out);
	default:
		return u->login == NULL
		    ? 0
		    : store_user_by_login(st, a, u->login, out);
	}
}

/*
 * All that they are called by must lead to one user.  A number in sub that is the
 * id of somebody says nothing: it may be another system's number for another
 * person.  1, 0 (why), -1.
 */
static int
find(struct store *st, struct arena *a, const struct user *u, unsigned has,
    struct user *out, const char **why)
{
	struct user other;
	int n, found = 0, is_sure = 0;

	for (int i = 0; i < 4; i++) {
		if ((n = find_by(st, a, u, i, &other)) < 0)
			return -1;
		if (n == 1 && found && other.id != out->id) {
			*why = "id, sub, email or login are those of two users";
			return 0;
		}
		if (n == 1) {
			*out = other;
			found = 1;
			is_sure |= i > 0 || has & IMPORT_ID;
		}
	}
	if (!is_sure)
		*why = found ? "sub is the id of another user"
			     : "id, sub, email or login is taken";
	return is_sure;
}

static int
differ(const char *a, const char *b)
{
	return (a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0);
}

/* Put a given text in place of the old one; 1 if it differs. */
static int
text(unsigned given, const char *from, const char **to)
{
	if (!given || !differ(from, *to))
		return 0;
	*to = from;
	return 1;
}

/* The same for a time of which only counts whether there is one. */
static int
flag(unsigned given, int64_t from, int64_t *to)
{
	if (!given || (from != 0) == (*to != 0))
		return 0;
	*to = from;
	return 1;
}

int
import_merge(struct user *old, const struct user *u, unsigned has)
{
	int n = 0;

	if (has & IMPORT_EMAIL && differ(u->email, old->email) &&
	    !(has & IMPORT_VERIFIED))
		old->email_verified_at = 0;
	n |= text(has & IMPORT_EMAIL, u->email, &old->email);
	n |= text(has & IMPORT_LOGIN, u->login, &old->login);
	n |= text(has & IMPORT_SUB, u->subject, &old->subject);
	n |= text(has & IMPORT_NAME, u->name, &old->name);
	n |= text(has & IMPORT_SCOPE, u->scope, &old->scope);
	n |= text(has & IMPORT_GROUPS, u->groups, &old->groups);
	n |= text(has & IMPORT_CLAIMS, u->claims, &old->claims);
	n |= flag(has & IMPORT_VERIFIED, u->email_verified_at,
	    &old->email_verified_at);
	n |= flag(has & IMPORT_DISABLED, u->disabled_at, &old->disabled_at);
	return n;
}

/*
 * Is the new hash to take the old one's place?  Of a plain digest that was wrapped
 * before nobody can tell without the password: it stays.
 */
static int
is_password_new(const struct user *old, const struct user *u, unsigned has)
{
	const char *end = strchr(u->password, '}');

	if (end != NULL && strstr(end, "}$y$") == end &&
	    strncmp(old->password, u->password,
		(size_t)(end - u->password) + 1) == 0)
		return 0;
	return has & (IMPORT_HASH | IMPORT_PASSWORD) &&
	    passwd_is_stale(old->password) &&
	    strcmp(old->password, u->password) != 0;
}

int
import_meets_client(
    struct store *st, struct arena *a, const struct user *u)
{
	const char *sub = u->subject;

	if (sub == NULL && u->id != 0)
		sub = arena_printf(a, "%lld", (long long)u->id);
	return sub == NULL ? 0 : store_client_keeps_sub(st, sub);
}

int
import_store(struct store *st, struct arena *a, struct user *u, unsigned has,
    const struct import_rules *rules, const char **why)
{
	struct user old;
	int n, is_new, renamed;

	if ((n = import_meets_client(st, a, u)) != 0) {
		*why = "id or sub is what the tokens of a client say";
		return n < 0 ? -1 : IMPORT_REFUSED;
	}
	if ((n = store_user_add(st, u)) != 0) {
		if (n > 0)
			(void)rules->is_first(rules->ctx, u->id);
		return n < 0 ? -1 : IMPORT_ADDED;
	}
	if ((n = find(st, a, u, has, &old, why)) != 1)
		return n < 0 ? -1 : IMPORT_REFUSED;
	if (u->id != 0 && u->id != old.id) {
		*why = "id is not that of the user with that email, login or"
		       " sub";
		return IMPORT_REFUSED;
	}
	u->id = old.id;
	if (!rules->is_first(rules->ctx, u->id)) {
		*why = "a line before is about the same user";
		return IMPORT_REFUSED;
	}
	is_new = is_password_new(&old, u, has);
	renamed = import_merge(&old, u, has);
	if (!is_new && !renamed)
		return IMPORT_SAME;
	if (!rules->update) {
		*why = "such a user is there already (--update changes them)";
		return IMPORT_REFUSED;
	}
	if (renamed && (n = store_user_replace(st, &old)) != 1) {
		*why = "email, login or sub is another user's";
		return n < 0 ? -1 : IMPORT_REFUSED;
	}
	return is_new && user_set_password(st, &old, u->password, NULL, rules->now) < 0
	    ? -1
	    : IMPORT_CHANGED;
}
