/* import.h: what another system knows of a user becomes a user here. */
#ifndef CARNET_IMPORT_H
#define CARNET_IMPORT_H

#include <stdint.h>

struct arena;
struct conf;
struct record;
struct store;
struct user;

/* The members that a line has, as bits. */
enum {
	IMPORT_EMAIL = 1, IMPORT_LOGIN = 2, IMPORT_SUB = 4, IMPORT_ID = 8,
	IMPORT_NAME = 16, IMPORT_HASH = 32, IMPORT_PASSWORD = 64,
	IMPORT_SCOPE = 128, IMPORT_GROUPS = 256, IMPORT_VERIFIED = 512,
	IMPORT_DISABLED = 1024, IMPORT_CREATED = 2048, IMPORT_CLAIMS = 4096,
};

/*
 * import_user(cf, a, r, flags, now, out, has):
 * Read the members of r to out, and put to *has which there are.  flags are those
 * of hash_import.  A password is hashed here, and a plain digest wrapped: so this
 * is not called in a transaction.  Return NULL, or why the line is refused.
 */
const char *import_user(const struct conf *cf, struct arena *a,
    const struct record *r, unsigned flags, int64_t now, struct user *out,
    unsigned *has);

/* What became of a line. */
enum import_end { IMPORT_ADDED, IMPORT_CHANGED, IMPORT_SAME, IMPORT_REFUSED };

struct import_rules {
	int update;	/* change who is there already */
	int64_t now;
	/* Is this the first line about the user id? */
	int (*is_first)(void *ctx, int64_t id);
	void *ctx;
};

/*
 * import_store(st, a, u, has, rules, why):
 * Within a write transaction, add u; or, if they are there, change what is given
 * and differs, as rules says.  u->id becomes the number.  A password is replaced
 * only if it is one that was brought along: one that was set here, or renewed at a
 * sign-in here, stays.  Return what was done; for IMPORT_REFUSED *why says why; -1
 * on a database error.
 */
int import_store(struct store *st, struct arena *a, struct user *u,
    unsigned has, const struct import_rules *rules, const char **why);

/*
 * import_meets_client(st, a, u):
 * Would the tokens of the new user u say what those of a client say (RFC 9068 section
 * 5)?  1, 0, -1.
 */
int import_meets_client(
    struct store *st, struct arena *a, const struct user *u);

/*
 * import_merge(old, u, has):
 * Put the members has of u, but the password, in place of those of old.  A new
 * address is not verified unless has says so.  Texts are not copied.  Return 1 if
 * anything differs.
 */
int import_merge(struct user *old, const struct user *u, unsigned has);

#endif
