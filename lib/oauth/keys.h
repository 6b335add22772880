/* keys.h: the keys of this server: a directory of PEM files. */
#ifndef CARNET_KEYS_H
#define CARNET_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "jwk.h"

struct conf;
struct req;

/*
 * There are two sets of keys.  The set that signs is in the directory that the
 * setting keys names.  Only programs that sign read it:
 *   ALG.pem       the key that signs with ALG
 *   ALG.TIME.pem  a key that takes its place at TIME (Unix seconds), and is
 *                 published before
 *   ALG-*.pem     older keys, which still verify
 *   signer        the algorithm that signs if the client has none of its own; a
 *                 second line may have another one, and the TIME from which it
 *                 signs; without this file it is ES256
 *   refresh.key, factor.key   see below
 *
 * The set that verifies is in the directory verify/ in it.  All programs that check
 * tokens read it:
 *   ALG-KID.pem   the public half of each key above
 *   seal.key      32 random bytes in base64url
 */
struct keys;

/* How long our JWKS may be cached; after KEYS_WAIT_S no cache has an older one. */
#define KEYS_CACHE_S 300
#define KEYS_WAIT_S (KEYS_CACHE_S + 10)

struct keys_entry {
	char kid[KID_LEN + 1];
	struct key *key;
	int signs;	/* it is the key that signs with its algorithm */
	int64_t from;	/* it signs from then on, Unix seconds; 0: always */
	int waits;	/* that time has not come */
	const char *file;
};

/*
 * keys_load(dir):
 * List the keys.  A key is read when it is first searched for; a file without a key
 * is then logged and skipped.  Return NULL, logged, if there is no key at all.
 */
struct keys *keys_load(const char *dir);

/* keys_free(ks): NULL is fine. */
void keys_free(struct keys *ks);

/*
 * keys_get(rq), keys_get_signing(rq):
 * Return the keys of the process, those that verify or those that sign.  They are
 * read again when their directory has changed.  NULL, logged, if there are none.
 */
struct keys *keys_get(struct req *rq);
struct keys *keys_get_signing(struct req *rq);

/* keys_look_again(rq): keys_get checks the directory at its next call. */
void keys_look_again(struct req *rq);

/*
 * keys_find(rq, kid):
 * Return the key that verifies with that kid, also one that was made just now; NULL if
 * there is none.  It is for jwt_check; rq is a struct req.
 */
const struct key *keys_find(void *rq, const char *kid);

/* keys_generation(ks): a number that changes each time keys are read again. */
uint64_t keys_generation(const struct keys *ks);

/*
 * keys_any(ks): return 1 if there is a key; 0, logged.  A plain CGI program does not
 * call it when it loads its keys, as it may need none.
 */
int keys_any(struct keys *ks);

/*
 * keys_algs(ks):
 * Return a bit, 1 << alg, for each algorithm that a file of the set is of.  No key is
 * read for that.  NULL: 0.
 */
unsigned keys_algs(const struct keys *ks);

/* keys_all(ks, n): all keys; put to *n how many. */
const struct keys_entry *keys_all(struct keys *ks, size_t *n);

/* keys_by_kid(ks, kid): the key with that kid, or NULL. */
const struct keys_entry *keys_by_kid(struct keys *ks, const char *kid);

/*
 * A seal is the HMAC of a text under seal.key.  It shows that the text is ours, and
 * is faster to check than the signature.
 *
 * keys_seal(ks, text, out):
 * Put the seal of text to out.  Return 0; -1 if there is no seal.key, which is logged
 * one time: the signature is checked then.
 *
 * keys_have_sealed(ks, kid, text, seal):
 * Return 1 if seal is the seal of text, and ks has a file of the key kid, which text
 * names: without that key the seals of its tokens do not count.
 */
int keys_seal(struct keys *ks, const char *text, struct digest *out);
int keys_have_sealed(struct keys *ks, const char *kid, const char *text,
    const struct digest *seal);

/* keys_number(en): a number by which keys differ; never 0. */
int64_t keys_number(const struct keys_entry *en);

/* keys_signer(ks, alg): the key that signs with alg (-1: the default), or NULL. */
const struct keys_entry *keys_signer(struct keys *ks, int alg);

/*
 * keys_lock(dir), keys_unlock(lock):
 * Lock dir before its files are changed or all of them are read.  Wait while another
 * process has the lock, for a minute at most.  The functions below that write take
 * it themselves.  Return the lock; -1, logged, which keys_unlock accepts too.  The
 * lock is no file, and ends with the process.
 */
int keys_lock(const char *dir);
void keys_unlock(int lock);

/*
 * keys_make(dir, alg, bits, force):
 * Make a key and write it to dir/ALG.pem, mode 0600, synced, its public half first.
 * Return 1; 0 if there is one and force is not set; -1 logged.
 */
int keys_make(const char *dir, enum alg alg, unsigned bits, int force);

/* keys_default_alg(dir): the default algorithm; -1, logged. */
int keys_default_alg(const char *dir);

/*
 * keys_rotate(dir, alg, bits, at_once, from):
 * Make a new key of alg and publish it.  It signs from *from on: when no cache has a
 * JWKS without it, or now if at_once is set.  The old key still verifies.  There is
 * a key that signs at every moment.  Programs notice the new key by themselves.
 * Return 1; 0 if a new key waits already and at_once is not set; -1 logged.
 */
int keys_rotate(
    const char *dir, enum alg alg, unsigned bits, int at_once, int64_t *from);

/*
 * keys_import(dir, k, verify_only, at_once, from):
 * Take in a key of another system.  With verify_only its public half verifies, and
 * nothing else is stored.  Else it takes the place of the key that signs with its
 * algorithm, as a key of keys_rotate does.  Return KEYS_IMPORTED; KEYS_THERE if it
 * is there already; KEYS_WAIT if another new key waits and at_once is not set; -1,
 * logged.
 */
enum { KEYS_IMPORTED, KEYS_THERE, KEYS_WAIT };
int keys_import(const char *dir, const struct key *k, int verify_only,
    int at_once, int64_t *from);

/*
 * keys_retire(dir, kid):
 * Delete a key that does not sign, on disk too.  It is no error if there is no such
 * key.  Return 0, or -1 logged.
 */
int keys_retire(const char *dir, const char *kid);

/*
 * The file refresh.key, mode 0600, has 32 random bytes in base64url.  Each refresh
 * token but the first of a family is made with it.
 *
 * keys_refresh_make(dir): make it.  Return 1; 0 if there is one; -1, logged.
 *
 * keys_refresh_ok(dir): return 1 if there is one that can be used; 0, logged.
 *
 * keys_refresh_next(ks, text, out):
 * Put to out the refresh token that follows text: the HMAC-SHA-256 of text.  Whoever
 * presents text gets the same token, and no token need be stored.  Return 0; -1,
 * logged, if there is no refresh.key.
 */
int keys_refresh_make(const char *dir);
int keys_refresh_ok(const char *dir);
int keys_refresh_next(
    struct keys *ks, const char *text, char out[static SECRET_TEXT_LEN + 1]);

/*
 * The file factor.key has 32 random bytes in base64url.  The secrets of second factors
 * are encrypted by it (box.h), so that the database alone does not give them.  The
 * directory factors/ has a copy: programs read it there, and some may read no other
 * key.
 *
 * keys_factor_close(cf, about, data, len, out): box_close with it.  Return 0; -1,
 * logged, if there is no such key.
 *
 * keys_factor_open(cf, about, box, len, out): box_open with it, 1 or 0; -1 as above.
 */
int keys_factor_close(const struct conf *cf, const char *about,
    const void *data, size_t len, uint8_t *out);
int keys_factor_open(const struct conf *cf, const char *about,
    const uint8_t *box, size_t len, void *out);

/*
 * keys_publish(dir):
 * Mend the directory verify/ of dir: it must have the public half of each key, no
 * other key, and a seal.key.  Make a factor.key if there is none, and its copy in
 * factors/.  Files that are right do not change.  Return 0; -1, logged.
 *
 * keys_check_published(dir):
 * Return 1 if keys_publish would change nothing; 0, with the differences logged.
 */
int keys_publish(const char *dir);
int keys_check_published(const char *dir);

/*
 * keys_set_signer(dir, alg, at_once, from):
 * Write the file signer: alg is the default algorithm from *from on.  That is when no
 * cache has a JWKS without its key; 0: now, as with at_once.  Return 0, or -1
 * logged.
 */
int keys_set_signer(const char *dir, enum alg alg, int at_once, int64_t *from);

#endif
