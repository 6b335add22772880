/* passwd.h: users' passwords, hashed by crypt(3). */
#ifndef CARNET_PASSWD_H
#define CARNET_PASSWD_H

struct arena;

/* The length of the longest password, in bytes, which is libxcrypt's limit. */
#define PASSWD_MAX 511

/*
 * A password is compared in the form of OpaqueString (RFC 8265 section 4): a
 * letter and an accent are the same as one character of both.
 *
 * passwd_hash(a, password):
 * Return the yescrypt hash of password, in a; NULL on failure, logged.
 */
char *passwd_hash(struct arena *a, const char *password);

/*
 * passwd_verify(password, hash):
 * Return 1 if hash was made from password; 2 if hash was made from password as
 * it was sent and not from its OpaqueString, so that a new hash should be
 * stored; 0 otherwise.  hash is NULL for an unknown user.  For NULL, and for a
 * hash that crypt(3) cannot read, the result is 0 after the same work, so that
 * time does not tell whether the user is known.
 */
int passwd_verify(const char *password, const char *hash);

/*
 * passwd_refuse(password, hash, max_cost):
 * Finish the work of a refused sign-in, after passwd_verify(password, hash).
 * max_cost is the highest cost of the imported bcrypt hashes; 0: there are
 * none, and no work is left.  Whatever hash is, a refusal then costs one
 * yescrypt and one bcrypt of max_cost (two of each for a password that is not
 * sent in its OpaqueString), so that time does not tell what hash a user has.
 */
void passwd_refuse(const char *password, const char *hash, int max_cost);

/*
 * passwd_is_stale(hash):
 * Return 1 if hash has another method or cost than those of passwd_hash.
 */
int passwd_is_stale(const char *hash);

#endif
