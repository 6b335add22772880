/* receive.c: bytes from a socket, and a file that comes along. */
#include "receive.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

ssize_t
receive(int fd, void *out, size_t size, int *file)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))]; /* room for one */
	} control;
	struct iovec v = { out, size };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	const ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c;

	if (n < 0 || (c = CMSG_FIRSTHDR(&m)) == NULL ||
	    c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(sizeof(int)))
		return n;
	if (*file >= 0)
		close(*file);
	memcpy(file, CMSG_DATA(c), sizeof(int));
	return n;
}
