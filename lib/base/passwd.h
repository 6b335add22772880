/* passwd.h: people's passwords, through crypt(3). */
#ifndef CARNET_PASSWD_H
#define CARNET_PASSWD_H

struct arena;

/* The longest password taken, in bytes: what libxcrypt takes. */
#define PASSWD_MAX 511

/*
 * A password is compared as RFC 8265's OpaqueString says: it is the same one
 * whether its accents were typed as characters of their own or not.
 *
 * passwd_hash(a, password):
 * Return the yescrypt hash of password, in a; NULL on failure, logged.
 */
char *passwd_hash(struct arena *a, const char *password);

/*
 * passwd_verify(password, hash):
 * Return 1 if hash was made from password; 2 if from another spelling of it than
 * passwd_hash takes, so that a new hash is due; 0 if from neither.  hash NULL stands
 * for an unknown user, and one that crypt(3) cannot read for nobody: the work is
 * done all the same, so that time does not tell them apart, and the answer is 0.
 */
int passwd_verify(const char *password, const char *hash);

/*
 * passwd_refuse(password, hash, dearest):
 * passwd_verify(password, hash) is done, and the sign-in refused.  Where hashes
 * were brought from elsewhere do the rest of the work, so that each refusal
 * costs one hash of ours and one bcrypt of the cost dearest (two, of a password
 * that is sent in another form than is compared), whatever hash is.
 * dearest 0: there are none, and nothing is left to do.
 */
void passwd_refuse(const char *password, const char *hash, int dearest);

/*
 * passwd_is_stale(hash):
 * Return 1 if hash was made in another way than passwd_hash does now.
 */
int passwd_is_stale(const char *hash);

#endif
