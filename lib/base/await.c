/* await.c: a request waits for a descriptor or a time while others are served. */
#include "await.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <time.h>

#include "task.h"

#define EVENTS_MAX 16

/* On the stack of its task. */
struct wait {
	struct task *t;
	int64_t until_ms;
	int is_ready;	/* fd is */
	int is_called;	/* the task is among those that go on */
	struct wait *next;
};

static struct wait *first;
static int many = -1; /* of epoll */

int64_t
await_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The whole process waits: it has no other request. */
static int
wait_alone(int fd, short events, int64_t until_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left;
	int n;

	do {
		left = until_ms - await_now_ms();
		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

static void
leave(const struct wait *w)
{
	struct wait **at = &first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
}

int
await(int fd, short events, int64_t until_ms)
{
	struct wait w = { .t = task_current(), .until_ms = until_ms };
	/* POLLIN and POLLOUT have the numbers of EPOLLIN and EPOLLOUT. */
	struct epoll_event e = { .events = (uint32_t)events, .data.ptr = &w };

	if (w.t == NULL || many < 0 ||
	    (fd >= 0 && epoll_ctl(many, EPOLL_CTL_ADD, fd, &e) < 0))
		return wait_alone(fd, events, until_ms);
	w.next = first;
	first = &w;
	task_wait();
	leave(&w);
	if (fd >= 0)
		(void)epoll_ctl(many, EPOLL_CTL_DEL, fd, NULL);
	return w.is_ready;
}

int
await_begin(void)
{
	return many = epoll_create1(EPOLL_CLOEXEC);
}

static void
call(struct wait *w)
{
	if (!w->is_called)
		task_ready(w->t);
	w->is_called = 1;
}

void
await_collect(void)
{
	struct epoll_event event[EVENTS_MAX];
	struct wait *w;
	int64_t now_ms;
	int n;

	if (first == NULL)
		return;
	n = epoll_wait(many, event, EVENTS_MAX, 0);
	for (int i = 0; i < n; i++) {
		w = event[i].data.ptr;
		w->is_ready = 1;
		call(w);
	}
	now_ms = await_now_ms();
	for (w = first; w != NULL; w = w->next)
		if (w->until_ms <= now_ms)
			call(w);
}

int
await_next_ms(void)
{
	int64_t least = -1, now_ms;

	if (first == NULL)
		return -1;
	now_ms = await_now_ms();
	for (const struct wait *w = first; w != NULL; w = w->next) {
		const int64_t left = w->until_ms > now_ms ? w->until_ms - now_ms : 0;

		if (least < 0 || left < least)
			least = left;
	}
	return (int)least;
}
