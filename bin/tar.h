/*
 * tar.h: a tar archive (POSIX.1-2017, pax, section "ustar Interchange Format").
 */
#ifndef CARNET_TAR_H
#define CARNET_TAR_H

#include <stdint.h>
#include <sys/types.h>

#include "crypto.h"

#define TAR_NAME_MAX 100 /* bytes of a name, with a NUL */

struct tar_member {
	char name[TAR_NAME_MAX];
	mode_t mode;
	int64_t size; /* bytes */
};

/*
 * tar_add(out, name, in, d):
 * Add the open file in to the archive under that name, with its mode, and put
 * its SHA-256 to d.  Return 0; -1 with errno set.
 */
int tar_add(int out, const char *name, int in, struct digest *d);

/* tar_end(out): finish the archive.  Return 0; -1 with errno set. */
int tar_end(int out);

/*
 * tar_next(in, m):
 * Read the header of the next member.  Return 1; 0 at the end of the archive;
 * -1 if it is not an archive, or is cut short.
 */
int tar_next(int in, struct tar_member *m);

/*
 * tar_take(in, m, out, d):
 * Copy the contents of the member m to the open file out (-1: nowhere), and put
 * their SHA-256 to d.  Return 0; -1 with errno; errno is 0 if the archive is
 * cut short.
 */
int tar_take(
    int in, const struct tar_member *m, int out, struct digest *d);

#endif
