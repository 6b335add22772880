/* disk.h: changes of a directory that survive a power cut. */
#ifndef CARNET_DISK_H
#define CARNET_DISK_H

/*
 * disk_sync_name(path):
 * Write the directory of path to disk, with the names in it: a file that was
 * made, renamed or deleted there stays so after a power cut.  Return 0; -1 with
 * errno.
 */
int disk_sync_name(const char *path);

#endif
