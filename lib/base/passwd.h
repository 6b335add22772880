/* passwd.h: users' passwords, and their hashes (hash.h). */
#ifndef CARNET_PASSWD_H
#define CARNET_PASSWD_H

struct arena;
struct hash_load;

/* The length of the longest password, in bytes, which is libxcrypt's limit. */
#define PASSWD_MAX 511

/* A yescrypt hash without a known password, at the cost of a real one. */
#define PASSWD_NOBODY "$y$j9T$0000000000000000000000$" \
    "0000000000000000000000000000000000000000000"

/* The hash of a user who has no password here: no password matches it. */
#define PASSWD_NONE "*"

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
 * hash of no known kind, the result is 0 after the same work, so that
 * time does not tell whether the user is known.
 */
int passwd_verify(const char *password, const char *hash);

/*
 * passwd_refuse(password, hash, load):
 * Finish the work of a refused sign-in, after passwd_verify(password, hash).
 * load is what the hashes cost that users brought along (hash.h).  Whatever hash
 * is, a refusal then costs one yescrypt and the dearest of each kind in load (two
 * of each for a password that is not sent in its OpaqueString), so that time does
 * not tell what hash a user has.
 */
void passwd_refuse(
    const char *password, const char *hash, const struct hash_load *load);

/*
 * passwd_is_stale(hash):
 * Return 1 if hash has another method or cost than those of passwd_hash.
 */
int passwd_is_stale(const char *hash);

#endif
