/* slot.h: a limited number of places that processes share. */
#ifndef CARNET_SLOT_H
#define CARNET_SLOT_H

/*
 * slot_take(path, from, n, wait_ms):
 * Take one of n places, and wait up to wait_ms for it.  A place is a lock on
 * one byte of the file at path, from the byte from on; the file is made if it
 * does not exist.  The kernel frees the place of a process that dies.  Return a
 * slot, for slot_free; SLOT_NONE if no place became free; SLOT_BROKEN, logged,
 * if the file cannot be opened or locked.
 */
#define SLOT_NONE (-1)
#define SLOT_BROKEN (-2)
#define SLOT_PLACES 2048 /* the first byte for requests that wait or hash */
#define SLOT_GUESSES 4096 /* the first byte for tries of accounts: throttle.c */
int slot_take(const char *path, int from, int n, int wait_ms);

/* slot_free(slot): free the place.  SLOT_NONE and SLOT_BROKEN are fine. */
void slot_free(int slot);

/* slot_default(): return how many cores this process may run on. */
int slot_default(void);

#endif
