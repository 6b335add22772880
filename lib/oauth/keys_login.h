/* keys_login.h: login.key, with which a site signs who has signed in there. */
#ifndef CARNET_KEYS_LOGIN_H
#define CARNET_KEYS_LOGIN_H

#include "crypto.h"

/*
 * The file has a line of 32 random bytes in base64url, mode 0600.  After a rotation
 * it has a second line, the key before: the site may go on with that until it has
 * the new one.
 */
struct login_keys {
	struct digest key[2];
	int n;
};

enum login_key_how { LOGIN_KEY_NEW, LOGIN_KEY_FORCE, LOGIN_KEY_ROTATE };

/*
 * keys_login_make(path, how):
 * Make the file.  If there is one, LOGIN_KEY_NEW changes nothing, LOGIN_KEY_FORCE
 * replaces it, and LOGIN_KEY_ROTATE puts the new key before the first one, which
 * stays.  Return 1; 0 if nothing was changed; -1, logged.
 */
int keys_login_make(const char *path, enum login_key_how how);

/*
 * keys_login_read(fd, path, out):
 * Read the open file fd, which is closed; -1: it could not be opened, with errno.
 * Return 1; 0 with the reason logged.
 */
int keys_login_read(int fd, const char *path, struct login_keys *out);

#endif
