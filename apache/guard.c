/* guard.c: a guard, and the connections to it that a process keeps. */
#include "guard.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"

/* The guard closes its side after 30 seconds (lib/web/conn.h). */
#define KEEP_MS 25000

int64_t
guard_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static apr_status_t
end_memory(void *memory)
{
	memory_free(memory);
	return APR_SUCCESS;
}

apr_status_t
guard_begin(struct guard *g, apr_pool_t *p)
{
	g->n_kept = 0;
	if ((g->memory = memory_new()) != NULL)
		apr_pool_cleanup_register(
		    p, g->memory, end_memory, apr_pool_cleanup_null);
	return apr_thread_mutex_create(&g->lock, APR_THREAD_MUTEX_DEFAULT, p);
}

/* The one that was used last is taken: the others may grow old. */
int
guard_take(struct guard *g, struct guard_conn *out)
{
	*out = (struct guard_conn) { .fd = -1 };
	apr_thread_mutex_lock(g->lock);
	if (g->n_kept > 0)
		*out = g->kept[--g->n_kept];
	apr_thread_mutex_unlock(g->lock);
	if (out->fd >= 0 && guard_now_ms() - out->since_ms > KEEP_MS) {
		close(out->fd); /* the guard closes it about now */
		out->fd = -1;
	}
	return out->fd >= 0;
}

void
guard_keep(struct guard *g, const struct guard_conn *c)
{
	const int64_t now = guard_now_ms();
	int old = -1, fd = c->fd;

	apr_thread_mutex_lock(g->lock);
	if (g->n_kept > 0 && now - g->kept[0].since_ms > KEEP_MS) {
		old = g->kept[0].fd;
		memmove(g->kept, g->kept + 1,
		    (size_t)--g->n_kept * sizeof(g->kept[0]));
	}
	if (g->n_kept < GUARD_KEEP_MAX) {
		g->kept[g->n_kept] = *c;
		g->kept[g->n_kept++].since_ms = now;
		fd = -1;
	}
	apr_thread_mutex_unlock(g->lock);
	if (old >= 0)
		close(old);
	if (fd >= 0)
		close(fd);
}

/*
 * Whoever listens sees each token and answers for the guard.  The kernel tells who
 * called listen(2), whatever was done to the file since.
 */
static int
is_trusted(const struct guard *g, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    (peer.uid == 0 ||
		peer.uid == (g->has_owner ? g->owner : geteuid()));
}

static int
connect_in_time(int fd, const char *path, int64_t left_ms)
{
	struct timeval left = { .tv_sec = left_ms / 1000,
		.tv_usec = left_ms % 1000 * 1000 };
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int rc;

	if (strlen(path) >= sizeof(sa.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sa.sun_path, path, strlen(path));
	/* While the guard's queue is full, connect(2) waits so long for room. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof(left)) < 0)
		return -1;
	while ((rc = connect(fd, (struct sockaddr *)&sa, sizeof(sa))) < 0 &&
	    errno == EINTR)
		continue;
	return rc;
}

const char *
guard_connect(const struct guard *g, int64_t until_ms, struct guard_conn *out)
{
	const int64_t left_ms = until_ms - guard_now_ms();

	*out = (struct guard_conn) {
		.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
	};
	if (out->fd < 0)
		return "socket";
	if (left_ms > 0 && connect_in_time(out->fd, g->path, left_ms) == 0) {
		if (is_trusted(g, out->fd))
			return NULL;
		errno = 0;
		return "another user listens there";
	}
	if (left_ms > 0 && errno != EAGAIN)
		return "connect";
	errno = 0;
	return "it does not accept in time";
}
