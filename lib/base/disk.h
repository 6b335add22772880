/* disk.h: what outlives a power cut. */
#ifndef CARNET_DISK_H
#define CARNET_DISK_H

/*
 * disk_sync_name(path):
 * Have the directory of path on disk, and with it the names in it: a file that was
 * made, renamed or deleted there outlives a power cut.  Return 0; -1 with errno.
 */
int disk_sync_name(const char *path);

#endif
