/*
 * porter.h: one file opened for a process that may not read where it lies.
 *
 * Landlock gives a directory with all that is below it, and a file by itself only
 * until another takes its name.  carnet.conf changes so, and in the default layout
 * the private keys and the database are below its directory.  So a process that
 * has no business with them keeps a small one beside it, which is outside of that
 * wall, and which knows but one thing: to open this file for reading.
 */
#ifndef CARNET_PORTER_H
#define CARNET_PORTER_H

/*
 * porter_start(path):
 * Start one for the file at path, before there is a thread, a secret or a sandbox.
 * It has no other file open, and ends when this process does, or at porter_end.
 * Return what the others take; -1 with errno.
 */
int porter_start(const char *path);

/*
 * porter_open(porter):
 * Return the file as it is now, open for reading, which the caller closes; -1 with
 * errno.
 */
int porter_open(int porter);

/* porter_end(porter): it has ended when this returns.  -1 is fine. */
void porter_end(int porter);

#endif
