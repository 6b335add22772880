/* slot.h: room for one answer, which threads read without a lock. */
#ifndef CARNET_MODULES_SLOT_H
#define CARNET_MODULES_SLOT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"

/* What is said about an answer. */
struct slot_head {
	struct digest128 key;
	struct moment asked;
	uint64_t len; /* of the answer; 0: there is none */
};
#define SLOT_HEAD_WORDS (sizeof(struct slot_head) / sizeof(unsigned long))

struct slot_data;

/* All zero: it is empty. */
struct slot {
	_Atomic unsigned turn; /* odd: it is written just now */
	_Atomic unsigned long head[SLOT_HEAD_WORDS];
	_Atomic(struct slot_data *) data;
};

/*
 * slot_find(s, key, head, out):
 * Copy the answer with that key.  Return 1; or 0 if it is not there, or is
 * written just now.
 */
int slot_find(struct slot *s, const struct digest128 *key,
    struct slot_head *head, char out[static MEMORY_LEN_MAX]);

/*
 * The next functions are for one thread at a time.
 *
 * slot_head(s, out): what is said about the answer.
 * slot_put(s, head, data): put an answer of head->len bytes there.
 * slot_free(s): nobody reads it any more.
 */
void slot_head(struct slot *s, struct slot_head *out);
void slot_put(struct slot *s, const struct slot_head *head, const char *data);
void slot_free(struct slot *s);

#endif
