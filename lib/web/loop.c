/* loop.c: all connections of a FastCGI program; it waits for none of them. */
#include "loop.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "await.h"
#include "conn.h"
#include "hasher.h"
#include "log.h"
#include "task.h"

#define EVENTS_MAX 32
/* If there are more, the one that has waited the longest is closed. */
#define CONNS_MAX 192
#define STOP_MS 5000 /* after SIGTERM, for each request that has begun */
/*
 * Free bytes that malloc keeps.  If each answer gave its memory back to the kernel,
 * the next one would have to get it again, and that costs as much as the answer.
 */
#define SPARE_MAX (256 * 1024)
#define SHORTAGE_MS 200 /* until the next try to accept */

static struct {
	const struct served *s;
	int epoll;
	struct conn *oldest, *newest; /* in the order in which they began to wait */
	int n;
	int may_accept;	/* one may wait to be accepted */
	int is_short;	/* accept failed for lack of descriptors or memory */
	int is_broken;	/* accept fails for good */
} lo;
static int wake = -1, waits = -1;

/* Set by SIGTERM: accept no more connections, finish the requests that began. */
static volatile sig_atomic_t stop;

static void
on_term(int sig)
{
	const uint64_t one = 1;
	const int saved = errno;

	(void)sig;
	stop = 1;
	(void)!write(wake, &one, sizeof(one));
	errno = saved;
}

static void
watch(int fd, uint32_t events, void *what, int how)
{
	struct epoll_event e = { .events = events, .data.ptr = what };

	if (epoll_ctl(lo.epoll, how, fd, &e) < 0)
		err(111, "epoll");
}

static void
leave_queue(struct conn *c)
{
	*(c->older == NULL ? &lo.oldest : &c->older->newer) = c->newer;
	*(c->newer == NULL ? &lo.newest : &c->newer->older) = c->older;
}

static void
join_queue(struct conn *c)
{
	c->newer = NULL;
	if ((c->older = lo.newest) != NULL)
		lo.newest->newer = c;
	else
		lo.oldest = c;
	lo.newest = c;
}

static void
forget(struct conn *c)
{
	if (c->is_watched) {
		leave_queue(c);
		lo.n--;
	}
	conn_free(c);
}

/* Close the connection that has waited the longest, unless its request runs. */
static void
make_room(void)
{
	struct conn *c = lo.oldest;

	while (c != NULL && c->state == CONN_RUNS)
		c = c->newer;
	if (c != NULL)
		forget(c);
}

/*
 * The connection waits for its next request.  Several processes wait on one socket in
 * a queue, and the kernel gives a new connection to the first one.  After a connection
 * that stays open, this process moves to the end of that queue.  If it did not, it
 * would get all connections.
 */
static void
await_next(struct conn *c)
{
	leave_queue(c);
	join_queue(c);
	if (c->has_yielded)
		return;
	c->has_yielded = 1;
	watch(STDIN_FILENO, 0, &lo, EPOLL_CTL_DEL);
	watch(STDIN_FILENO, EPOLLIN | EPOLLEXCLUSIVE, &lo, EPOLL_CTL_ADD);
}

/* The connection stays open: wait for its next event. */
static void
keep(struct conn *c)
{
	const uint32_t events = c->state == CONN_WRITES ? EPOLLOUT
		: c->state == CONN_RUNS			? 0
							: EPOLLIN;

	if (c->is_watched) {
		if (c->is_gone || c->events != events)
			watch(c->fd, events, c,
			    c->is_gone ? EPOLL_CTL_ADD : EPOLL_CTL_MOD);
		c->is_gone = 0;
	} else {
		if (lo.n >= CONNS_MAX)
			make_room();
		watch(c->fd, events, c, EPOLL_CTL_ADD);
		c->is_watched = 1;
		join_queue(c);
		lo.n++;
	}
	c->events = events;
	if (c->is_kept && c->state == CONN_READS && c->f.id == 0)
		await_next(c);
}

/* Serve the request if it is complete.  Then end the connection, or wait for it. */
static void
step(struct conn *c)
{
	while (c->state == CONN_IS_READY) {
		c->state = CONN_RUNS;
		(void)lo.s->serve(c, lo.s->ctx);
	}
	if (c->state == CONN_IS_OVER)
		forget(c);
	else
		keep(c);
	lo.s->idle(lo.s->ctx);
}

/* Is the error a lack of descriptors or memory, which ends by itself? */
static int
is_shortage(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS ||
	    err == ENOMEM;
}

/* Accept one connection.  Return 1, or 0 if none waits. */
static int
accept_one(void)
{
	struct conn *c;
	int fd = accept4(
	    STDIN_FILENO, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0 && is_shortage(errno)) {
		if (!lo.is_short)
			log_event("accept: %s%s", strerror(errno),
			    log_cure(errno));
		lo.is_short = 1;
		return 0;
	}
	lo.is_short = 0;
	if (fd < 0) {
		lo.is_broken = errno != EAGAIN && errno != EINTR &&
		    errno != ECONNABORTED && errno != EPROTO;
		return 0;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL)
		err(111, "connection");
	c->fd = fd;
	conn_input(c, lo.s->wanted);
	if (c->state == CONN_READS)
		c->until_ms = conn_now_ms() + CONN_READ_MS;
	step(c);
	return 1;
}

/*
 * The time of the connection is over.  If its request lacks only the body, it is
 * answered with an error; else there is no request to answer.
 */
static void
run_out(struct conn *c)
{
	if (c->state == CONN_READS && c->f.has_params) {
		c->is_late = 1;
		c->state = CONN_IS_READY;
		step(c);
	} else {
		forget(c);
	}
}

/*
 * End the connections whose time is over.  Return the milliseconds until the next
 * one's time is over; -1: none has a limit.
 */
static int
next_deadline(void)
{
	const int64_t now_ms = lo.n > 0 ? conn_now_ms() : 0;
	int64_t next = -1;
	struct conn *newer;

	for (struct conn *c = lo.oldest; c != NULL; c = newer) {
		newer = c->newer;
		if (c->state == CONN_RUNS)
			continue;
		if (c->until_ms <= now_ms)
			run_out(c);
		else if (next < 0 || c->until_ms - now_ms < next)
			next = c->until_ms - now_ms;
	}
	return (int)next;
}

/* Of two times, of which -1 means any time, the one that comes first. */
static int
least(int a_ms, int b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

static void
resume_all(void)
{
	struct task *t;
	struct conn *c;

	hasher_collect();
	await_collect();
	while ((t = task_next()) != NULL) {
		c = task_get(t);
		lo.s->resume(c, lo.s->ctx);
		if (c->state != CONN_RUNS)
			step(c);
	}
}

static void
handle(struct conn *c, uint32_t events)
{
	if (c->state == CONN_RUNS) {
		/* The web server went away.  The task still runs to its end, and
		 * its answer goes nowhere. */
		if (events & (EPOLLHUP | EPOLLERR)) {
			c->is_gone = 1;
			watch(c->fd, 0, c, EPOLL_CTL_DEL);
		}
		return;
	}
	if (c->state == CONN_WRITES)
		conn_output(c);
	else
		conn_input(c, lo.s->wanted);
	step(c);
}

static void
wait_for_events(int timeout_ms)
{
	struct epoll_event event[EVENTS_MAX];
	uint64_t count;
	int n = epoll_wait(lo.epoll, event, EVENTS_MAX, timeout_ms);

	for (int i = 0; i < n; i++) {
		if (event[i].data.ptr == &wake)
			(void)!read(wake, &count, sizeof(count));
		else if (event[i].data.ptr == &lo)
			lo.may_accept = 1;
		else if (event[i].data.ptr != &waits)
			handle(event[i].data.ptr, event[i].events);
	}
}

/*
 * After SIGTERM: close the connections whose request has not begun, and give the
 * others STOP_MS at most.  Return 1 if no connection is left.
 */
static int
is_done(void)
{
	const int64_t until_ms = conn_now_ms() + STOP_MS;
	struct conn *newer;

	for (struct conn *c = lo.oldest; c != NULL; c = newer) {
		newer = c->newer;
		if ((c->state == CONN_READS && c->f.id == 0) ||
		    c->state == CONN_DRAINS)
			forget(c);
		else if (c->until_ms > until_ms)
			c->until_ms = until_ms;
	}
	return lo.n == 0;
}

static int
begin(const struct served *s)
{
	const struct sigaction sa = { .sa_handler = on_term,
		.sa_flags = SA_RESTART };
	const int flags = fcntl(STDIN_FILENO, F_GETFL);

	(void)mallopt(M_TRIM_THRESHOLD, SPARE_MAX);
	lo.s = s;
	lo.may_accept = 1;
	lo.epoll = epoll_create1(EPOLL_CLOEXEC);
	wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	waits = await_begin();
	if (lo.epoll < 0 || wake < 0 || waits < 0 || flags < 0 ||
	    fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK) < 0)
		return -1;
	watch(STDIN_FILENO, EPOLLIN | EPOLLEXCLUSIVE, &lo, EPOLL_CTL_ADD);
	watch(wake, EPOLLIN, &wake, EPOLL_CTL_ADD);
	watch(waits, EPOLLIN, &waits, EPOLL_CTL_ADD);
	hasher_wake(wake);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	return 0;
}

void
loop_run(const struct served *s)
{
	int timeout_ms, came;

	if (begin(s) < 0) {
		log_event("cannot serve FastCGI on standard input");
		return;
	}
	while (!lo.is_broken && !(stop && is_done())) {
		came = lo.may_accept && !stop && accept_one();
		lo.may_accept = came || lo.is_short;
		if (lo.n == 0 && came)
			continue;
		resume_all();
		timeout_ms = least(next_deadline(), await_next_ms());
		if (lo.is_short)
			timeout_ms = least(timeout_ms, SHORTAGE_MS);
		wait_for_events(
		    came || (stop && lo.n == 0) ? 0 : timeout_ms);
	}
	close(lo.epoll);
}
