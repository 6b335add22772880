/* keys_int.h: a set of keys from within, for keys*.c alone. */
#ifndef CARNET_KEYS_INT_H
#define CARNET_KEYS_INT_H

#include <sys/types.h>
#include <time.h>

#include "keys.h"

#define KEYS_MAX 32

/* A key's file; it is read when a key that may be in it is wanted. */
struct file {
	const char *name;
	ino_t ino;
	enum alg alg;
	int64_t from;	   /* it signs from then on; 0: ever since */
	int signs, was_read;
	int waits;	   /* until from */
	int is_lost;	   /* it could not be read */
};

struct keys {
	struct arena *a;
	const char *dir;
	struct file file[KEYS_MAX];
	size_t n_files;
	struct keys_entry entry[KEYS_MAX]; /* what was read so far */
	size_t n;
	enum alg signer;
	int is_public;		/* the set that verifies */
	struct timespec seen;	/* the directory's time when read */
	time_t listed_at;	/* by the clock */
	int64_t checked_at, tried_at;
	int64_t next_at;	/* when one that waits signs; 0: none waits */
	uint64_t generation;
	struct digest refresh;	/* what refresh.key holds, once it is wanted */
	struct digest seal;	/* and seal.key */
	int has_refresh, has_seal, no_seal;
};

/* keys_read_file(a, path, len): a small file, a NUL behind; NULL, errno set. */
char *keys_read_file(struct arena *a, const char *path, size_t *len);

/*
 * keys_write_file(a, dir, path, text, replace):
 * Under the lock, write text to path, in dir, in one step: all of it is there, on
 * disk, or nothing.  Return 0; -1 with errno, EEXIST if there is one and replace is not set.
 */
int keys_write_file(struct arena *a, const char *dir, const char *path,
    const char *text, int replace);

/*
 * keys_list(dir, is_public):
 * The files of the set, none of them read; NULL, logged.  is_public: dir is a
 * KEYS_PUBLIC, which has no file "signer".
 */
struct keys *keys_list(const char *dir, int is_public);

/*
 * keys_read_signer(dir, now, next_at):
 * The algorithm that signs at now as a rule; if another waits, *next_at is when it
 * does.  -1, logged.
 */
int keys_read_signer(const char *dir, int64_t now, int64_t *next_at);

/* keys_sync_dir(dir): what was renamed or unlinked in it is on disk; 0, or -1. */
int keys_sync_dir(const char *dir);

/* keys_mend_public(dir): keys_publish, under the lock. */
int keys_mend_public(const char *dir);

/*
 * keys_publish_key(dir, k): write the public half of k, before k itself.  0, or
 * -1 logged.
 *
 * keys_withdraw_key(dir, alg, kid): delete it, if it is there.  0, or -1 logged.
 */
int keys_publish_key(const char *dir, const struct key *k);
int keys_withdraw_key(const char *dir, enum alg alg, const char *kid);

/*
 * A secret of 32 bytes in base64url, as a file.
 *
 * keys_secret_read(path, out): return 1; 0 with the reason logged.
 *
 * keys_secret_make(dir, path, replace): return 1; 0 if there is one and replace is
 * not set; -1 logged.
 */
int keys_secret_read(const char *path, struct digest *out);
int keys_secret_make(const char *dir, const char *path, int replace);

#endif
