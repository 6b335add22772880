/* hasher.c: passwords are hashed while other requests are served. */
#include "hasher.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "await.h"
#include "slot.h"
#include "task.h"

/* The hashing thread has low priority: a sign-in takes 26 ms anyway. */
#define NICE 10
#define STACK_SIZE (256 * 1024)

struct job {
	void (*fn)(void *);
	void *ctx;
	struct task *waits;	/* NULL: the whole process waits */
	struct job *next;
	int is_done;
};

/* Jobs are done one at a time, in the order of their arrival. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct job *queue, **queue_end = &queue, *done;
static int is_used, is_running, wake_fd = -1;

/*
 * Does a request of this process use the thread?  The other requests wait in a
 * list.
 */
static int is_taken;
static struct waiter {
	struct task *t;
	struct waiter *next;
} *first, **last = &first;

static void *
work(void *unused)
{
	const uint64_t one = 1;
	struct job *j;

	/* On Linux each thread has a priority of its own. */
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	pthread_mutex_lock(&lock);
	for (;;) {
		while ((j = queue) == NULL)
			pthread_cond_wait(&changed, &lock);
		if ((queue = j->next) == NULL)
			queue_end = &queue;
		pthread_mutex_unlock(&lock);
		j->fn(j->ctx);
		pthread_mutex_lock(&lock);
		j->is_done = 1;
		if (j->waits == NULL) {
			pthread_cond_broadcast(&changed);
			continue;
		}
		j->next = done;
		done = j;
		(void)!write(wake_fd, &one, sizeof(one));
	}
	return unused;
}

/* The thread starts with the first password, so it is within the sandbox. */
static int
start(void)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t id;

	if (is_running)
		return 1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	is_running = pthread_create(&id, &attr, work, NULL) == 0;
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return is_running;
}

void
hasher_do(void (*fn)(void *), void *ctx)
{
	struct job j = { .fn = fn, .ctx = ctx, .waits = task_current() };

	if (j.waits != NULL && wake_fd < 0)
		j.waits = NULL;
	if (!is_used || !start()) {
		fn(ctx); /* a command, or no thread could be started */
		return;
	}
	pthread_mutex_lock(&lock);
	*queue_end = &j;
	queue_end = &j.next;
	pthread_cond_broadcast(&changed);
	while (j.waits == NULL && !j.is_done)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	if (j.waits != NULL)
		task_wait();
}

void
hasher_wake(int fd)
{
	wake_fd = fd;
	is_used = 1;
}

void
hasher_collect(void)
{
	struct job *j;

	pthread_mutex_lock(&lock);
	j = done;
	done = NULL;
	pthread_mutex_unlock(&lock);
	for (; j != NULL; j = j->next)
		task_ready(j->waits);
}

struct want {
	const struct turns *ts;
	int64_t until_ms;
	int slot;
};

static void
take_slot(void *ctx)
{
	struct want *w = ctx;
	int64_t left = w->until_ms - await_now_ms();

	w->slot = slot_take(w->ts->path, 0, w->ts->hash,
	    left > 0 ? (int)left : 0);
}

/* Reserve the thread for this request, so that its jobs never wait in line. */
static void
take_thread(void)
{
	struct waiter w = { .t = task_current(), .next = NULL };

	if (is_taken && w.t != NULL) {
		*last = &w;
		last = &w.next;
		task_wait(); /* until leave_thread hands the thread on */
	}
	is_taken = 1;
}

static void
leave_thread(void)
{
	struct waiter *w = first;

	is_taken = 0;
	if (w == NULL)
		return;
	if ((first = w->next) == NULL)
		last = &first;
	is_taken = 1;
	task_ready(w->t);
}

int
hasher_enter(const struct turns *ts, struct turn *t)
{
	*t = (struct turn) { .slot = SLOT_NONE };
	t->place = slot_take(ts->path, SLOT_PLACES, ts->wait, 0);
	return t->place != SLOT_NONE;
}

int
hasher_turn(const struct turns *ts, struct turn *t)
{
	struct want w = { .ts = ts, .until_ms = await_now_ms() + ts->wait_ms };

	take_thread();
	t->has_thread = 1;
	if (t->place == SLOT_BROKEN)
		return 1;
	hasher_do(take_slot, &w);
	t->slot = w.slot;
	if (w.slot != SLOT_NONE)
		return 1;
	hasher_rest(t);
	return 0;
}

void
hasher_rest(struct turn *t)
{
	slot_free(t->slot);
	t->slot = SLOT_NONE;
	if (t->has_thread)
		leave_thread();
	t->has_thread = 0;
}

int
hasher_begin(const struct turns *ts, struct turn *t)
{
	if (!hasher_enter(ts, t))
		return 0;
	if (hasher_turn(ts, t))
		return 1;
	hasher_end(t);
	return 0;
}

void
hasher_end(struct turn *t)
{
	hasher_rest(t);
	slot_free(t->place);
	t->place = SLOT_NONE;
}
