/* inside.h: a process of its own tries something from inside a sandbox. */
#ifndef CARNET_INSIDE_H
#define CARNET_INSIDE_H

#include "unit.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

#define NO_SANDBOX 77

/*
 * inside_of(what, go_in, attempt): Call go_in and then attempt in a process of
 * its own.  Return what attempt returned; 0 is success.  If go_in makes no
 * sandbox because the kernel lacks what, the test is skipped.
 */
static inline int
inside_of(const char *what, int (*go_in)(void), int (*attempt)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (go_in() != 1)
			_exit(NO_SANDBOX);
		_exit(attempt());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_SANDBOX) {
		print_message("no %s here\n", what);
		skip();
	}
	return WEXITSTATUS(status);
}

/* 0 if the call whose result is rc was refused. */
static inline int
is_refused(long rc)
{
	return rc == -1 && errno == EPERM ? 0 : 1;
}

#endif
