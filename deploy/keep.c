/* keep.c: the keeper of make run: what it starts ends when it, or make, ends.
 *
 *	keep PORT DIR COMMAND...
 *	    Listen on 127.0.0.1:PORT, and run COMMAND with that socket as
 *	    descriptor 3.  Only one keeper at a time uses DIR.  SIGINT, SIGTERM,
 *	    SIGHUP and SIGQUIT, the end of COMMAND, and the end of the parent
 *	    (make) end all that COMMAND started.
 *	keep --as-socket-unit COMMAND...
 *	    Become COMMAND, with the environment by which systemd names
 *	    descriptor 3.  COMMAND ends when its parent ends.
 *
 * There are two keepers, a front and a back.  If one is killed, the other ends
 * all: each inherits the processes whose parent ended.  The back and all below
 * it are in a session of their own, so Ctrl-C and the end of a terminal reach
 * only the front.  Otherwise a program could end while lighttpd still restarts
 * it. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SOCKET 3
#define BACKLOG 1024
#define CHECK_MS 200	/* between checks of the parent */
#define GRACE_MS 5000	/* from SIGTERM to SIGKILL */
#define STEP_MS 20

/* The signals that end the keeper, and SIGCHLD. */
static sigset_t watched;

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Get sig when the parent ends, also if it has ended already. */
static void
end_with(pid_t parent, int sig)
{
	prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0);
	if (getppid() != parent)
		raise(sig);
}

/* Send sig to each child; return how many there are. */
static int
tell_children(int sig)
{
	char path[64];
	FILE *f;
	int n = 0, pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	if ((f = fopen(path, "re")) == NULL)
		err(1, "%s", path);
	for (; fscanf(f, "%d", &pid) == 1; n++)
		kill(pid, sig);
	fclose(f);
	return n;
}

/*
 * End all descendants.  A process whose parent ended becomes a child of the
 * keeper, so nothing is left when the keeper has no child.
 */
static void
end_all(void)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	const int64_t from = now_ms();

	while (tell_children(now_ms() - from < GRACE_MS ? SIGTERM : SIGKILL) > 0) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		nanosleep(&step, NULL);
	}
}

/*
 * Return which of SIGINT and SIGHUP the process catches, if it is a make; else
 * 0.  A make that got one of them waits for its children to end, and no longer
 * catches it.  A terminal sends the signal to the children too; kill(1) does
 * not.
 */
static unsigned long long
caught_by_make(pid_t pid)
{
	const unsigned long long ends =
	    1ULL << (SIGINT - 1) | 1ULL << (SIGHUP - 1);
	unsigned long long caught = 0;
	char path[64], line[256];
	int is_make = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		is_make |= strcmp(line, "Name:\tmake\n") == 0 ||
		    strcmp(line, "Name:\tgmake\n") == 0;
		if (sscanf(line, "SigCgt: %llx", &caught) == 1)
			break;
	}
	fclose(f);
	return is_make ? caught & ends : 0;
}

/*
 * Wait for the end of the child pid, for a signal to end, or, if parent is not
 * 0, for the end of parent.  Return the child's status as a shell has it; 0
 * after a signal or the end of parent.
 */
static int
wait_for(pid_t pid, pid_t parent)
{
	const struct timespec check = { .tv_nsec = CHECK_MS * 1000000L };
	const unsigned long long caught = caught_by_make(parent);
	int sig, status;
	pid_t ended;

	for (;;) {
		sig = sigtimedwait(&watched, NULL, &check);
		if (sig > 0 && sig != SIGCHLD)
			return 0;
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
			if (ended == pid)
				return WIFEXITED(status)
				    ? WEXITSTATUS(status)
				    : 128 + WTERMSIG(status);
		if (parent != 0 && (getppid() != parent ||
		    caught_by_make(parent) != caught))
			return 0;
	}
}

/* The back runs the command, in a session of its own. */
static int
keep_back(pid_t front, char **command)
{
	const pid_t self = (setsid(), getpid());
	sigset_t none;
	pid_t pid;
	int status;

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	end_with(front, SIGTERM);
	if ((pid = fork()) < 0)
		err(1, "fork");
	if (pid == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		end_with(self, SIGTERM);
		execvp(command[0], command);
		err(127, "%s", command[0]);
	}
	close(SOCKET); /* only the command has it */
	status = wait_for(pid, 0);
	end_all();
	return status;
}

static int
keep_front(char **command)
{
	const pid_t self = getpid(), parent = getppid();
	int status;
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	end_with(parent, SIGTERM);
	if ((pid = fork()) < 0)
		err(1, "fork");
	if (pid == 0)
		return keep_back(self, command);
	close(SOCKET);
	status = wait_for(pid, parent);
	end_all();
	return status;
}

/* Take the port, so that no other program can answer there. */
static void
take_port(const char *text)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	char *end;
	const unsigned long port = strtoul(text, &end, 10);
	const int yes = 1;
	int fd;

	if (*end != '\0' || port == 0 || port > 65535)
		errx(1, "PORT=%s: a port is a number from 1 to 65535", text);
	at.sin_port = htons((unsigned short)port);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		if (errno == EADDRINUSE)
			errx(1, "port %lu is taken by another program; stop it,"
			    " or take another port: make run PORT=%lu",
			    port, port < 65535 ? port + 1 : port - 1);
		err(1, "port %lu", port);
	}
	if (fd != SOCKET && (dup2(fd, SOCKET) < 0 || close(fd) < 0))
		err(1, "port %lu", port);
}

/* Lock the directory: two keepers would share its sockets. */
static void
take_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		errx(1, "%s is served already; stop that, or take another"
		    " directory: make run RUN_DIR=...", path);
}

static void
become_socket_unit(char **command)
{
	char pid[24];

	end_with(getppid(), SIGTERM);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	execvp(command[0], command);
	err(127, "%s", command[0]);
}

int
main(int argc, char **argv)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD };
	struct sigaction old;

	if (argc > 2 && strcmp(argv[1], "--as-socket-unit") == 0)
		become_socket_unit(argv + 2);
	if (argc < 4)
		errx(2, "usage: keep PORT DIR COMMAND...");
	sigemptyset(&watched);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		/* nohup make run: go on after the end of the terminal */
		if (ends[i] == SIGHUP && sigaction(SIGHUP, NULL, &old) == 0 &&
		    old.sa_handler == SIG_IGN)
			continue;
		signal(ends[i], SIG_DFL);
		sigaddset(&watched, ends[i]);
	}
	sigprocmask(SIG_BLOCK, &watched, NULL);
	take_port(argv[1]);
	take_directory(argv[2]);
	return keep_front(argv + 3);
}
