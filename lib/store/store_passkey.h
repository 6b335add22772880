/* store_passkey.h: the passkeys of users. */
#ifndef CARNET_STORE_PASSKEY_H
#define CARNET_STORE_PASSKEY_H

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"

struct arena;
struct store;

#define PASSKEYS_MAX 20 /* of a user */

struct passkey {
	int64_t id;		/* of the row */
	int64_t user;
	const char *credential;	/* its id, in base64url */
	const char *key;	/* a COSE_Key, in base64url */
	const char *name;	/* that the user gave it */
	const char *transports;	/* words of a browser, or NULL */
	int64_t count;		/* of signatures, at the last use */
	int64_t created_at;
	int64_t last_used_at;	/* last; 0: never */
	int may_sync;		/* it may be on several devices: BE */
	int is_synced;		/* it is: BS */
};

/*
 * store_passkey_add(st, p):
 * Within a write transaction, add p; its id is not read.  Return 0 if there is one of
 * that credential, of whichever user, or the user has PASSKEYS_MAX.
 */
int store_passkey_add(struct store *st, const struct passkey *p);

int store_passkey_find(struct store *st, struct arena *a,
    const char *credential, struct passkey *out);

/* store_passkey_list(st, a, user, out, n): the oldest first; return how many. */
int store_passkey_list(struct store *st, struct arena *a, int64_t user,
    struct passkey *out, size_t n);

/*
 * store_passkey_used(st, p):
 * Store count, is_synced and last_used_at of p.  Return 0 if it is gone, or its counter
 * did not rise (WebAuthn Level 2 section 7.2 step 21).  A counter that stays 0 is that
 * of an authenticator that does not count.
 */
int store_passkey_used(struct store *st, const struct passkey *p);

/* Of the user's own alone. */
int store_passkey_rename(
    struct store *st, int64_t user, int64_t id, const char *name);
int store_passkey_delete(struct store *st, int64_t user, int64_t id);
/* store_passkey_delete_all(st, user): return how many there were. */
int store_passkey_delete_all(struct store *st, int64_t user);

#endif
