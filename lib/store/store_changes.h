/* store_changes.h: has anything changed of what the guard reads? */
#ifndef CARNET_STORE_CHANGES_H
#define CARNET_STORE_CHANGES_H

#include <stdint.h>

#include "store.h"

/*
 * A file that counts the transactions that change what the guard reads of the
 * database (guarded in sql.h).  It begins with two numbers of 64 bits, in the order
 * of this machine: how many have begun to commit, and up to which one all have ended.
 * The first number rises before anybody can see the change, and so before it is
 * answered.
 *
 * Who remembers an answer of the guard reads the numbers before the guard is asked.
 * If both are the same number, the answer is right as long as the first one stays.
 * (A process that is killed in its commit leaves them apart, until the next one that
 * writes: nothing is remembered meanwhile.)
 */
struct store_changes {
	int fd;			/* of the file, to read it; the store's own */
	uint64_t device, number; /* it is the file with that number there */
};

/*
 * store_changes(st, out):
 * Return 1, with the file in *out; 0 if the engine counts no changes, because other
 * machines make them too, or if the file is not as it should be.
 */
int store_changes(struct store *st, struct store_changes *out);

#endif
