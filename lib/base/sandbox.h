/* sandbox.h: the rights that a program drops before it serves. */
#ifndef CARNET_SANDBOX_H
#define CARNET_SANDBOX_H

#include <stddef.h>

/* A directory that a program uses while it serves. */
struct sandbox_place {
	const char *path;
	int writes;	/* the program also writes there */
};

/*
 * sandbox_quiet():
 * Forbid core dumps.  Forbid other processes of the same user to read this
 * process's memory or to attach to it: a shared host runs all scripts of a
 * customer as one user.  Programs call it first.
 */
void sandbox_quiet(void);

/*
 * sandbox_enter(sockets):
 * Let the kernel refuse (EPERM), for good, each system call that programs do
 * not need while they serve; sandbox.c lists the allowed ones.  The process can
 * then start no program or process, signal or inspect no other, load no code,
 * change no mount, clock or privilege, and open no socket.  With SANDBOX_LOCAL
 * it may open and connect Unix sockets, as syslog(3) does; with SANDBOX_NETWORK all
 * others, look up names and connect.  This uses seccomp.
 * Return 1 if it is done; 0 if the kernel or the processor has no seccomp.
 */
enum sandbox_sockets { SANDBOX_LOCAL = 1, SANDBOX_NETWORK = 2 };
int sandbox_enter(int sockets);

/*
 * sandbox_files(place, n):
 * Let the kernel refuse (EACCES), for good, to open, make or remove a file
 * outside of the n places, and to write in a place without writes.  A few files
 * that libraries read stay readable, and open files stay open.  If the kernel's
 * Landlock can, it also refuses signals to other processes and abstract sockets
 * of others (version 6), and TCP ports (version 4).  Return 1 if it is done; 0
 * if the kernel has no Landlock; -1 with errno if a place cannot be opened:
 * then nothing has changed, and the caller may try again.
 */
int sandbox_files(const struct sandbox_place *place, size_t n);

/* sandbox_files_and_network(place, n): the same, and TCP ports are not refused. */
int sandbox_files_and_network(const struct sandbox_place *place, size_t n);

/* sandbox_has_files(): return 1 if this kernel has Landlock. */
int sandbox_has_files(void);

#endif
