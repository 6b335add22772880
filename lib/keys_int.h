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
	int signs, was_read, was_seen;
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
	uint64_t generation;
};

/* keys_list(dir): the files of the set, none of them read; NULL, logged. */
struct keys *keys_list(const char *dir);

#endif
