/* sandbox.h: what a program gives up once it serves. */
#ifndef CARNET_SANDBOX_H
#define CARNET_SANDBOX_H

#include <stddef.h>

/* A directory that a program uses once it serves. */
struct sandbox_place {
	const char *path;
	int writes;	/* into it, too */
};

/*
 * sandbox_quiet():
 * No core dump, and no other process of the same user may read our memory or
 * attach to us: a shared host runs its scripts as one user.  From the start.
 */
void sandbox_quiet(void);

/*
 * sandbox_enter(local_sockets):
 * Refuse (EPERM) for good each system call that programs do not need once they
 * serve: sandbox.c lists those they do.  So they start no program or process,
 * end and look into no other, load no code, change no mounts, clock or
 * privileges, and open no socket; with local_sockets they may open Unix ones and
 * connect them, as syslog(3) does.  Done by seccomp; where the kernel or the
 * processor has none, nothing happens.
 * Return 1 if it is done, 0 if not.
 */
int sandbox_enter(int local_sockets);

/*
 * sandbox_files(place, n):
 * Refuse (EACCES) for good to open, make or remove any file that is in none of
 * the n places, or to write where none does; a few that libraries read stay
 * open to them.  What is open already stays so.  Where the kernel can, no other
 * process gets a signal, no abstract socket of another is connected to (version
 * 6) and no TCP port is used (4).  Done by Landlock.
 * Return 1 if it is done; 0 if the kernel has none; -1 if a place cannot be
 * opened, errno tells why: nothing has happened, and it may be tried again.
 */
int sandbox_files(const struct sandbox_place *place, size_t n);

/* sandbox_has_files(): could sandbox_files do it here? */
int sandbox_has_files(void);

#endif
