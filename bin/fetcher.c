/*
 * fetcher.c: the process that asks other sites' web servers.
 *
 * The courier has the database, and may connect to nobody.  So it starts another
 * process before it gives that up: carnet-fetch, which has libcurl and the network,
 * and nothing of ours.
 */
#include "fetcher.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "carrier.h"
#include "cmd.h"
#include "conf.h"

#define ANSWER_S 15 /* carnet-fetch itself takes 5 */
#define ANSWER_MAX (33 * 1024)
#define PACKET_MAX (64 * 1024)

struct fetcher {
	int fd;			/* -1: there is no such program */
	int is_told;		/* it has the first packet */
	const struct conf *cf;
};

static void
become_program(const char *program, int fd)
{
	char *const argv[] = { strdup("carnet-fetch"), NULL };
	char *const env[] = { NULL };

	if (dup2(fd, STDIN_FILENO) >= 0)
		execve(program, argv, env);
	_exit(127);
}

struct fetcher *
fetcher_start(const struct conf *cf, struct arena *a)
{
	const char *program = carrier_find(a, "carnet-fetch");
	struct fetcher *f = arena_alloc(a, sizeof(*f));
	int fd[2];
	pid_t pid;

	*f = (struct fetcher) { .fd = -1, .cf = cf };
	if (program == NULL ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		return f;
	if ((pid = fork()) < 0) {
		close(fd[0]);
		close(fd[1]);
		return f;
	}
	if (pid == 0) {
		close(fd[0]);
		/* Ours ends with us: Ctrl-C is for the courier. */
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		become_program(program, fd[1]);
	}
	close(fd[1]);
	f->fd = fd[0];
	return f;
}

/* A packet of n strings, a NUL behind each. */
static int
tell(const struct fetcher *f, struct arena *a, const char *const *part, size_t n)
{
	struct buf b;

	buf_init(&b, a, 1024);
	for (size_t i = 0; i < n; i++) {
		buf_str(&b, part[i]);
		buf_char(&b, '\0');
	}
	return b.len <= PACKET_MAX &&
		send(f->fd, b.data, b.len, MSG_NOSIGNAL) == (ssize_t)b.len
	    ? 0
	    : -1;
}

static int
tell_first(struct fetcher *f, struct arena *a)
{
	const struct conf *cf = f->cf;
	const char *const part[] = { "FETCH",
		cf->courier_hosts == NULL ? "" : cf->courier_hosts,
		cf->courier_ca == NULL ? "" : cf->courier_ca,
		cf->sandbox ? "1" : "" };

	if (!f->is_told && tell(f, a, part, 4) < 0)
		return -1;
	f->is_told = 1;
	return 0;
}

/* "+STATUS\0MAX-AGE\0BODY", or "-why". */
static int
read_answer(struct arena *a, const char *data, size_t len, struct fetched *out)
{
	const char *text = arena_dup(a, data, len), *end = text + len;

	if (*text != '+') {
		out->why = text + 1;
		return 0;
	}
	out->status = (int)strtol(text + 1, NULL, 10);
	text += strlen(text) + 1;
	if (text >= end)
		return -1;
	if (*text != '-')
		out->max_age_s = strtol(text, NULL, 10);
	text += strlen(text) + 1;
	if (text > end)
		return -1;
	out->body = text;
	out->len = (size_t)(end - text);
	if (strlen(text) != out->len) {
		out->why = "the answer is no JSON";
		return 0;
	}
	return 1;
}

static int
ask(struct fetcher *f, struct arena *a, const char *const *part,
    struct fetched *out)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	char *answer = arena_alloc(a, ANSWER_MAX);
	ssize_t n;
	int rc;

	*out = (struct fetched) { .max_age_s = -1,
		.why = "there is no program carnet-fetch (a build without libcurl)" };
	if (f->fd < 0)
		return 0;
	out->why = "carnet-fetch has ended";
	if (tell_first(f, a) < 0 || tell(f, a, part, 4) < 0)
		return -1;
	do
		rc = poll(&p, 1, ANSWER_S * 1000);
	while (rc < 0 && errno == EINTR);
	if (rc <= 0 || (n = recv(f->fd, answer, ANSWER_MAX, 0)) <= 0)
		return -1;
	return read_answer(a, answer, (size_t)n, out);
}

int
fetcher_get(struct fetcher *f, struct arena *a, const char *url, size_t max,
    struct fetched *out)
{
	const char *const part[] = { "GET", url,
		arena_printf(a, "%zu", max), "" };

	return ask(f, a, part, out);
}

int
fetcher_post(struct fetcher *f, struct arena *a, const char *url,
    const char *form, struct fetched *out)
{
	const char *const part[] = { "POST", url, "4096", form };

	return ask(f, a, part, out);
}

void
fetcher_end(struct fetcher *f)
{
	if (f != NULL && f->fd >= 0)
		close(f->fd);
}
