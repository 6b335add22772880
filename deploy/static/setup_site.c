/* setup_site.c: /oauth/setup runs the command's own verbs: install, user add. */
#include "setup.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"

#define OUTPUT_MAX 4096
#define VERB_S 100 /* longer than any verb takes */

/* In the child: run the command with input; its output goes to out. */
static void
become(char **argv, int input, int out)
{
	static char path[] = "PATH=/usr/bin:/bin";
	char *clean[] = { path, NULL };

	if (dup2(input, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2) {
		signal(SIGPIPE, SIG_DFL);
		alarm(VERB_S);
		execve("/proc/self/exe", argv, clean);
	}
	_exit(127);
}

/*
 * Run a verb of the command, with input on its standard input.  Put its output
 * to *said.  Return 1 if it succeeded.
 */
static int
run_verb(struct setup *s, char **argv, const char *input, const char **said)
{
	int in = memfd_create("setup", MFD_CLOEXEC), status = -1;
	int out = memfd_create("setup", MFD_CLOEXEC);
	char *text = arena_alloc(s->rq.a, OUTPUT_MAX + 1);
	ssize_t n = (ssize_t)strlen(input);
	pid_t pid;

	*said = text;
	text[0] = '\0';
	if (in < 0 || out < 0 || write(in, input, (size_t)n) != n ||
	    lseek(in, 0, SEEK_SET) < 0 || (pid = fork()) < 0) {
		*said = strerror(errno);
		return 0;
	}
	if (pid == 0)
		become(argv, in, out);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	n = pread(out, text, OUTPUT_MAX, 0);
	text[n < 0 ? 0 : n] = '\0';
	close(in);
	close(out);
	if (*text == '\0' && status != 0)
		*said = "This host lets no program start another.";
	return status == 0;
}

static char *
word(const char *text)
{
	return (char *)(uintptr_t)text;
}

int
setup_make_site(struct setup *s, const char **made, const char **fault)
{
	const struct form *f = &s->form;
	char *conf = arena_printf(s->rq.a, "%s/carnet.conf", s->dir);
	char *install[] = { word("carnet"), word("install"), word("--conf"), conf,
		word("--issuer"), word(f->issuer),
		*f->data == '\0' ? NULL : word("--data"), word(f->data), NULL };
	char *user[] = { word("carnet"), word("user"), word("add"),
		word("--conf"), conf, word("--password-stdin"), word("--"),
		word(f->email), NULL };
	const char *password = arena_printf(s->rq.a, "%s\n", f->password);

	*made = NULL;
	if (!run_verb(s, install, "", fault))
		return 0;
	*made = *fault;
	return run_verb(s, user, password, fault);
}
