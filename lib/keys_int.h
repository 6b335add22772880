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
	int signs, was_read, was_seen;
	int waits;	   /* until from */
	int is_lost;	   /* it could not be read */
	int has_secret;	   /* its bytes are known, and hold a private key */
	struct digest pem; /* of them */
};

struct keys {
	struct arena *a;
	const char *dir;
	struct file file[KEYS_MAX];
	size_t n_files;
	struct keys_entry entry[KEYS_MAX]; /* what was read so far */
	size_t n;
	enum alg signer;
	int is_brief;		/* for one request: no key is checked unasked */
	struct timespec seen;	/* the directory's time when read */
	time_t listed_at;	/* by the clock */
	int64_t checked_at, tried_at;
	int64_t next_at;	/* when one that waits signs; 0: none waits */
	uint64_t generation;
	struct digest refresh;	/* what refresh.key holds, once it is wanted */
	int has_refresh;
};

/* keys_read_file(a, path, len): a small file, a NUL behind; NULL, errno set. */
char *keys_read_file(struct arena *a, const char *path, size_t *len);

/*
 * keys_write_file(a, dir, path, text, replace):
 * Write text to path, in dir, in one step: all of it is there, on disk, or
 * nothing.  Return 0; -1 with errno, EEXIST if there is one and replace is not set.
 */
int keys_write_file(struct arena *a, const char *dir, const char *path,
    const char *text, int replace);

/* keys_list(dir): the files of the set, none of them read; NULL, logged. */
struct keys *keys_list(const char *dir);

#endif
