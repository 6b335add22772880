/* spool.h: users that were read wait in a file without a name. */
#ifndef CARNET_SPOOL_H
#define CARNET_SPOOL_H

#include <stdio.h>

#include "store_user.h"

struct arena;

struct spooled {
	long line;
	unsigned has;	/* IMPORT_ bits */
	struct user user;
};

/*
 * spool_open(dir): a file in the directory dir, or where the system has such
 * files; only this process can read it.  NULL with errno.
 */
FILE *spool_open(const char *dir);

/* spool_write(f, sp): 0, or -1 with errno. */
int spool_write(FILE *f, const struct spooled *sp);

/* spool_read(f, a, out): 1, with texts in a; 0 at the end; -1. */
int spool_read(FILE *f, struct arena *a, struct spooled *out);

#endif
