/* memory.h: the answers of a guard that a process remembers for a moment. */
#ifndef CARNET_MODULES_MEMORY_H
#define CARNET_MODULES_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "digest.h"

#define MEMORY_LEN_MAX 2048 /* bytes of an answer; a longer one is not remembered */
#define MEMORY_FILE_MAX 40 /* bytes of the file's name for the guard, with its NUL */

/* Any thread may call these functions. */
struct memory;

/*
 * When something was asked, or is.  An answer counts within one second of the clock:
 * all that the guard looks at by time (expiry, a changed carnet.conf, a key that was
 * retired) changes from one second to the next.
 */
struct moment {
	int64_t begun;		/* changes: lib/store/store_changes.h */
	int is_quiet;		/* none of them is under way */
	unsigned file;		/* counts the files that the guard has given */
	int64_t second;		/* Unix seconds */
	int64_t ms;		/* of a clock that nobody sets */
};

/*
 * memory_new(): begin with nothing; NULL: there is no memory.  Each process has its
 * own: call it after fork(2).
 * memory_key(m): the key of digests, which nobody else knows.
 */
struct memory *memory_new(void);
void memory_free(struct memory *m);
const uint64_t *memory_key(const struct memory *m);

/*
 * memory_file(m, name): how the guard knows the file that m has; "" if it has none.
 * memory_take(m, fd): the guard gave this file, which is read from now on, and closed
 * here.  What was remembered is forgotten.
 */
void memory_file(struct memory *m, char name[static MEMORY_FILE_MAX]);
void memory_take(struct memory *m, int fd);

/*
 * memory_now(m, out): what moment it is.  Return 0 if the file cannot be read: then
 * nothing is remembered.  Call it before the guard is asked.
 */
int memory_now(struct memory *m, struct moment *out);

/*
 * memory_find(m, key, now, out):
 * Copy the answer with that key to out, if it counts now.  Return its length; 0 if
 * there is none.
 *
 * memory_put(m, key, asked, data, len):
 * Remember an answer to what was asked at that moment.  It may push out another one.
 */
size_t memory_find(struct memory *m, const struct digest128 *key,
    const struct moment *now, char out[static MEMORY_LEN_MAX]);
void memory_put(struct memory *m, const struct digest128 *key,
    const struct moment *asked, const char *data, size_t len);

#endif
