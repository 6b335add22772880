/* user_password.h: a user is given another password. */
#ifndef CARNET_USER_PASSWORD_H
#define CARNET_USER_PASSWORD_H

#include <stdint.h>

struct digest;
struct store;
struct user;

/*
 * user_set_password(st, u, hash, keep, now):
 * Within a write transaction: give u, whose hash is that in u (NULL: whatever it
 * is), the password of this new hash.  Whoever knew the old one keeps nothing that
 * it opened: all sessions but keep (NULL: all) end, and so does all that was granted
 * to apps.  Personal tokens were made to outlive sign-ins: they stay.  Return 1; 0 if
 * the hash is another by now, or the user is gone; -1 on a database error, logged.
 */
int user_set_password(struct store *st, const struct user *u, const char *hash,
    const struct digest *keep, int64_t now);

#endif
