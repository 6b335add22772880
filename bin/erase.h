/* erase.h: removing a user's names from the audit trail. */
#ifndef CARNET_ERASE_H
#define CARNET_ERASE_H

struct store;
struct user;

/*
 * erase_from_trail(st, path, u):
 * In each file of the trail at path, put the id of u in place of u's user name,
 * e-mail address, and former addresses that nobody has now.  This is done where
 * u acted and where u was changed.  Of a command that named u, only the verb
 * and the id stay.  Lines keep their length, so that programs may add to the
 * files meanwhile.  Return 0, or -1 after a message.
 */
int erase_from_trail(
    struct store *st, const char *path, const struct user *u);

#endif
