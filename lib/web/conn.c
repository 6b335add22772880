/* conn.c: a connection: a request comes from it, the answer goes to it. */
#include "conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE (64 * 1024)

int64_t
conn_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Feed bytes that came to the parser, which may stop after the parameters. */
static int
feed(struct conn *c, const uint8_t *data, size_t len,
    size_t (*wanted)(char **env))
{
	size_t used;
	int rc;

	rc = fcgi_feed(&c->f, data, len, &used);
	if (rc != FCGI_HEAD)
		return rc;
	if ((c->env = fcgi_env(&c->f)) == NULL)
		return FCGI_BROKEN;
	c->f.body_max = c->f.role == FCGI_RESPONDER ? wanted(c->env) : 0;
	return fcgi_feed(&c->f, data + used, len - used, &used);
}

static void
drain(struct conn *c, size_t n)
{
	c->drained += n;
	if (c->drained > CONN_DRAIN_MAX)
		c->state = CONN_IS_OVER;
}

void
conn_input(struct conn *c, size_t (*wanted)(char **env))
{
	static uint8_t data[READ_SIZE];
	ssize_t n;

	while ((n = recv(c->fd, data, sizeof(data), MSG_DONTWAIT)) < 0 &&
	    errno == EINTR)
		continue;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		c->state = CONN_IS_OVER;
		return;
	}
	if (c->state == CONN_DRAINS) {
		explicit_bzero(data, (size_t)n); /* a password, perhaps */
		drain(c, (size_t)n);
		return;
	}
	if (feed(c, data, (size_t)n, wanted) == FCGI_BROKEN)
		c->state = CONN_IS_OVER;
	else if (c->f.has_params &&
	    (c->f.has_body || c->f.body.len >= c->f.body_max))
		c->state = CONN_IS_READY;
	explicit_bzero(data, (size_t)n);
}

/* The answer is sent: close the connection, keep it, or drain it. */
static void
end_answer(struct conn *c)
{
	bytes_free(&c->out);
	c->sent = 0;
	/* An authorizer has no input (FastCGI 1.0 section 6.3). */
	if (c->f.has_body || c->f.role == FCGI_AUTHORIZER) {
		if (!c->f.keeps) {
			c->state = CONN_IS_OVER;
			return;
		}
		fcgi_reset(&c->f);
		c->is_kept = 1;
		c->state = CONN_READS;
		c->until_ms = conn_now_ms() + CONN_READ_MS;
		return;
	}
	/* A close with unread input resets the socket, and the answer is lost. */
	fcgi_reset(&c->f);
	(void)shutdown(c->fd, SHUT_WR);
	c->state = CONN_DRAINS;
	c->until_ms = conn_now_ms() + CONN_DRAIN_MS;
}

/* Send with a descriptor (unix(7)). */
static ssize_t
send_along(const struct conn *c, int fd)
{
	struct iovec v = { c->out.data, c->out.len };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };

	control.head = (struct cmsghdr) { .cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(fd)) };
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(c->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static ssize_t
send_some(const struct conn *c)
{
	ssize_t n;

	if (c->sent == 0 && c->along != NULL &&
	    ((n = send_along(c, *c->along)) >= 0 || errno == EAGAIN ||
		errno == EINTR))
		return n;
	return send(c->fd, c->out.data + c->sent, c->out.len - c->sent,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
conn_output(struct conn *c)
{
	ssize_t n;

	while (c->sent < c->out.len) {
		n = send_some(c);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			c->state = CONN_IS_OVER; /* the server went away */
			return;
		}
		c->sent += (size_t)n;
	}
	end_answer(c);
}

static void
write_all(const char *data, size_t len)
{
	ssize_t n;

	for (; len > 0; data += n, len -= (size_t)n)
		if ((n = write(STDOUT_FILENO, data, len)) < 0) {
			if (errno != EINTR)
				return; /* the server went away */
			n = 0;
		}
}

void
conn_answer(struct conn *c, const char *data, size_t len)
{
	if (c->fd < 0) {
		write_all(data, len);
		close(STDOUT_FILENO); /* the server need not wait for our exit */
		return;
	}
	fcgi_answer(&c->f, &c->out, data, len);
	fcgi_env_free(c->env);
	c->env = NULL;
	c->at = 0;
	c->is_late = 0;
	bytes_free(&c->f.params);
	bytes_free(&c->f.body);
	c->state = CONN_WRITES;
	conn_output(c);
	c->along = NULL; /* it may be closed before the rest is sent */
	if (c->state == CONN_WRITES)
		c->until_ms = conn_now_ms() + CONN_WRITE_MS;
}

void
conn_log(void *ctx, const char *line)
{
	struct conn *c = ctx;

	fcgi_log(&c->f, &c->out, line);
}

void
conn_expect(struct conn *c, size_t n)
{
	c->left = n;
}

/* Read some of a plain CGI body, if some comes in time. */
static ssize_t
read_input(struct conn *c, char *out, size_t size)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	int64_t left_ms;
	ssize_t n;

	if (size > c->left)
		size = c->left;
	do {
		left_ms = c->until_ms - conn_now_ms();
		if (left_ms <= 0 || (n = poll(&p, 1, (int)left_ms)) == 0) {
			c->is_late = 1;
			return -1;
		}
		if (n > 0)
			n = read(STDIN_FILENO, out, size);
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		c->left -= (size_t)n;
	return n;
}

ssize_t
conn_read(struct conn *c, char *out, size_t size)
{
	if (c->fd < 0)
		return read_input(c, out, size);
	if (size > c->f.body.len - c->at)
		size = c->f.body.len - c->at;
	if (size > 0)
		memcpy(out, c->f.body.data + c->at, size);
	c->at += size;
	return (ssize_t)size;
}

void
conn_drain(struct conn *c)
{
	char rest[4096];

	if (c->fd >= 0)
		return;
	c->until_ms = conn_now_ms() + CONN_DRAIN_MS;
	for (size_t sum = 0; sum < CONN_DRAIN_MAX; sum += sizeof(rest))
		if (read_input(c, rest, sizeof(rest)) <= 0)
			break;
	/* If standard input is a socket, let no more come, and read what came. */
	if (c->left > 0 && shutdown(STDIN_FILENO, SHUT_RD) == 0)
		for (size_t sum = 0; sum < CONN_DRAIN_MAX; sum += sizeof(rest))
			if (recv(STDIN_FILENO, rest, sizeof(rest),
				MSG_DONTWAIT) <= 0)
				break;
	explicit_bzero(rest, sizeof(rest));
}

void
conn_free(struct conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	fcgi_env_free(c->env);
	fcgi_reset(&c->f);
	bytes_free(&c->out);
	free(c);
}
