/* counted.c: a worker of nginx gets the file that counts changes from the guard. */
#include "counted.h"

#include <ngx_event.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "receive.h"

#define AGAIN_MS 1000 /* until the next try, and as long as a try may take */

/*
 * A question about nothing in particular (FastCGI 1.0): whatever the answer is, the
 * file comes along.  Its name goes in between.
 */
static const u_char begin[] = { 1, 1, 0, 1, 0, 8, 0, 0,
	0, 1, 0, 0, 0, 0, 0, 0 };
static const char params[] = "\x0e\x03" "REQUEST_METHODGET"
			     "\x0b\x01" "REQUEST_URI/"
			     "\x10";
static const char has[] = "CARNET_REMEMBERS";
static const u_char end[] = { 1, 4, 0, 1, 0, 0, 0, 0,
	1, 5, 0, 1, 0, 0, 0, 0 };

/* Each worker asks at one time about one file. */
static struct {
	struct memory *m;
	ngx_msec_t at;
	int is_under_way;
} asked;

static size_t
write_question(struct memory *m, u_char *out)
{
	char name[MEMORY_FILE_MAX];
	u_char *at = ngx_cpymem(out, begin, sizeof(begin)), *record = at;
	size_t n;

	memory_file(m, name);
	at += 8;
	at = ngx_cpymem(at, params, sizeof(params) - 1);
	*at++ = (u_char)strlen(name);
	at = ngx_cpymem(at, has, sizeof(has) - 1);
	at = ngx_cpymem(at, name, strlen(name));
	n = (size_t)(at - record) - 8;
	ngx_memzero(record, 8);
	record[0] = 1;
	record[1] = 4; /* FCGI_PARAMS */
	record[3] = 1;
	record[4] = (u_char)(n >> 8);
	record[5] = (u_char)n;
	at = ngx_cpymem(at, end, sizeof(end));
	return (size_t)(at - out);
}

static void
on_answer(ngx_event_t *rev)
{
	ngx_connection_t *c = rev->data;
	u_char data[4096];
	int file = -1;
	ssize_t n = -1;

	if (!rev->timedout) {
		n = receive(c->fd, data, sizeof(data), &file);
		if (n < 0 && ngx_socket_errno == NGX_EAGAIN)
			return;
	}
	if (file >= 0)
		memory_take(asked.m, file);
	asked.is_under_way = 0;
	ngx_close_connection(c);
}

/* Who listens sees tokens, and could count what it likes: root, or nginx's own user. */
static int
is_trusted(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    (peer.uid == 0 || peer.uid == geteuid());
}

/* Connect and ask.  Return the socket, or -1. */
static int
send_question(struct memory *m, const ngx_str_t *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	u_char question[256];
	const size_t len = write_question(m, question);
	const int fd = socket(
	    AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	ngx_memcpy(sa.sun_path, path->data, path->len);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 &&
	    is_trusted(fd) &&
	    send(fd, question, len, MSG_NOSIGNAL) == (ssize_t)len)
		return fd;
	close(fd);
	return -1;
}

void
counted_ask(struct memory *m, const ngx_str_t *path, ngx_log_t *log)
{
	ngx_connection_t *c;
	int fd;

	if (asked.is_under_way ||
	    (asked.at != 0 && ngx_current_msec - asked.at < AGAIN_MS))
		return;
	asked.at = ngx_current_msec;
	asked.m = m;
	if ((fd = send_question(m, path)) < 0)
		return;
	if ((c = ngx_get_connection(fd, log)) == NULL) {
		close(fd);
		return;
	}
	c->log = log;
	c->read->log = log;
	c->write->log = log;
	c->read->handler = on_answer;
	if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
		ngx_close_connection(c);
		return;
	}
	ngx_add_timer(c->read, AGAIN_MS);
	asked.is_under_way = 1;
}
