/* erase.h: a person's name goes out of the audit trail. */
#ifndef CARNET_ERASE_H
#define CARNET_ERASE_H

struct store;
struct user;

/*
 * erase_from_trail(st, path, u):
 * In each file of the trail at path, put the id of u in place of user name and e-mail
 * address, and of each address that u had before and nobody has now: as who did it
 * and whom it was about.  Of a command that named them its verb and the id stay.
 * Lines keep their length, so that programs may add to the files meanwhile.  Return
 * 0, or -1 after a message.
 */
int erase_from_trail(
    struct store *st, const char *path, const struct user *u);

#endif
