/* slot.h: a number of places that processes share. */
#ifndef CARNET_SLOT_H
#define CARNET_SLOT_H

/*
 * slot_take(path, from, n, wait_ms):
 * Take one of n places, which are locks on the bytes of the file at path (made, if
 * need be) from that one on; wait for one that long.  The kernel gives a place back when its holder dies.
 * Return what slot_free takes; SLOT_NONE if none came free; SLOT_BROKEN, logged,
 * if the file cannot be had.
 */
#define SLOT_NONE (-1)
#define SLOT_BROKEN (-2)
#define SLOT_PLACES 2048 /* the first byte of those who hash or wait to */
int slot_take(const char *path, int from, int n, int wait_ms);

/* slot_free(slot): give it back.  What slot_take refused is fine. */
void slot_free(int slot);

/* slot_default(): as many as this process has cores to run on. */
int slot_default(void);

#endif
