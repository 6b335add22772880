/*
 * carrier.c: the process that takes mail out: by a command, or by SMTP.
 *
 * The courier has the database, and may start nothing and connect to nobody.  What
 * goes out is done by a process that it started before it gave that up, and which
 * knows no more than a mail at a time.  Between them is a socket that keeps packets
 * apart: "TO\0MESSAGE" one way, "+", "-why" or "!why" the other.
 *
 * SMTP is spoken by a program of its own, carnet-smtp: so nothing else loads
 * libcurl and what that loads, some twenty libraries.
 */
#include "carrier.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "cmd.h"
#include "conf.h"
#include "mail.h"
#include "words.h"

#define ANSWER_S 55	/* less than the minute after which a job is tried again */
#define COMMAND_S 30
#define NAP_MS 10
#define WHY_MAX 200	/* bytes of what a command says */
#define TO_MAX 512
#define PACKET_MAX (TO_MAX + 1 + MAIL_MAX)

struct carrier {
	pid_t pid;
	int fd;
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- In the carrier ---- */

/* The message as a file, at its start: a pipe would fill while nobody reads. */
static int
message_file(const char *message)
{
	const size_t len = strlen(message);
	int fd = memfd_create("message", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, message, len) != (ssize_t)len ||
			   lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Wait for the end of the command; its status, or -1 if it took too long. */
static int
wait_for(pid_t pid)
{
	const struct timespec nap = { .tv_nsec = NAP_MS * 1000000L };
	const int64_t end = now_ms() + COMMAND_S * 1000;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ms() >= end) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
		nanosleep(&nap, NULL);
	}
	return status;
}

/* What the command said first, on one line. */
static const char *
said(int fd, char out[static WHY_MAX + 1])
{
	ssize_t n = read(fd, out, WHY_MAX);

	out[n < 0 ? 0 : n] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	return out;
}

static void
become_command(char **argv, int message, int output)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	if (dup2(message, STDIN_FILENO) >= 0 &&
	    dup2(output, STDOUT_FILENO) >= 0 &&
	    dup2(output, STDERR_FILENO) >= 0)
		execv(argv[0], argv);
	dprintf(STDERR_FILENO, "%s: %s", argv[0], strerror(errno));
	_exit(127);
}

/* Run the command; put "+" or "-why" to answer. */
static void
run_command(char **argv, const char *message, char *answer, size_t size)
{
	char text[WHY_MAX + 1] = "";
	int fd = message_file(message), out[2] = { -1, -1 }, status = -1;
	pid_t pid = -1;

	/* A command that says more than a pipe takes is not held up by that. */
	if (fd >= 0 && pipe2(out, O_CLOEXEC | O_NONBLOCK) == 0 &&
	    (pid = fork()) == 0)
		become_command(argv, fd, out[1]);
	if (pid < 0) {
		snprintf(answer, size, "-%s", strerror(errno));
	} else {
		setpgid(pid, pid);
		status = wait_for(pid);
		said(out[0], text);
		if (status == 0)
			snprintf(answer, size, "+");
		else if (status == -1)
			snprintf(answer, size,
			    "-mail_command took longer than %d s", COMMAND_S);
		else
			snprintf(answer, size, "-mail_command ended with %d: %s",
			    WIFEXITED(status) ? WEXITSTATUS(status)
					      : 128 + WTERMSIG(status), text);
	}
	for (int i = 0; i < 2; i++)
		if (out[i] >= 0)
			close(out[i]);
	if (fd >= 0)
		close(fd);
}

/*
 * Sendmail's way: the message on standard input, and whom to behind the command's
 * own words; with -t it reads the header instead.
 */
static char **
command_words(const struct conf *cf, struct arena *a, const char *to)
{
	char **word, **argv;
	int n = words_quoted(a, cf->mail_command, &word), has_t = 0;

	argv = arena_alloc(a, ((size_t)n + 3) * sizeof(*argv));
	for (int i = 0; i < n; i++) {
		argv[i] = word[i];
		has_t |= strcmp(word[i], "-t") == 0;
	}
	if (!has_t) {
		argv[n] = arena_str(a, "--");
		argv[n + 1] = arena_str(a, to);
	}
	return argv;
}

/* No sandbox: a mailer may be setuid or setgid, and that would not count in one. */
static void
serve_command(const struct conf *cf, int fd)
{
	static char packet[PACKET_MAX + 1];
	char answer[WHY_MAX + 64];
	struct arena *a = arena_new();
	size_t to_len;
	ssize_t n;

	while ((n = recv(fd, packet, PACKET_MAX, 0)) > 0) {
		packet[n] = '\0';
		to_len = strlen(packet);
		run_command(command_words(cf, a, packet),
		    packet + to_len + 1, answer, sizeof(answer));
		arena_clear(a);
		if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(0);
}

/* It is told by a first packet, not by words that ps shows: smtp has a password. */
static void
serve_smtp(const char *program, int fd)
{
	char *const argv[] = { strdup("carnet-smtp"), NULL };
	char *const env[] = { NULL };

	if (dup2(fd, STDIN_FILENO) >= 0)
		execve(program, argv, env);
	_exit(127);
}

/* ---- In the courier ---- */

const char *
carrier_find(struct arena *a, const char *name)
{
	static const char *const places[] = { "", "../lib/carnet/" };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *path;
	char *slash;

	if (n < 0)
		return NULL;
	self[n] = '\0';
	if ((slash = strrchr(self, '/')) == NULL)
		return NULL;
	*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		path = arena_printf(a, "%s/%s%s", self, places[i], name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

/* What carnet-smtp has to know: "SMTP\0CA\0FROM\0SANDBOX". */
static int
tell_smtp(const struct conf *cf, struct arena *a, int fd)
{
	const char *const part[] = { cf->smtp,
		cf->smtp_ca == NULL ? "" : cf->smtp_ca,
		mail_address(a, cf->mail_from), cf->sandbox ? "1" : "" };
	char packet[8192];
	size_t len = 0, n;

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		if ((n = strlen(part[i]) + 1) > sizeof(packet) - len)
			return -1;
		memcpy(packet + len, part[i], n);
		len += n;
	}
	n = (size_t)send(fd, packet, len, MSG_NOSIGNAL);
	explicit_bzero(packet, sizeof(packet));
	return n == len ? 0 : -1;
}

struct carrier *
carrier_start(const struct conf *cf, struct arena *a)
{
	const char *program = NULL;
	struct carrier *ca = arena_alloc(a, sizeof(*ca));
	int fd[2];

	if (cf->smtp != NULL && (program = carrier_find(a, "carnet-smtp")) == NULL) {
		cmd_refuse("smtp is set, and there is no carnet-smtp beside this"
			   " program: set mail_command, or build with libcurl");
		return NULL;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0 ||
	    (ca->pid = fork()) < 0) {
		cmd_refuse("no carrier: %s", strerror(errno));
		return NULL;
	}
	if (ca->pid == 0) {
		close(fd[0]);
		/* Ours ends with us: Ctrl-C is for the courier. */
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		if (program != NULL)
			serve_smtp(program, fd[1]);
		serve_command(cf, fd[1]);
	}
	close(fd[1]);
	ca->fd = fd[0];
	if (program != NULL && tell_smtp(cf, a, ca->fd) < 0) {
		cmd_refuse("carnet-smtp: %s", strerror(errno));
		carrier_end(ca);
		return NULL;
	}
	return ca;
}

enum carrier_result
carrier_send(struct carrier *ca, struct arena *a, const char *to,
    const char *message, const char **why)
{
	const size_t to_len = strlen(to), len = strlen(message);
	char answer[WHY_MAX + 64];
	char *packet = arena_alloc(a, to_len + 1 + len);
	struct pollfd p = { .fd = ca->fd, .events = POLLIN };
	const int64_t end = now_ms() + ANSWER_S * 1000;
	ssize_t n;
	int rc;

	*why = "the carrier has ended";
	if (to_len > TO_MAX || len > MAIL_MAX) {
		*why = "the mail is too long";
		return CARRIER_REFUSED;
	}
	memcpy(packet, to, to_len + 1);
	memcpy(packet + to_len + 1, message, len);
	if (send(ca->fd, packet, to_len + 1 + len, MSG_NOSIGNAL) < 0)
		return CARRIER_GONE;
	do
		rc = poll(&p, 1, (int)(end - now_ms()));
	while (rc < 0 && errno == EINTR && now_ms() < end);
	if (rc <= 0) {
		*why = "no answer in time";
		return CARRIER_GONE;
	}
	if ((n = recv(ca->fd, answer, sizeof(answer) - 1, 0)) <= 0)
		return CARRIER_GONE;
	answer[n] = '\0';
	*why = arena_str(a, answer + 1);
	return answer[0] == '+' ? CARRIER_TAKEN
	    : answer[0] == '!'	? CARRIER_REFUSED
				: CARRIER_LATER;
}

void
carrier_end(struct carrier *ca)
{
	if (ca != NULL)
		close(ca->fd);
}
