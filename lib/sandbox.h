/* sandbox.h: what a program gives up once it serves. */
#ifndef CARNET_SANDBOX_H
#define CARNET_SANDBOX_H

/*
 * sandbox_quiet():
 * No core dump, and no other process of the same user may read our memory or
 * attach to us: a shared host runs its scripts as one user.  From the start.
 */
void sandbox_quiet(void);

/*
 * sandbox_enter():
 * Refuse (EPERM) for good what a bug might be used for and the programs never
 * do: to start a program or a process, to open a socket but a local one, to look
 * into other processes, to change mounts, modules, clock or privileges.  Done by
 * seccomp; where the kernel or the processor has none, nothing happens.
 * Return 1 if it is done, 0 if not.
 */
int sandbox_enter(void);

#endif
