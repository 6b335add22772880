/* keys.h: the signing keys of this server: a directory of PEM files. */
#ifndef CARNET_KEYS_H
#define CARNET_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "jwk.h"

struct req;

/*
 * There are two sets.  What signs is in the directory that the setting keys names,
 * and is read by programs that sign alone: ALG.pem, the key that signs with
 * ALG; ALG.TIME.pem, one that takes its place at TIME, in Unix seconds, and is
 * published before; ALG-*.pem, older ones that still verify; the file "signer", the
 * algorithm that signs where a client asks for none (without that file: ES256), and
 * in a second line another one and the TIME from which that does; and refresh.key.
 *
 * What verifies is in its directory verify/, which all programs that look at tokens
 * read: ALG-KID.pem, the public half of each key above; and seal.key, 32 random
 * bytes in base64url.
 */
struct keys;

/* How long our JWKS may be cached, and until when none has an older one. */
#define KEYS_CACHE_S 300
#define KEYS_WAIT_S (KEYS_CACHE_S + 10)

struct keys_entry {
	char kid[KID_LEN + 1];
	struct key *key;
	int signs;	/* the one of its algorithm */
	int64_t from;	/* it signs from then on, Unix seconds; 0: ever since */
	int waits;	/* until then */
	const char *file;
};

/*
 * keys_load(dir):
 * List the keys.  Each is read when it is first looked for; a file that holds
 * none is logged then and passed over.  Return NULL, logged, if there is no key
 * at all.
 */
struct keys *keys_load(const char *dir);

/* keys_free(ks): NULL is fine. */
void keys_free(struct keys *ks);

/*
 * keys_get(rq), keys_get_signing(rq):
 * Return the process's keys that verify, or that sign, read again when their
 * directory has changed; NULL, logged, if there are none.
 */
struct keys *keys_get(struct req *rq);
struct keys *keys_get_signing(struct req *rq);

/* keys_look_again(rq): have keys_get look at the directory again, now. */
void keys_look_again(struct req *rq);

/* keys_generation(ks): a number that no other reading of keys has had. */
uint64_t keys_generation(const struct keys *ks);

/*
 * keys_any(ks): is there a key?  0 is logged.  A process of one request gets its
 * keys unread, as it may need none.
 */
int keys_any(struct keys *ks);

/* keys_all(ks, n): every key; n of them. */
const struct keys_entry *keys_all(struct keys *ks, size_t *n);

/* keys_by_kid(ks, kid): the key so named, or NULL. */
const struct keys_entry *keys_by_kid(struct keys *ks, const char *kid);

/*
 * A seal tells that a text is ours, sooner than its signature does: the HMAC of the
 * text under seal.key.
 *
 * keys_seal(ks, text, out):
 * Put the seal of text to out.  Return 0; -1 without the file, which is logged once:
 * the signature does instead.
 *
 * keys_have_sealed(ks, kid, text, seal):
 * Return 1 if seal is that of text, which names the key kid, and there is a file of
 * that key in ks: without it nobody's seal counts.
 */
int keys_seal(struct keys *ks, const char *text, struct digest *out);
int keys_have_sealed(struct keys *ks, const char *kid, const char *text,
    const struct digest *seal);

/* keys_number(en): a number of the key that tells it from others; never 0. */
int64_t keys_number(const struct keys_entry *en);

/* keys_signer(ks, alg): the key that signs with alg (-1: as a rule), or NULL. */
const struct keys_entry *keys_signer(struct keys *ks, int alg);

/*
 * keys_lock(dir), keys_unlock(lock):
 * Who changes what is in dir, or reads all of it, waits until nobody else does.  The
 * functions below that write do so themselves.  A lock, or -1, logged; unlocking
 * that is fine.  It ends with the process, and is no file.
 */
int keys_lock(const char *dir);
void keys_unlock(int lock);

/*
 * keys_make(dir, alg, bits, force):
 * Make a key and write it to dir/ALG.pem, mode 0600, synced, its public half first.
 * Return 1; 0 if there is one and force is not set; -1 logged.
 */
int keys_make(const char *dir, enum alg alg, unsigned bits, int force);

/* keys_default_alg(dir): the algorithm that signs as a rule; -1, logged. */
int keys_default_alg(const char *dir);

/*
 * keys_rotate(dir, alg, bits, at_once, from):
 * Make a new key of alg, which is published and signs from *from on: when no cache
 * has a JWKS without it, or at_once.  The one that signs until then verifies.  At
 * every moment a key that signs is there.  Programs take it up by themselves.
 * Return 1; 0 if one waits already and at_once is not set; -1 logged.
 */
int keys_rotate(
    const char *dir, enum alg alg, unsigned bits, int at_once, int64_t *from);

/*
 * keys_retire(dir, kid): delete a key that does not sign, synced; one that is gone
 * is no error.  0, or -1 logged.
 */
int keys_retire(const char *dir, const char *kid);

/*
 * The file "refresh.key", mode 0600: 32 random bytes in base64url, of which the
 * next refresh token is made.
 *
 * keys_refresh_make(dir): make it.  Return 1; 0 if there is one; -1, logged.
 *
 * keys_refresh_ok(dir): return 1 if there is one that can be used; 0, logged.
 *
 * keys_refresh_next(ks, text, out):
 * Put to out the refresh token that follows text: the HMAC-SHA-256 of text, so
 * that whoever presents text gets the same one, and no token need be stored.
 * Return 0; -1, logged, without the file.
 */
int keys_refresh_make(const char *dir);
int keys_refresh_ok(const char *dir);
int keys_refresh_next(
    struct keys *ks, const char *text, char out[static SECRET_TEXT_LEN + 1]);

/*
 * keys_publish(dir):
 * Make dir's verify/ what it should be: the public half of each key, no other, and
 * a seal.key.  What is right already stays as it is.  Return 0; -1, logged.
 *
 * keys_check_published(dir):
 * Return 1 if there is nothing to do for it; 0, logged: what.
 */
int keys_publish(const char *dir);
int keys_check_published(const char *dir);

/*
 * keys_set_signer(dir, alg, at_once, from):
 * Write the file "signer": alg signs as a rule, from *from on, which is when no cache
 * has a JWKS without its key; 0: now, as with at_once.  Return 0, or -1 logged.
 */
int keys_set_signer(const char *dir, enum alg alg, int at_once, int64_t *from);

#endif
