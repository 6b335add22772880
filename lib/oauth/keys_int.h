/* keys_int.h: the inside of a set of keys, for keys*.c only. */
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
	int64_t from;	   /* it signs from then on; 0: always */
	int signs, was_read;
	int waits;	   /* that time has not come */
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
	int is_public;		/* it is the set that verifies */
	struct timespec seen;	/* the directory's time when read */
	time_t listed_at;	/* when the directory was read */
	int64_t checked_at, tried_at;
	int64_t next_at;	/* when the next key signs; 0: none waits */
	uint64_t generation;
	struct digest refresh;	/* refresh.key, after its first use */
	struct digest seal;	/* seal.key, the same */
	int has_refresh, has_seal, no_seal;
};

/* keys_lock_within(dir, wait_ms): keys_lock, with a shorter wait. */
int keys_lock_within(const char *dir, int wait_ms);

/* keys_read_file(a, path, len): a small file and a NUL; NULL, errno set. */
char *keys_read_file(struct arena *a, const char *path, size_t *len);

/*
 * keys_write_file(a, dir, path, text, replace):
 * Under the lock, write text to the file path in dir, in one step: the whole text is
 * on disk, or nothing changed.  Return 0; -1 with errno, which is EEXIST if the file
 * exists and replace is not set.
 */
int keys_write_file(struct arena *a, const char *dir, const char *path,
    const char *text, int replace);

/*
 * keys_list(dir, is_public):
 * List the files of the set, and read none of them; NULL, logged.  is_public: dir is
 * a KEYS_PUBLIC, which has no file signer.
 */
struct keys *keys_list(const char *dir, int is_public);

/*
 * keys_read_signer(dir, now, next_at):
 * Return the default algorithm at now; -1, logged.  If another one waits, put to
 * *next_at when it becomes the default.
 */
int keys_read_signer(const char *dir, int64_t now, int64_t *next_at);

/* keys_sync_dir(dir): write renames and unlinks in it to disk; 0, or -1. */
int keys_sync_dir(const char *dir);

/*
 * keys_drop_dated(ks, alg, waiting, keep):
 * Under the lock, delete the names with a time of keys of alg; waiting: only of keys
 * that wait; keep: they then verify.  Return 0, or -1 logged.
 */
int keys_drop_dated(struct keys *ks, enum alg alg, int waiting, int keep);

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
