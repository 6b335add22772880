/* porter.c: a helper process that opens one file or socket for a sandboxed process. */
#include "porter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "sandbox.h"

#define ANSWER_S 2 /* the longest wait: the porter may be stopped */

/* number is the question's; error is errno, or 0 if the file comes along. */
struct answer {
	int number, error;
};

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static int
open_file(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC);
}

int
porter_connect(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const size_t len = strlen(path);
	int fd, saved;

	if (len >= sizeof(at.sun_path))
		return errno = ENAMETOOLONG, -1;
	memcpy(at.sun_path, path, len + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/*
 * The two kinds of descriptors that a porter fetches: of a file, of a socket.
 */
static const struct fetched {
	int (*fetch)(const char *path);
	int sockets;	/* of sandbox_enter */
	int no_files;
} file = { .fetch = open_file }, peer = { .fetch = porter_connect,
	.sockets = SANDBOX_LOCAL, .no_files = 1 };

static void
answer(int door, const struct fetched *what, const char *path, int number)
{
	const int fd = what->fetch(path);
	struct answer an = { number, fd < 0 ? errno : 0 };
	struct iovec v = { &an, sizeof(an) };
	union control c = { .bytes = { 0 } };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	if (fd >= 0) {
		m.msg_control = c.bytes;
		m.msg_controllen = sizeof(c.bytes);
		c.align = (struct cmsghdr) { .cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(sizeof(int)) };
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &fd, sizeof(fd));
	}
	(void)sendmsg(door, &m, MSG_NOSIGNAL);
	if (fd >= 0)
		close(fd);
}

/*
 * The porter's whole life.  It ends when the other end of door is closed, and
 * so when its process ends, by whatever signal.
 */
static _Noreturn void
wait_at(int door, const struct fetched *what, const char *path)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT,
		SIGUSR1, SIGUSR2, SIGALRM };
	int number;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	(void)prctl(PR_SET_NAME, "carnet-porter");
	if (dup2(door, 0) < 0 || close_range(1, ~0U, 0) < 0)
		_exit(1);
	if (what->no_files)
		(void)sandbox_files(NULL, 0);
	(void)sandbox_enter(what->sockets);
	while (recv(0, &number, sizeof(number), 0) == sizeof(number))
		answer(0, what, path, number);
	_exit(0);
}

static int
start(const struct fetched *what, const char *path)
{
	const struct timeval t = { .tv_sec = ANSWER_S };
	int door[2], saved;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, door) < 0)
		return -1;
	(void)setsockopt(door[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	if ((pid = fork()) == 0)
		wait_at(door[1], what, path);
	saved = errno;
	close(door[1]);
	if (pid > 0)
		return door[0];
	close(door[0]);
	errno = saved;
	return -1;
}

int
porter_start(const char *path)
{
	return start(&file, path);
}

int
porter_start_peer(const char *path)
{
	return start(&peer, path);
}

/* The file that came with m, or -1. */
static int
file_of(struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fd = -1;

	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

int
porter_open(int porter)
{
	static int number;
	struct answer an;
	struct iovec v = { &an, sizeof(an) };
	union control c;
	struct msghdr m;
	ssize_t n;
	int fd;

	number++;
	if (send(porter, &number, sizeof(number), MSG_NOSIGNAL) < 0)
		return -1;
	for (;;) {
		m = (struct msghdr) { .msg_iov = &v, .msg_iovlen = 1,
			.msg_control = c.bytes,
			.msg_controllen = sizeof(c.bytes) };
		n = recvmsg(porter, &m, MSG_CMSG_CLOEXEC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(an))
			return errno = n < 0 ? errno : EPIPE, -1;
		fd = file_of(&m);
		if (an.number == number)
			break;
		if (fd >= 0) /* a late answer to an earlier question */
			close(fd);
	}
	if (fd < 0)
		errno = an.error != 0 ? an.error : EBADF;
	return fd;
}

void
porter_end(int porter)
{
	int unused;

	if (porter < 0)
		return;
	(void)shutdown(porter, SHUT_WR);
	(void)recv(porter, &unused, sizeof(unused), 0);
	close(porter);
}
